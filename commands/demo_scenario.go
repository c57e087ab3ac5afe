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
	p := &textPrinter{s: streams}
	p.line(render.Strong, "%s: %s", o.Scenario, o.Short)
	p.line(render.Bad, "what broke:")
	p.list(o.Broke)
	p.broken(o.Broken)
	p.line(render.Good, "mended:")
	p.list(o.Mended)
	p.broken(o.StillBroken)
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

func (p *textPrinter) list(lines []string) {
	for _, line := range lines {
		p.prose(render.Plain, "  - ", "%s", line)
	}
}

// broken names what doesn't hold, and for what.
func (p *textPrinter) broken(checks []orderflow.Check) {
	for _, c := range checks {
		p.prose(render.Bad, "  ✗ ", "doesn't hold: %s (%s)", c.What, someOrders(c))
	}
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
