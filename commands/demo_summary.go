package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/lag"
)

// keepCommands are worth a try while the flow runs.
var keepCommands = []string{
	"lag", "lag watch", "lag --group analytics-group", "lag check --group analytics-group --max-time-lag 10s",
	"schema list", "schema get order-events-value",
}

// tally tells what happened.
func (s *shop) tally(opts *demoOptions, sum *orderflow.Summary, v *orderflow.Verification) error {
	streams := opts.Env.Streams
	if !isText(opts.Format) {
		document := struct {
			*orderflow.Summary
			Verification *orderflow.Verification `json:"verification"`
		}{sum, v}
		return render.Print(streams, opts.Format, render.View[orderflow.GroupSummary]{
			Document: document, Rows: sum.Groups, Columns: demoColumns,
		})
	}
	p := &textPrinter{s: streams}
	placed := fmt.Sprintf("%s placed in %s", plural(int64(sum.Placed), "order"), render.Age(time.Duration(sum.DurationSeconds*float64(time.Second))))
	if sum.Refused > 0 {
		placed += fmt.Sprintf(", %s refused", render.Count(int64(sum.Refused)))
	}
	p.line(render.Strong, "%s", placed)
	for _, line := range []struct {
		n    int
		what string
	}{
		{sum.Reserved, "reserved by inventory-group, effectively once"},
		{sum.Paid, "charged by payment-group"},
		{sum.Refunded, "refunded"},
		{sum.Shipped, "shipped by delivery-group, when paid and reserved"},
		{sum.Notified, "e-mails by notification-group, at most once"},
		{sum.Totals.Orders, "counted by analytics-group, at least once, and slowly"},
		{sum.Duplicates, "events came again and did nothing"},
		{sum.DeadLetters, "dead letters"},
	} {
		if line.n > 0 || line.what == "dead letters" {
			p.line(render.Plain, "%6s %s", render.Count(int64(line.n)), line.what)
		}
	}
	p.verification(v)
	return p.err
}

// verification says whether what must hold does, and names what doesn't.
func (p *textPrinter) verification(v *orderflow.Verification) {
	if v == nil {
		return
	}
	if v.Holds {
		p.line(render.Good, "everything that must hold does: %d checks of the database and the topics", len(v.Checks))
		return
	}
	p.broken(v.Broken())
}

// tell tells what happened and what "evtctl lag" says of it, while the broker is still
// there.
func (s *shop) tell(ctx context.Context, opts *demoOptions, sum *orderflow.Summary, v *orderflow.Verification) error {
	if err := s.tally(opts, sum, v); err != nil || !isText(opts.Format) {
		return err
	}
	streams := opts.Env.Streams
	if err := render.Line(streams, render.Plain, "\nwhat \"evtctl lag\" shows now:"); err != nil {
		return err
	}
	client, err := s.settings.Open(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	request := lag.Request{}
	for _, g := range sum.Groups {
		request.Groups = append(request.Groups, g.Group)
	}
	report, err := within(ctx, s.settings, collectLag(client, s.settings, request))
	if err != nil {
		return err
	}
	lag.Judge(report, lag.DefaultLimits)
	if err := printLag(&lagOptions{Env: opts.Env, By: "group", Format: render.Table}, report); err != nil {
		return err
	}
	switch {
	case opts.Flow.Keep: // the commands to try were named when it began
	case s.embedded != nil:
		render.Message(streams, render.Plain, "the embedded broker ends with the demo; \"evtctl demo --keep\" stays for commands in another terminal,\n\"evtctl demo list\" lists ten ways to break it")
	default:
		s.suggest(opts, "look closer:", keepCommands)
	}
	return nil
}

// suggest names commands to try, as they must be typed here.
func (s *shop) suggest(opts *demoOptions, heading string, commands []string) {
	if len(commands) == 0 {
		return
	}
	render.Message(opts.Env.Streams, render.Strong, "%s", heading)
	for _, command := range commands {
		render.Message(opts.Env.Streams, render.Plain, "  evtctl %s%s", command, s.flags())
	}
}

var demoColumns = []render.Column[orderflow.GroupSummary]{
	{Name: "GROUP", Raw: func(g orderflow.GroupSummary) string { return g.Group }},
	{Name: "HANDLED", Right: true, Raw: func(g orderflow.GroupSummary) string { return strconv.Itoa(g.Handled) }},
	{Name: "DEAD-LETTERED", Right: true, Raw: func(g orderflow.GroupSummary) string { return strconv.Itoa(g.DeadLettered) }},
	{Name: "LAG", Right: true, Raw: func(g orderflow.GroupSummary) string {
		if g.Lag == nil {
			return ""
		}
		return strconv.FormatInt(*g.Lag, 10)
	}},
}
