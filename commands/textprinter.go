package commands

import "github.com/evtctl/evtctl/commands/internal/render"

// textPrinter prints until something can't be printed.
type textPrinter struct {
	s    *render.Streams
	many bool // schemas: what is fine takes one line
	err  error
}

func (p *textPrinter) line(tone render.Tone, format string, args ...any) {
	if p.err == nil {
		p.err = render.Line(p.s, tone, format, args...)
	}
}

func (p *textPrinter) prose(tone render.Tone, first, format string, args ...any) {
	if p.err == nil {
		p.err = render.Prose(p.s, tone, first, format, args...)
	}
}
