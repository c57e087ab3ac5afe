package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

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
