package commands

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// replayStatusOptions is what "evtctl replay status" was asked.
type replayStatusOptions struct {
	Env         *Env
	Group, From string
	Wait        bool
	Every       time.Duration
	Within      time.Duration // 0: as long as it takes
	Duplicates  bool
	Check       replay.CheckRequest // what to count duplicates of
	Plan        *replay.Plan        // nil: Check says where it began
	Format      render.Format
}

func newReplayStatusCmd(env *Env, run func(context.Context, *replayStatusOptions) error) *cobra.Command {
	opts := &replayStatusOptions{Env: env}
	var begin, plan string
	cmd := &cobra.Command{
		Use:   "status --group ISOLATED",
		Short: "Show how far an isolated group has come",
		Long: `Show how far an isolated group has come on its way to where its source group
stands, or to the ends of its topics where that has no offset. A group with
members that isn't there yet is looked at twice, for its rate.

With --duplicates it reads what the group has read again so far, and counts the
event ids that were there twice. The cluster doesn't know where the group began:
say it with --plan or --from, or it begins at the logs' starts. --max-records
and --max-time end it early, which is said.

With --wait it looks every --every until the group has caught up: exit code 0.
When --within is over before, the exit code is 3. --timeout bounds each single
question to the cluster, not the wait.`,
		Example: `  evtctl replay status --group inventory-group.replay.20260302T130000
  evtctl replay status --group inventory-again --from-group inventory-group --wait --within 1h
  evtctl replay status --group inventory-again --from-group inventory-group --duplicates --from @2026-03-02T12:00:00Z`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(cmd, begin, plan); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.Group, "group", "g", "", "the isolated `group`")
	flags.StringVar(&opts.From, "from-group", "", "the source `group` (default: as the isolated group's name tells)")
	flags.BoolVar(&opts.Wait, "wait", false, "wait until it has caught up")
	flags.DurationVar(&opts.Every, "every", 2*time.Second, "the time between two looks")
	flags.DurationVar(&opts.Within, "within", 0, "with --wait: how long to wait (0: as long as it takes)")
	flags.BoolVar(&opts.Duplicates, "duplicates", false, "count the event ids that it has read twice")
	flags.StringVar(&begin, "from", "start", "with --duplicates: the `POSITION` where the replay began")
	flags.StringVar(&plan, "plan", "", "with --duplicates: the plan `file` of the replay, which says where it began")
	flags.StringVar(&opts.Check.IDHeader, "id-header", replay.DefaultIDHeader, "with --duplicates: the `header` with a record's event id")
	flags.Int64Var(&opts.Check.MaxRecords, "max-records", 1_000_000, "with --duplicates: how many records to read (0: all)")
	flags.DurationVar(&opts.Check.MaxTime, "max-time", 30*time.Second, "with --duplicates: how long to read (0: as long as it takes)")
	complete(cmd, "group", groupNames(env))
	complete(cmd, "from-group", groupNames(env))
	return cmd
}

func (o *replayStatusOptions) finish(cmd *cobra.Command, begin, plan string) (err error) {
	switch {
	case o.Group == "":
		return usagef("name it with --group; \"evtctl replay list\" lists the isolated groups", "no group")
	case o.Every <= 0:
		return usagef("such as --every 5s", "--every %s is no time", o.Every)
	case o.Within < 0:
		return usagef("such as --within 1h", "--within %s is negative", o.Within)
	case cmd.Flags().Changed("within") && !o.Wait:
		return usagef("add --wait", "--within says how long to wait, and nothing waits")
	}
	if err := o.finishDuplicates(cmd, begin, plan); err != nil {
		return err
	}
	o.From = cmp.Or(o.From, replay.Source(o.Group))
	o.Format, err = o.Env.format()
	return err
}

func (o *replayStatusOptions) finishDuplicates(cmd *cobra.Command, begin, plan string) (err error) {
	changed := cmd.Flags().Changed
	for _, name := range []string{"from", "plan", "id-header", "max-records", "max-time"} {
		if changed(name) && !o.Duplicates {
			return usagef("add --duplicates", "--%s is about counting duplicates, and nothing counts", name)
		}
	}
	switch {
	case o.Check.MaxRecords < 0:
		return usagef("such as --max-records 1000000", "--max-records %d is negative", o.Check.MaxRecords)
	case o.Check.MaxTime < 0:
		return usagef("such as --max-time 30s", "--max-time %s is negative", o.Check.MaxTime)
	case changed("plan") && changed("from"):
		return usagef("leave one of them out", "--plan says where the replay began, and so does --from")
	case changed("plan"):
		o.Plan, err = replay.Load(plan)
		return err
	}
	o.Check.Now = o.Env.Now()
	if changed("from") {
		position, err := replay.ParsePosition(begin, o.Check.Now)
		if err != nil {
			return err
		}
		o.Check.From = &position
	}
	return nil
}

func runReplayStatus(ctx context.Context, opts *replayStatusOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	status, err := opts.follow(ctx, cl, settings)
	if err == nil && opts.Duplicates {
		err = opts.count(ctx, cl, settings, status)
	}
	if err != nil {
		return err
	}
	if err := printStatus(opts.Env.Streams, opts.Format, status); err != nil {
		return err
	}
	if opts.Wait && !status.CaughtUp {
		return answerError{ExitBadNews}
	}
	return nil
}

