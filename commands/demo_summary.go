package commands

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/evtctl/evtctl/lag"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func clusterID(ctx context.Context, client *kgo.Client) (string, error) {
	meta, err := kadm.NewClient(client).BrokerMetadata(ctx)
	return meta.Cluster, err
}

// tally tells what happened.
func (s *shop) tally(opts *demoOptions, summary *orderflow.Summary) error {
	streams := opts.Env.Streams
	if opts.Format != render.Table {
		return render.Print(streams, opts.Format, render.View[orderflow.GroupSummary]{
			Document: summary, Rows: summary.Groups, Columns: demoColumns,
		})
	}
	lines := []string{
		render.Count(int64(summary.Placed)) + " orders placed in " + render.Age(time.Duration(summary.DurationSeconds*float64(time.Second))),
		render.Count(int64(summary.Reserved)) + " reserved by inventory-group",
		render.Count(int64(summary.Notified)) + " customers written to by notification-group",
		render.Count(int64(summary.Counted)) + " counted by analytics-group, the slow one",
	}
	for _, line := range lines {
		if err := render.Line(streams, render.Plain, "%s", line); err != nil {
			return err
		}
	}
	return nil
}

// show tells what happened and what "evtctl lag" says of it, while the broker is
// still there.
func (s *shop) show(ctx context.Context, opts *demoOptions, summary *orderflow.Summary) error {
	if err := s.tally(opts, summary); err != nil || opts.Format != render.Table {
		return err
	}
	streams := opts.Env.Streams
	if err := render.Line(streams, render.Plain, ""); err != nil {
		return err
	}
	if err := render.Line(streams, render.Plain, "what \"evtctl lag\" shows now:"); err != nil {
		return err
	}
	client, err := s.settings.Open(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	report, err := within(ctx, s.settings, collectLag(client, s.settings, lag.Request{}))
	if err != nil {
		return err
	}
	lag.Judge(report, lag.DefaultLimits)
	if err := printLag(&lagOptions{Env: opts.Env, By: "group", Format: render.Table}, report); err != nil {
		return err
	}
	if opts.Keep {
		return nil // the commands to try were named when it began
	}
	if s.embedded != nil {
		render.Message(streams, render.Plain, "the embedded broker ends with the demo; \"evtctl demo --keep\" stays for commands in another terminal")
		return nil
	}
	s.suggest(streams, "look closer:")
	return nil
}

// suggest names the commands to try, as they must be typed here.
func (s *shop) suggest(streams *render.Streams, heading string) {
	flag := ""
	atDefault := s.embedded != nil && s.settings.Brokers[0] == sandbox.DefaultAddr
	if s.settings.BrokersFrom == "flag" && !atDefault {
		flag = " -b " + strings.Join(s.settings.Brokers, ",")
	}
	render.Message(streams, render.Strong, "%s", heading)
	for _, command := range []string{
		"evtctl lag" + flag,
		"evtctl lag --group analytics-group" + flag,
		"evtctl lag watch" + flag,
		"evtctl lag check --group analytics-group --max-time-lag 10s" + flag,
	} {
		render.Message(streams, render.Plain, "  %s", command)
	}
}

var demoColumns = []render.Column[orderflow.GroupSummary]{
	{Name: "GROUP", Raw: func(g orderflow.GroupSummary) string { return g.Group }},
	{Name: "TOPIC", Raw: func(g orderflow.GroupSummary) string { return g.Topic }},
	{Name: "HANDLED", Right: true, Raw: func(g orderflow.GroupSummary) string { return strconv.Itoa(g.Handled) }},
	{Name: "LAG", Right: true, Raw: func(g orderflow.GroupSummary) string {
		if g.Lag == nil {
			return ""
		}
		return strconv.FormatInt(*g.Lag, 10)
	}},
}
