package render

import (
	"context"
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
