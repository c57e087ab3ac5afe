package render

import (
	"context"
	"sync"
)

// groupView is the groups of what a filter lets through.
type groupView struct {
	list   list
	filter string // they were loaded for
	loaded bool   // or are being loaded
	busy   bool
	err    error
	stop   context.CancelFunc
	newest *newestGroups
}

// newestGroups is what a loading in the background has found so far. A later state
// replaces one that wasn't taken.
type newestGroups struct {
	mu    sync.Mutex
	table table // nil: nothing new
}

func (n *newestGroups) set(t table) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.table = t
}

func (n *newestGroups) take() table {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.table
	n.table = nil
	return t
}

// toggleGroups goes from rows to groups and back.
func (m *browseModel[R]) toggleGroups() {
	if m.place == inGroups {
		m.place = inList
		return
	}
	m.place = inGroups
	m.loadGroups()
}

// loadGroups begins to find the groups, unless that was done for the same filter.
func (m *browseModel[R]) loadGroups() {
	g := &m.groups
	if g.loaded && g.filter == m.filter {
		return
	}
	g.stop()
	ctx, stop := context.WithCancel(m.ctx)
	newest := &newestGroups{}
	*g = groupView{list: list{table: &tableOf[R]{}}, filter: m.filter, loaded: true, busy: true, stop: stop, newest: newest}
	filter, load := m.filter, m.browser.Groups.load
	m.background.Go(func() {
		err := guarded(func() error {
			return load(ctx, filter, func(t table) {
				newest.set(t)
				notify(m.news)
			})
		})
		m.post(func() {
			if g.newest == newest { // no other loading has begun
				g.busy, g.err = false, err
				m.check(err)
			}
		})
	})
}

// takeGroups shows what was found, with the same group as the current one.
func (m *browseModel[R]) takeGroups() {
	g := &m.groups
	if g.newest == nil {
		return
	}
	found := g.newest.take()
	if found == nil {
		return
	}
	former := m.groupFilter(g.list.table, g.list.row)
	g.list.table = found
	for i := range found.size() {
		if former != "" && m.groupFilter(found, i) == former {
			g.list.move(i)
			return
		}
	}
}

// groupFilter is what tells a group from others.
func (m *browseModel[R]) groupFilter(t table, i int) string {
	if i >= t.size() {
		return ""
	}
	return m.browser.Groups.filter(t, i, "")
}

// enterGroup shows the rows of the current group.
func (m *browseModel[R]) enterGroup() {
	l := &m.groups.list
	if l.empty() {
		return
	}
	l.move(l.row)
	filter := m.browser.Groups.filter(l.table, l.row, m.filter)
	m.place = inList
	if !m.refilter(filter) {
		m.place = inGroups
	}
}
