package commands

import (
	"slices"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// tellOutcome says what a scenario broke, how it is seen and mended.
func (s *shop) tellOutcome(opts *demoOptions, o *orderflow.Outcome) error {
	missing := func(command string) bool { return !opts.knows(command) }
	o.Show, o.Mend = slices.DeleteFunc(o.Show, missing), slices.DeleteFunc(o.Mend, missing)
	streams := opts.Env.Streams
	if !isText(opts.Format) {
		return render.Print(streams, opts.Format, render.View[orderflow.Check]{Document: o, Rows: o.Broken, Columns: checkColumns})
	}
	p := &schemaPrinter{s: streams}
	p.line(render.Strong, "%s: %s", o.Scenario, o.Short)
	for _, part := range []struct {
		heading string
		tone    render.Tone
		lines   []string
	}{{"what broke:", render.Bad, o.Broke}, {"mended:", render.Good, o.Mended}} {
		p.line(part.tone, "%s", part.heading)
		for _, line := range part.lines {
			p.prose(render.Plain, "  - ", "%s", line)
		}
	}
	for _, c := range o.Broken {
		p.prose(render.Bad, "  ✗ ", "%s: not for %s", c.What, someOrders(c))
	}
	for _, c := range o.StillBroken {
		p.prose(render.Bad, "  ✗ mended, and yet: ", "%s: not for %s", c.What, someOrders(c))
	}
	if p.err != nil {
		return p.err
	}
	if s.embedded != nil {
		render.Message(streams, render.Faint, "the embedded broker ends with the demo; start \"evtctl sandbox\" first to look at what it leaves:")
	}
	s.suggest(opts, "see it:", o.Show)
	s.suggest(opts, "mend it:", o.Mend)
	return nil
}

// someOrders names some of the orders of a check.
func someOrders(c orderflow.Check) string {
	if c.Count == 0 {
		return c.Detail
	}
	text := plural(int64(c.Count), "order") + ", such as " + strings.Join(c.Orders[:min(2, len(c.Orders))], ", ")
	if c.Detail != "" {
		text += " (" + c.Detail + ")"
	}
	return text
}
