package render

import (
	"fmt"
	"slices"
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

// titleLine is what this is and, at its end, which part of it is shown.
func (m *browseModel[R]) titleLine(body int) string {
	title, where := Escape(m.browser.Title), ""
	switch m.place {
	case inHelp:
		title, where = "keys", m.help.where(body)
	case inDetail:
		if row, ok := m.current(); ok {
			title = Escape(m.browser.Key(row))
			if m.marks.has(m.browser.Key(row)) {
				title = "* " + title
			}
		}
		where = m.detail.pane.where(body)
	default:
		if l := m.lines(); !l.empty() {
			gone := 0
			if m.place == inList {
				gone = m.dropped
			}
			where = fmt.Sprintf("%s of %s", Count(int64(gone+l.row+1)), Count(int64(gone+l.table.size())))
		}
	}
	room := m.width - len(gap) - cellWidth(where)
	if room < keepLeast {
		room, where = m.width, ""
	}
	title = cutMiddle(title, room)
	blanks := strings.Repeat(" ", max(0, m.width-cellWidth(title)-cellWidth(where)))
	return m.palette.paint(Strong, title) + blanks + m.palette.paint(Faint, where)
}

// where tells which lines are shown when not all are.
func (p *pane) where(height int) string {
	if len(p.shown) <= height {
		return ""
	}
	return fmt.Sprintf("lines %d-%d of %d", p.top+1, min(p.top+height, len(p.shown)), len(p.shown))
}

// statusLine tells how far the reading is, or which tab of a row is shown.
func (m *browseModel[R]) statusLine() string {
	if m.place == inDetail {
		return m.tabLine()
	}
	var parts []string
	if n := len(m.marks.rows); n > 0 {
		parts = append(parts, Count(int64(n))+" marked")
	}
	parts = append(parts, m.progressText())
	if m.filter != "" {
		parts = append(parts, "filter: "+Escape(m.filter))
	}
	tone := Faint
	if m.state.err != nil {
		tone = Bad
	}
	return m.palette.paint(tone, strings.Join(parts, gap))
}

func (m *browseModel[R]) progressText() string {
	read := Count(m.state.read)
	if m.state.total > 0 && m.state.total != m.state.read {
		read += " of " + Count(m.state.total)
	}
	switch s := m.state; {
	case m.place == inGroups && m.groups.err != nil:
		return "grouping ended: " + escapeLines(m.groups.err)
	case m.place == inGroups && m.groups.busy:
		return "grouping…"
	case m.place == inGroups:
		return "grouped"
	case s.err != nil:
		return fmt.Sprintf("reading ended after %s: %s", read, escapeLines(s.err))
	case s.done:
		return read + " read"
	case s.blocked:
		return fmt.Sprintf("rows %s-%s are loaded, m loads more, %s read",
			Count(int64(m.dropped+1)), Count(int64(m.dropped+len(m.rows.rows))), read)
	}
	return "reading, " + read + " so far"
}

// tabLine is the names of the tabs, the current one in brackets. The ones before it go
// where there is no room.
func (m *browseModel[R]) tabLine() string {
	var names []string
	for i, tab := range m.browser.Tabs {
		name := " " + Escape(tab.Name) + " "
		if i == m.detail.tab {
			name = m.palette.paint(Strong, "["+Escape(tab.Name)+"]")
		}
		names = append(names, name)
	}
	first := 0
	for first < m.detail.tab && ansi.StringWidth(strings.Join(names[first:m.detail.tab+1], " ")) > m.width {
		first++
	}
	return strings.Join(names[first:], " ")
}

// noticeLines are what is typed, and what there is to say.
func (m *browseModel[R]) noticeLines() []string {
	var lines []string
	if m.notice != "" {
		lines = strings.Split(ansi.Wrap(strings.ReplaceAll(m.notice, "\n", "; "), max(1, m.width), ""), "\n")
		lines = slices.Clone(lines[:min(len(lines), 3)])
		for i := range lines {
			lines[i] = m.palette.paint(m.noticeTone, lines[i])
		}
	}
	if m.prompt != nil {
		lines = append(lines, m.prompt.view(m.width))
	}
	return lines
}

// helpLine is as many keys as there is room for.
func (m *browseModel[R]) helpLine() string {
	if m.prompt != nil {
		return m.palette.paint(Faint, "Enter accept"+gap+"Esc back")
	}
	line := ""
	for _, b := range m.bindings() {
		if b.bar == "" {
			continue
		}
		item := b.show + " " + b.bar
		if line != "" {
			item = gap + item
		}
		if cellWidth(line)+cellWidth(item) > m.width {
			break
		}
		line += item
	}
	return m.palette.paint(Faint, line)
}

// escapeLines is an error's text on one line.
func escapeLines(err error) string {
	return strings.ReplaceAll(escapeProse(err.Error()), "\n", "; ")
}
