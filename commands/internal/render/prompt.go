package render

import (
	"slices"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// prompt is a line that is being typed. What is pasted into it may be foreign: it is
// escaped when shown.
type prompt struct {
	label  string
	text   []rune
	cursor int
}

// insert adds what was typed or pasted; line breaks and tabs of it become blanks.
func (p *prompt) insert(runes []rune) {
	typed := slices.Clone(runes)
	for i, r := range typed {
		if unicode.IsSpace(r) {
			typed[i] = ' '
		}
	}
	p.text = slices.Insert(p.text, p.cursor, typed...)
	p.cursor += len(typed)
}

// edit acts on a key, and reports whether it is one for editing.
func (p *prompt) edit(key string) bool {
	switch key {
	case "left", "ctrl+b":
		p.cursor = max(0, p.cursor-1)
	case "right", "ctrl+f":
		p.cursor = min(len(p.text), p.cursor+1)
	case "home", "ctrl+a":
		p.cursor = 0
	case "end", "ctrl+e":
		p.cursor = len(p.text)
	case "backspace", "ctrl+h":
		p.remove(p.cursor-1, p.cursor)
	case "delete", "ctrl+d":
		p.remove(p.cursor, p.cursor+1)
	case "ctrl+u":
		p.remove(0, p.cursor)
	case "ctrl+k":
		p.remove(p.cursor, len(p.text))
	case "ctrl+w":
		p.remove(p.wordStart(), p.cursor)
	default:
		return false
	}
	return true
}

func (p *prompt) remove(from, to int) {
	from, to = max(0, from), min(len(p.text), to)
	if from < to {
		p.text = slices.Delete(p.text, from, to)
		p.cursor = from
	}
}

func (p *prompt) wordStart() int {
	at := p.cursor
	for at > 0 && p.text[at-1] == ' ' {
		at--
	}
	for at > 0 && p.text[at-1] != ' ' {
		at--
	}
	return at
}

// view is the line with the cursor, which is a bar so that it shows without colour. Of
// a long text the part around the cursor is shown.
func (p *prompt) view(width int) string {
	before, after := Escape(string(p.text[:p.cursor])), Escape(string(p.text[p.cursor:]))
	room := max(1, width-cellWidth(p.label)-1)
	if over := cellWidth(before) - room*3/4; over > 0 && cellWidth(before)+cellWidth(after) > room {
		before = ansi.TruncateLeft(before, over, "…")
	}
	return ansi.Truncate(p.label+before+"▏"+after, max(1, width), "…")
}
