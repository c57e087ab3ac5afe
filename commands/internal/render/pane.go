package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
)

// paneLimit is how much of a text is laid out; the rest is told of.
const paneLimit = 1 << 20

// pane is text to scroll in. Its lines are escaped before anything else is done to them.
type pane struct {
	lines []string // escaped
	tones []Tone
	plain bool // long lines are not wrapped, and cut

	width int // what shown was made for
	shown []paneLine
	top   int
	left  int // cells cut from the start of lines that are not wrapped
	found int // the line found last
}

type paneLine struct {
	text string
	tone Tone
}

// set replaces the text.
func (p *pane) set(text string, tone func(string) Tone) {
	p.lines, p.tones, p.shown = nil, nil, nil
	p.top, p.left, p.found = 0, 0, -1
	rest := len(text) - paneLimit
	if rest > 0 {
		cut := paneLimit
		for cut > paneLimit-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text, rest = text[:cut], len(text)-cut
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		t := Plain
		if tone != nil {
			t = tone(line)
		}
		p.lines, p.tones = append(p.lines, escapeIndented(line)), append(p.tones, t)
	}
	if rest > 0 {
		p.lines = append(p.lines, fmt.Sprintf("(%s more are not shown)", humanize.IBytes(uint64(rest))))
		p.tones = append(p.tones, Faint)
	}
}

// escapeIndented is Escape for a line whose tabs at the start only set it in, as those
// of a stack trace do.
func escapeIndented(line string) string {
	rest := strings.TrimLeft(line, "\t")
	return strings.Repeat("    ", len(line)-len(rest)) + Escape(rest)
}

// layout makes the lines for a width.
func (p *pane) layout(width int) {
	if p.shown != nil && p.width == width {
		return
	}
	p.width, p.shown = width, make([]paneLine, 0, len(p.lines))
	for i, line := range p.lines {
		if p.plain || cellWidth(line) <= width {
			p.shown = append(p.shown, paneLine{line, p.tones[i]})
			continue
		}
		for part := range strings.SplitSeq(ansi.Hardwrap(line, max(1, width), true), "\n") {
			p.shown = append(p.shown, paneLine{part, p.tones[i]})
		}
	}
}

// toggleWrap wraps long lines or doesn't, and goes back to their start.
func (p *pane) toggleWrap() {
	p.plain = !p.plain
	p.shown, p.left, p.found = nil, 0, -1
}

// scroll keeps the top where there is something to see in so many lines.
func (p *pane) scroll(height int) { p.top = max(0, min(p.top, len(p.shown)-height)) }

// slide moves to the side, as far as lines are cut.
func (p *pane) slide(cells int) {
	longest := 0
	for _, line := range p.shown {
		longest = max(longest, cellWidth(line.text))
	}
	p.left = max(0, min(p.left+cells, longest-p.width))
}

// line is one of those shown, cut to the width.
func (p *pane) line(i int, colours palette) string {
	line := p.shown[i]
	text := line.text
	if p.left > 0 {
		text = ansi.TruncateLeft(text, p.left, "")
	}
	return colours.paint(line.tone, ansi.Truncate(text, p.width, "…"))
}

// find scrolls to the next line with the text, which is in lower case.
func (p *pane) find(lower string, from, step int) bool {
	size := len(p.shown)
	for i := range size {
		if at := ((from+i*step)%size + size) % size; strings.Contains(strings.ToLower(p.shown[at].text), lower) {
			p.top, p.found = at, at
			return true
		}
	}
	return false
}
