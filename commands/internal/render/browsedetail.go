package render

import (
	"context"
	"sync"
)

// detail is one row, by tabs. Texts are asked for when they are looked at, and kept
// while the row is.
type detail struct {
	key   string // of the row
	tab   int
	pane  pane
	texts map[int]string
	errs  map[int]error
	busy  map[int]bool
	ctx   context.Context // ends when another row is looked at
	stop  context.CancelFunc
	asked sync.WaitGroup // texts being made
	top   int            // the line to go back to, once the text has been made anew
}

// forget has everything asked for anew.
func (d *detail) forget() {
	d.stop()
	d.ctx, d.texts, d.top = nil, nil, d.pane.top
}

// enter shows the current row's details.
func (m *browseModel[R]) enter() {
	if _, ok := m.current(); !ok || len(m.browser.Tabs) == 0 {
		return
	}
	m.place = inDetail
	m.lookAt()
}

// lookAt has the current tab of the current row shown, and asked for where it wasn't.
func (m *browseModel[R]) lookAt() {
	row, ok := m.current()
	if !ok {
		return
	}
	d := &m.detail
	if key := m.browser.Key(row); d.texts == nil || d.key != key {
		if d.key != key {
			d.top = 0
		}
		d.stop()
		d.ctx, d.stop = context.WithCancel(m.ctx)
		d.key, d.texts, d.errs, d.busy = key, map[int]string{}, map[int]error{}, map[int]bool{}
		d.pane.set("", nil)
		m.ask(row)
		return
	}
	if _, known := d.texts[d.tab]; !known {
		m.ask(row)
	}
}

// ask has the tab's text made in the background.
func (m *browseModel[R]) ask(row R) {
	d := &m.detail
	tab, ctx := d.tab, d.ctx
	if d.busy[tab] {
		return
	}
	d.busy[tab] = true
	make := m.browser.Tabs[tab].Text
	d.asked.Go(func() {
		var text string
		err := guarded(func() (err error) {
			text, err = make(ctx, row)
			return err
		})
		m.post(func() {
			m.check(err)
			if d.ctx != ctx { // another row is looked at, or none
				return
			}
			d.busy[tab], d.texts[tab], d.errs[tab] = false, text, err
			if d.tab == tab {
				m.lay()
			}
		})
	})
}

// lay puts the current tab's text on the pane, or why there is none.
func (m *browseModel[R]) lay() {
	d := &m.detail
	switch err := d.errs[d.tab]; {
	case err != nil:
		d.pane.set(err.Error(), func(string) Tone { return Bad })
	default:
		d.pane.set(d.texts[d.tab], m.browser.Tabs[d.tab].Tone)
	}
	d.pane.top, d.top = d.top, 0
}

// turn goes to another tab.
func (m *browseModel[R]) turn(step int) {
	d, tabs := &m.detail, len(m.browser.Tabs)
	d.top = 0
	d.tab = (d.tab + step + tabs) % tabs
	m.lay()
	m.lookAt()
}

// turnRow goes to another row's details.
func (m *browseModel[R]) turnRow(step int) {
	m.list.move(m.list.row + step)
	m.lookAt()
}
