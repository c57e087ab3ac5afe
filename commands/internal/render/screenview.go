package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// screenLayout is a screen as lines, from top to bottom; the body is body rows of the
// table.
type screenLayout struct {
	title   []string
	header  []string
	heading []string
	body    int
	footer  []string
	failure []string
	help    []string
}

// View is part of tea.Model.
func (m *screenModel[D, R]) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	l := m.layout()
	lines := make([]string, 0, m.height)
	if len(l.title) > 0 {
		lines = append(lines, m.title(l.body))
	}
	lines = append(lines, l.header...)
	lines = append(lines, l.heading...)
	for i := range l.body {
		line := ""
		if row := m.top + i; row < m.grid.rows {
			line = m.grid.line(row, m.palette)
		} else if i == 0 && m.grid.rows == 0 {
			line = Escape(m.frame.Empty)
		}
		lines = append(lines, line)
	}
	lines = append(lines, l.footer...)
	lines = append(lines, l.failure...)
	lines = append(lines, l.help...)
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "…")
	}
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// layout shares the height out. What the table needs on a small terminal is taken from
// the other parts, the least important first.
func (m *screenModel[D, R]) layout() screenLayout {
	l := screenLayout{
		title:   []string{""},
		header:  m.prose(m.frame.Header, Plain),
		footer:  m.prose(m.frame.Footer, Plain),
		failure: m.failureLines(),
		help:    m.help(),
	}
	if m.grid.rows > 0 {
		l.heading = []string{m.grid.heading(m.palette)}
	}
	if len(m.grid.leftOut) > 0 {
		l.footer = append(l.footer, m.palette.paint(Faint, strings.Join(m.grid.leftOut, ", ")+" left out; a wider terminal shows all"))
	}
	for _, part := range []struct {
		lines *[]string
		keep  int // lines of it
		rows  int // how many it leaves to the table
	}{
		{&l.footer, 0, 5}, {&l.header, 1, 5}, {&l.help, 1, 5}, {&l.failure, 1, 5},
		{&l.header, 0, 3}, {&l.title, 0, 1}, {&l.help, 0, 1}, {&l.failure, 0, 1}, {&l.heading, 0, 1},
	} {
		need := min(part.rows, max(1, m.grid.rows))
		for m.height-l.fixed() < need && len(*part.lines) > part.keep {
			*part.lines = (*part.lines)[:len(*part.lines)-1]
		}
	}
	l.body = max(0, m.height-l.fixed())
	return l
}

// fixed is the number of lines around the rows.
func (l *screenLayout) fixed() int {
	return len(l.title) + len(l.header) + len(l.heading) + len(l.footer) + len(l.failure) + len(l.help)
}

// title is the first line: what this is and, at its end, which rows are shown and how
// old they are.
func (m *screenModel[D, R]) title(body int) string {
	title := Escape(m.screen.Title)
	state := "read " + Age(time.Since(m.loaded).Truncate(time.Second)) + " ago"
	if m.loading {
		state = "reading, " + state
	}
	if m.grid.rows > body {
		state = fmt.Sprintf("rows %d-%d of %d%s%s", m.top+1, min(m.top+body, m.grid.rows), m.grid.rows, gap, state)
	}
	if room := m.width - len(gap) - cellWidth(state); room >= keepLeast {
		title = cutMiddle(title, room)
	} else {
		title = ""
	}
	blanks := max(len(gap), m.width-cellWidth(title)-cellWidth(state))
	return m.palette.paint(Strong, title) + strings.Repeat(" ", blanks) + m.palette.paint(Faint, state)
}

func (m *screenModel[D, R]) prose(texts []string, tone Tone) []string {
	var lines []string
	for _, text := range texts {
		lines = append(lines, m.palette.paint(tone, Escape(text)))
	}
	return lines
}

// failureLines tell why the newest reading failed, in a few lines.
func (m *screenModel[D, R]) failureLines() []string {
	if m.failure == nil {
		return nil
	}
	text := strings.ReplaceAll(escapeProse(m.failure.Error()), "\n", "; ")
	lines := strings.Split(ansi.Wrap("could not read anew: "+text, max(1, m.width), ""), "\n")
	for i := range lines {
		lines[i] = m.palette.paint(Bad, lines[i])
	}
	return lines[:min(len(lines), 3)]
}

// help is the bar of keys, in as many lines as it takes, and which rows are shown.
func (m *screenModel[D, R]) help() []string {
	items := []string{"q quit", "↑↓ scroll", "r read now"}
	for _, k := range m.screen.Keys {
		items = append(items, Escape(k.Name)+" "+Escape(k.Help))
	}
	lines := []string{""}
	for _, item := range items {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = item
		case cellWidth(*last)+len(gap)+cellWidth(item) <= m.width:
			*last += gap + item
		default:
			lines = append(lines, item)
		}
	}
	for i := range lines {
		lines[i] = m.palette.paint(Faint, lines[i])
	}
	return lines
}
