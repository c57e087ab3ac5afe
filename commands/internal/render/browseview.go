package render

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// arrangement is which lines stand around the body, of a height.
type arrangement struct {
	title, status, heading, help bool
	notice                       []string
	body                         int
}

// arrange shares the height out. A small terminal leaves out what matters least.
func (m *browseModel[R]) arrange() arrangement {
	a := arrangement{title: true, status: true, help: true, notice: m.noticeLines()}
	switch m.place {
	case inList, inGroups:
		a.heading = !m.lines().empty()
	case inHelp:
		a.status = false
	}
	for _, part := range []*bool{&a.title, &a.status, &a.help, &a.heading} {
		if m.height-a.around() < 3 {
			*part = false
		}
	}
	if m.height-a.around() < 1 {
		a.notice = a.notice[:max(0, min(len(a.notice), m.height-1))]
	}
	a.body = max(0, m.height-a.around())
	return a
}

func (a *arrangement) around() int {
	n := len(a.notice)
	for _, part := range []bool{a.title, a.status, a.heading, a.help} {
		if part {
			n++
		}
	}
	return n
}

// View is part of tea.Model.
func (m *browseModel[R]) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	a := m.arrange()
	body, heading := m.body(a.body)
	lines := make([]string, 0, m.height)
	if a.title {
		lines = append(lines, m.titleLine(a.body))
	}
	if a.status {
		lines = append(lines, m.statusLine())
	}
	if a.heading {
		lines = append(lines, heading)
	}
	lines = append(lines, body...)
	lines = append(lines, make([]string, a.body-len(body))...)
	lines = append(lines, a.notice...)
	if a.help {
		lines = append(lines, m.helpLine())
	}
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "…")
	}
	return strings.Join(lines, "\n")
}

// body is what fills the middle, in at most so many lines, and the heading of a list.
func (m *browseModel[R]) body(height int) (lines []string, heading string) {
	switch m.place {
	case inHelp:
		return m.paneLines(&m.help, height), ""
	case inDetail:
		d := &m.detail
		if _, known := d.texts[d.tab]; !known {
			return []string{m.palette.paint(Faint, "loading…")}[:min(1, height)], ""
		}
		if d.errs[d.tab] != nil {
			return append([]string{m.palette.paint(Bad, "could not be shown:")}, m.paneLines(&d.pane, max(0, height-1))...)[:min(height, 1+len(d.pane.shown))], ""
		}
		return m.paneLines(&d.pane, height), ""
	}
	return m.listLines(height)
}

func (m *browseModel[R]) paneLines(p *pane, height int) []string {
	p.layout(m.width)
	p.scroll(height)
	var lines []string
	for i := p.top; i < min(p.top+height, len(p.shown)); i++ {
		line := p.line(i, m.palette)
		if i == p.found {
			line = m.palette.current(ansi.Strip(line), m.width)
		}
		lines = append(lines, line)
	}
	return lines
}

func (m *browseModel[R]) listLines(height int) (lines []string, heading string) {
	l := m.lines()
	if l.empty() {
		return []string{m.palette.paint(Faint, m.emptyText())}[:min(1, height)], ""
	}
	l.scroll(height)
	g := l.layout(height, m.width)
	for i := range g.rows {
		row := l.top + i
		mark := " "
		if m.place == inList && m.marks.has(m.browser.Key(m.rows.rows[row])) {
			mark = "*"
		}
		if row == l.row {
			lines = append(lines, m.palette.current(">"+mark+" "+g.line(i, palette{}), m.width))
		} else {
			lines = append(lines, " "+mark+" "+g.line(i, m.palette))
		}
	}
	return lines, strings.Repeat(" ", gutter) + g.heading(m.palette)
}

// emptyText says why there are no rows.
func (m *browseModel[R]) emptyText() string {
	g := &m.groups
	switch {
	case m.place == inGroups && g.err != nil:
		return "could not be grouped: " + escapeLines(g.err)
	case m.place == inGroups && g.busy, m.place == inList && !m.state.done:
		return "reading…"
	case m.place == inGroups:
		return "no groups"
	case m.state.err != nil:
		return "nothing was read"
	case m.browser.Empty == "":
		return "no rows"
	}
	return Escape(m.browser.Empty)
}
