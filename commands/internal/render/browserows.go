package render

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// open begins to read what a filter lets through. When it doesn't compile, everything
// stays as it is.
func (m *browseModel[R]) open(filter string) error {
	ctx, stop := context.WithCancel(m.ctx)
	pages, err := m.browser.Open(ctx, filter)
	if err != nil {
		stop()
		return err
	}
	m.stop()
	m.filter, m.stop, m.state = filter, stop, feedState{}
	m.rows.rows, m.dropped, m.back = nil, 0, 0
	m.list = list{table: m.rows}
	m.feed = newFeed[R](m.browser.Keep, func() { notify(m.news) })
	feed := m.feed
	m.background.Go(func() { feed.fill(ctx, pages) })
	if m.place == inGroups {
		m.loadGroups()
	}
	return nil
}

// takeRows adds what has been read. More than there is room for goes at the start.
func (m *browseModel[R]) takeRows() {
	var rows []R
	rows, m.state = m.feed.take()
	m.check(m.state.err)
	m.rows.rows = append(m.rows.rows, rows...)
	if over := len(m.rows.rows) - m.browser.Keep; over > 0 {
		m.rows.rows = slices.Delete(m.rows.rows, 0, over)
		m.dropped += over
		m.list.shift(over)
	}
	if m.back > 0 && (m.back < len(m.rows.rows) || m.state.done) {
		m.list.move(m.back)
		m.back = 0
	}
	if m.place == inDetail {
		m.lookAt()
	}
}

// more has the reading go on where it waits for room.
func (m *browseModel[R]) more() {
	if m.state.blocked {
		m.feed.more(max(1, m.browser.Keep/2))
	}
}

// reread reads anew with the same filter, and goes back to where it was.
func (m *browseModel[R]) reread() {
	back := m.list.row
	if err := m.open(m.filter); err != nil {
		m.sayError("reading anew: ", err)
		return
	}
	m.groups.loaded = false
	if m.place == inGroups {
		m.loadGroups()
	}
	m.back = back
	m.detail.forget()
}

// refilter goes to another filter; Esc comes back from it.
func (m *browseModel[R]) refilter(filter string) bool {
	former := m.filter
	if err := m.open(filter); err != nil {
		m.sayError("filter: ", err)
		return false
	}
	if former != filter {
		m.filters = append(m.filters, former)
	}
	return true
}

// unfilter goes back to the filter before.
func (m *browseModel[R]) unfilter() {
	last := len(m.filters) - 1
	if last < 0 {
		return
	}
	former := m.filters[last]
	if err := m.open(former); err != nil {
		m.sayError("filter: ", err)
		return
	}
	m.filters = m.filters[:last]
}

func (m *browseModel[R]) sayError(label string, err error) { m.say(Bad, label+escapeLines(err)) }

// current is the row that details and actions are for.
func (m *browseModel[R]) current() (row R, ok bool) {
	if m.list.empty() {
		return row, false
	}
	m.list.move(m.list.row)
	return m.rows.rows[m.list.row], true
}

// marks are rows by their keys, with the order in which they were marked.
type marks[R any] struct {
	rows map[string]markedRow[R]
	next int
}

type markedRow[R any] struct {
	row   R
	order int
}

func (s *marks[R]) has(key string) bool {
	_, ok := s.rows[key]
	return ok
}

func (s *marks[R]) add(key string, row R) {
	if s.rows == nil {
		s.rows = map[string]markedRow[R]{}
	}
	if !s.has(key) {
		s.rows[key] = markedRow[R]{row, s.next}
		s.next++
	}
}

func (s *marks[R]) inOrder() []R {
	sorted := slices.SortedFunc(maps.Values(s.rows), func(a, b markedRow[R]) int { return cmp.Compare(a.order, b.order) })
	rows := make([]R, 0, len(sorted))
	for _, marked := range sorted {
		rows = append(rows, marked.row)
	}
	return rows
}

// toggleMark marks the current row or takes its mark away. In the list it goes on to
// the next one.
func (m *browseModel[R]) toggleMark() {
	row, ok := m.current()
	if !ok {
		return
	}
	if key := m.browser.Key(row); m.marks.has(key) {
		delete(m.marks.rows, key)
	} else {
		m.marks.add(key, row)
	}
	if m.place == inList {
		m.list.move(m.list.row + 1)
	}
}

func (m *browseModel[R]) markAll() {
	for _, row := range m.rows.rows {
		m.marks.add(m.browser.Key(row), row)
	}
}

func (m *browseModel[R]) unmark() { m.marks = marks[R]{} }

// act ends the screen with an action, unless there is nothing to do it with.
func (m *browseModel[R]) act(a Action) {
	choice := Choice[R]{Action: a.Key}
	row, ok := m.current()
	switch {
	case a.Scope == OnFilter:
	case a.Scope == OnMarked && len(m.marks.rows) > 0:
		choice.Rows = m.marks.inOrder()
	case ok:
		choice.Rows = []R{row}
	default:
		m.say(Warn, "there is no row for that")
		return
	}
	m.choice = choice
	m.leave()
}
