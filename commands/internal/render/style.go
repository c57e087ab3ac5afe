package render

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/evtctl/evtctl/commands/internal/render/silence"
)

func init() { silence.Lift() } // Bubble Tea, which this package imports, is initialised

// Tone colours a cell or a line. It underlines what the words say already.
type Tone int

// The tones. They use the terminal's own sixteen colours, so that they fit a light
// and a dark background.
const (
	Plain  Tone = iota
	Good        // green
	Warn        // yellow
	Bad         // red
	Faint       // of lesser weight
	Strong      // bold
)

// palette turns tones into a terminal's sequences, or into nothing.
type palette struct {
	styles  [Strong + 1]*lipgloss.Style
	reverse *lipgloss.Style // for the current row of a list; nil: no colour
}

// newPalette has a renderer of its own with everything about the terminal given:
// Lip Gloss would ask the terminal and the environment for what is left open.
func newPalette(color bool) palette {
	if !color {
		return palette{}
	}
	r := lipgloss.NewRenderer(io.Discard, termenv.WithProfile(termenv.ANSI))
	r.SetColorProfile(termenv.ANSI)
	r.SetHasDarkBackground(true)
	ink := func(number string) *lipgloss.Style {
		style := r.NewStyle().Inline(true).Foreground(lipgloss.Color(number))
		return &style
	}
	faint, strong := r.NewStyle().Inline(true).Faint(true), r.NewStyle().Inline(true).Bold(true)
	reverse := r.NewStyle().Inline(true).Reverse(true)
	return palette{[...]*lipgloss.Style{Good: ink("2"), Warn: ink("3"), Bad: ink("1"), Faint: &faint, Strong: &strong}, &reverse}
}

// paint gives a line of text without line breaks its tone.
func (p palette) paint(tone Tone, text string) string {
	if tone <= Plain || tone > Strong || p.styles[tone] == nil || text == "" {
		return text
	}
	return p.styles[tone].Render(text)
}

// current gives a line without tones the look of the current one, to the full width.
func (p palette) current(line string, width int) string {
	if p.reverse == nil {
		return line
	}
	line = ansi.Truncate(line, width, "…")
	return p.reverse.Render(line + strings.Repeat(" ", max(0, width-cellWidth(line))))
}

func (s *Streams) outPalette() palette { return newPalette(s.Color && (s.OutTTY || s.ForceColor)) }
func (s *Streams) errPalette() palette { return newPalette(s.Color && (s.ErrTTY || s.ForceColor)) }