// count counts duplicates. Each question to the cluster is bounded by the time limit,
// the reading as a whole by what was asked.
func (o *replayStatusOptions) count(ctx context.Context, cl *kgo.Client, settings *cluster.Settings, status *replay.Status) error {
	progress := render.NewProgress(o.Env.Streams, "counting duplicates")
	defer progress.Done()
	req := o.Check
	req.Timeout, req.Progress = settings.Timeout, progress.Update
	return settings.Explain(status.CountDuplicates(ctx, cl, kadm.NewClient(cl), o.Plan, req))
}

// follow looks until it knows what it was asked.
func (o *replayStatusOptions) follow(ctx context.Context, cl *kgo.Client, settings *cluster.Settings) (*replay.Status, error) {
	progress := render.NewProgress(o.Env.Streams, "replaying")
	defer progress.Done()
	began := time.Now() // not the command's clock: it measures how long looks are apart
	before, err := o.look(ctx, cl, settings)
	if err != nil {
		return nil, err
	}
	first, last := before, began
	for looks := 1; o.again(before, looks, time.Since(began)); looks++ {
		if err := pause(ctx, o.Every); err != nil {
			return nil, err
		}
		status, err := o.look(ctx, cl, settings)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		status.Since(before, now.Sub(last))
		before, last = status, now
		progress.Update(max(0, first.Left-status.Left), first.Left)
	}
	return before, nil
}

// again tells whether another look is needed.
func (o *replayStatusOptions) again(s *replay.Status, looks int, waited time.Duration) bool {
	switch {
	case s.CaughtUp:
		return false
	case o.Wait:
		return o.Within == 0 || waited < o.Within
	}
	return looks == 1 && s.State != "Empty" && s.State != "Dead"
}

func (o *replayStatusOptions) look(ctx context.Context, cl *kgo.Client, settings *cluster.Settings) (*replay.Status, error) {
	return within(ctx, settings, func(ctx context.Context) (*replay.Status, error) {
		return replay.Follow(ctx, kadm.NewClient(cl), o.Group, o.From)
	})
}

func printStatus(s *render.Streams, f render.Format, status *replay.Status) error {
	err := render.Print(s, f, render.View[replay.Progress]{Document: status, Rows: status.Partitions, Columns: progressColumns})
	if err != nil || !isText(f) {
		return err
	}
	tone, words := render.Good, "has caught up with "+goalWords(status)
	if !status.CaughtUp {
		tone, words = render.Warn, plural(status.Left, "offset")+" behind "+goalWords(status)
	}
	if status.Rate != nil {
		words += ", " + render.Rate(*status.Rate)
	}
	if status.TimeLeft != nil && *status.TimeLeft > 0 {
		words += ", " + render.Age(time.Duration(*status.TimeLeft*float64(time.Second))) + " left"
	}
	render.Message(s, tone, "group %s (%s): %s", status.Group, status.State, words)
	duplicateWords(s, status.Duplicates)
	return nil
}

// duplicateWords tells what was read twice, or how to ask.
func duplicateWords(s *render.Streams, d *replay.Reread) {
	if d == nil {
		render.Message(s, render.Faint, "--duplicates counts the event ids that it has read twice")
		return
	}
	since := d.Since
	switch since {
	case "plan":
		since = "where the plan begins"
	case replay.Start.String():
		since = "the log's start"
	}
	tone, words := render.Plain, ""
	if n := d.Duplicates.Count; n > 0 {
		tone, words = render.Warn, ", such as "+example(d.Duplicates)
	}
	render.Message(s, tone, "of %s read again, from %s on, %s had the %s of one before%s",
		plural(d.Records, "record"), since, render.Count(d.Duplicates.Count), d.IDHeader, words)
	if n := d.WithoutID.Count; n > 0 {
		render.Message(s, render.Warn, "warning: %s had no %s, such as %s", plural(n, "record"), d.IDHeader, example(d.WithoutID))
	}
	if d.NotRemembered > 0 {
		render.Message(s, render.Warn, "warning: memory was full: %s came after, and were not compared with each other", plural(d.NotRemembered, "id"))
	}
	for _, reason := range d.Unread {
		render.Message(s, render.Warn, "warning: %s", reason)
	}
	if d.Left > 0 && len(d.Unread) == 0 {
		render.Message(s, render.Warn, "warning: stopped early: %s were not looked at; --max-records and --max-time take more", plural(d.Left, "offset"))
	}
}

func goalWords(s *replay.Status) string {
	if s.From == "" {
		return "the ends of its topics"
	}
	return "group " + s.From
}

var progressColumns = []render.Column[replay.Progress]{
	{Name: "TOPIC", Raw: func(p replay.Progress) string { return p.Topic }, Shrink: true},
	{Name: "PARTITION", Right: true, Raw: func(p replay.Progress) string { return fmt.Sprint(p.Partition) }},
	{Name: "CURRENT-OFFSET", Right: true, Raw: func(p replay.Progress) string { return fmt.Sprint(p.Offset) }},
	{Name: "GOAL-OFFSET", Right: true, Raw: func(p replay.Progress) string { return fmt.Sprint(p.Goal) }},
	{Name: "LEFT", Right: true, Raw: func(p replay.Progress) string { return fmt.Sprint(p.Left) }},
}
