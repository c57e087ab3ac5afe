package render

import (
	"cmp"
	"maps"
	"slices"
)

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
