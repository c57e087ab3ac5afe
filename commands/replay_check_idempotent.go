package commands

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// replayCheckOptions is what "evtctl replay check-idempotent" was asked.
type replayCheckOptions struct {
	Env     *Env
	Request replay.CheckRequest
	Format  render.Format
}

func newReplayCheckCmd(env *Env, run func(context.Context, *replayCheckOptions) error) *cobra.Command {
	opts := &replayCheckOptions{Env: env}
	var topic, from, until string
	cmd := &cobra.Command{
		Use:   "check-idempotent --topic T[:P,P]",
		Short: "Check what must be true before records can be read twice",
		Long: `Read a span of a topic and report event ids that are there twice, records
without an event id, keys whose records are out of order by time, and keys in
several partitions. Whether a consumer drops what it has seen isn't visible in a
topic; that it could, by the event id, is. Aborted transactions are left out.

Memory is bounded by --remember; what comes after is compared with that only, is
counted, and makes the answer incomplete.

Exit codes: 0 nothing found; 3 something found, or not all compared; 1 not all
of the span could be read.`,
		Example: `  evtctl replay check-idempotent --topic order-events --from @-2h
  evtctl replay check-idempotent --topic order-events:0 --group inventory-group -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(topic, from, until); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&topic, "topic", "t", "", "`T[:P,P]`: the topic")
	flags.StringVarP(&opts.Request.Group, "group", "g", "", "only what this `group` has read")
	flags.StringVar(&from, "from", "start", "the `POSITION` to begin at")
	flags.StringVar(&until, "until", "", "the `POSITION` to stop at (default: the end, or where --group stands)")
	flags.StringVar(&opts.Request.IDHeader, "id-header", replay.DefaultIDHeader, "the `header` with a record's event id")
	flags.IntVar(&opts.Request.Remember, "remember", 1_000_000, "how many ids, and how many keys, to compare with; each takes some 100 bytes")
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "group", groupNames(env))
	return cmd
}

func (o *replayCheckOptions) finish(topic, from, until string) (err error) {
	o.Request.Now = o.Env.Now()
	topics, err := parseTopics([]string{topic}, o.Request.Now)
	if err != nil {
		return err
	}
	if topics[0].To != nil {
		return usagef("use --from", "--topic %q has a position", topic)
	}
	if o.Request.Remember < 1 {
		return usagef("such as --remember 1000000", "--remember %d leaves nothing to compare with", o.Request.Remember)
	}
	o.Request.Topic, o.Request.Partitions = topics[0].Topic, topics[0].Partitions
	position, err := replay.ParsePosition(from, o.Request.Now)
	if err != nil {
		return err
	}
	o.Request.From = &position
	if until != "" {
		end, err := replay.ParsePosition(until, o.Request.Now)
		if err != nil {
			return err
		}
		o.Request.Until = &end
	}
	o.Format, err = o.Env.format()
	return err
}

// runReplayCheck reads as long as the span is. The time limit bounds each question to the
// cluster: a broker that stops answering in the middle ends it.
func runReplayCheck(ctx context.Context, opts *replayCheckOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	progress := render.NewProgress(opts.Env.Streams, "reading "+opts.Request.Topic)
	opts.Request.Timeout, opts.Request.Progress = settings.Timeout, progress.Update
	check, err := replay.CheckIdempotent(ctx, cl, kadm.NewClient(cl), opts.Request)
	progress.Done()
	if err != nil {
		return settings.Explain(err)
	}
	if err := printCheck(opts.Env.Streams, opts.Format, check); err != nil {
		return err
	}
	for _, s := range check.Spans {
		if s.Error != "" {
			return fmt.Errorf("not all of topic %s could be read: %s", check.Topic, s.Error)
		}
	}
	if !check.Safe {
		return answerError{ExitBadNews}
	}
	return nil
}

// checkRow is a line of the answer.
type checkRow struct {
	Name string `json:"finding"`
	replay.Finding
}

func checkRows(c *replay.Check) []checkRow {
	return []checkRow{
		{"duplicate event ids", c.Duplicates},
		{"without an event id", c.WithoutID},
		{"keys out of order", c.OutOfOrder},
		{"keys in several partitions", c.Spread},
	}
}

var repeatColumns = []render.Column[checkRow]{
	{Name: "FINDING", Raw: func(r checkRow) string { return r.Name }},
	{Name: "COUNT", Right: true, Raw: func(r checkRow) string { return fmt.Sprint(r.Count) }, Text: func(r checkRow) string { return render.Count(r.Count) }},
	{Name: "FIRST-EXAMPLE", Raw: func(r checkRow) string { return example(r.Finding) }},
}

func example(f replay.Finding) string {
	if len(f.Examples) == 0 {
		return ""
	}
	text := f.Examples[0].Coordinates
	if before := f.Examples[0].Before; before != nil {
		text += " after " + before.Coordinates
	}
	return text
}

func printCheck(s *render.Streams, f render.Format, c *replay.Check) error {
	err := render.Print(s, f, render.View[checkRow]{Document: c, Rows: checkRows(c), Columns: repeatColumns})
	if err != nil || !isText(f) {
		return err
	}
	render.Message(s, render.Plain, "read %s of topic %s in %s, event ids by the header %s",
		plural(c.Records, "record"), c.Topic, plural(int64(len(c.Spans)), "partition"), c.IDHeader)
	if c.NotRemembered > 0 {
		render.Message(s, render.Warn, "warning: memory was full: ids and keys that came after were not compared with each other (%s); --remember takes more", render.Count(c.NotRemembered))
	}
	return nil
}
