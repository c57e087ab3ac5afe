package render

import "strings"

// motions are the keys that go up and down, for a list's rows and a text's lines.
func (m *browseModel[R]) motions(by func(int), first, last func()) []binding {
	page := max(1, m.arrange().body-1)
	half := max(1, page/2)
	return []binding{
		{[]string{"down", "j", "ctrl+n"}, "↓ j", "", "down", func() { by(1) }},
		{[]string{"up", "k", "ctrl+p"}, "↑ k", "", "up", func() { by(-1) }},
		{[]string{"pgdown", "ctrl+f"}, "PgDn", "", "a page down", func() { by(page) }},
		{[]string{"pgup", "ctrl+b"}, "PgUp", "", "a page up", func() { by(-page) }},
		{[]string{"ctrl+d"}, "Ctrl-D", "", "half a page down", func() { by(half) }},
		{[]string{"ctrl+u"}, "Ctrl-U", "", "half a page up", func() { by(-half) }},
		{[]string{"home"}, "Home", "", "to the start", first},
		{[]string{"end", "G"}, "End G", "", "to the end", last},
	}
}

func (m *browseModel[R]) listMotions(l *list) []binding {
	return m.motions(
		func(rows int) { l.move(l.row + rows) },
		func() { l.move(0) },
		func() { l.move(l.table.size()) },
	)
}

func (m *browseModel[R]) paneMotions(p *pane) []binding {
	by := func(lines int) {
		p.top += lines
		p.layout(m.width)
		p.scroll(m.arrange().body)
	}
	keys := m.motions(by, func() { p.top = 0 }, func() { by(len(p.shown)) })
	return append(keys,
		binding{[]string{"right", "l"}, "→ l", "", "to the right, when long lines are cut", func() { p.slide(8) }},
		binding{[]string{"left", "h"}, "← h", "", "to the left", func() { p.slide(-8) }},
	)
}

func (m *browseModel[R]) findKeys() []binding {
	return []binding{
		{[]string{"f"}, "f", "find", "find text in what is loaded", m.askText},
		{[]string{"n"}, "n", "", "the next one with the text", func() { m.seekNext(1) }},
		{[]string{"N"}, "N", "", "the one before with the text", func() { m.seekNext(-1) }},
	}
}

// seekNext goes to the next place with the text that was sought last.
func (m *browseModel[R]) seekNext(step int) {
	if m.sought != "" {
		m.seek(m.at()+step, step)
	}
}

// at is the row or line that seeking begins with.
func (m *browseModel[R]) at() int {
	switch p := &m.detail.pane; {
	case m.place != inDetail:
		return m.lines().row
	case p.found >= 0:
		return p.found
	default:
		return p.top
	}
}

// lines is the list that is shown.
func (m *browseModel[R]) lines() *list {
	if m.place == inGroups {
		return &m.groups.list
	}
	return &m.list
}

func (m *browseModel[R]) seek(from, step int) {
	find := m.lines().find
	if m.place == inDetail {
		m.detail.pane.layout(m.width)
		find = m.detail.pane.find
	}
	if !find(m.sought, from, step) {
		m.say(Warn, "not found: "+Escape(m.sought))
	}
}

// askText lets a text be typed and goes to where it is meanwhile; Esc goes back.
func (m *browseModel[R]) askText() {
	from, top := m.at(), m.detail.pane.top
	l := m.lines()
	m.prompt = &prompt{label: "find: "}
	m.promptChanged = func() {
		m.notice = ""
		if m.sought = strings.ToLower(string(m.prompt.text)); m.sought != "" {
			m.seek(from, 1)
		}
	}
	m.promptDone = func(accepted bool) {
		m.prompt = nil
		if accepted {
			return
		}
		m.sought = ""
		if m.place == inDetail {
			m.detail.pane.top, m.detail.pane.found = top, -1
		} else {
			l.move(from)
		}
	}
}

// askFilter lets a filter be typed. One that doesn't compile stays there to be mended.
func (m *browseModel[R]) askFilter() {
	text := []rune(m.filter)
	m.prompt = &prompt{label: "filter: ", text: text, cursor: len(text)}
	m.promptChanged = func() {}
	m.promptDone = func(accepted bool) {
		if !accepted || m.refilter(strings.TrimSpace(string(m.prompt.text))) {
			m.prompt = nil
		}
	}
}

func (m *browseModel[R]) insert(runes []rune) {
	m.notice = ""
	m.prompt.insert(runes)
	m.promptChanged()
}

func (m *browseModel[R]) promptKey(name string) {
	switch name {
	case "enter":
		m.promptDone(true)
	case "esc":
		m.promptDone(false)
	default:
		if m.prompt.edit(name) {
			m.promptChanged()
		}
	}
}
