package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lagCheckOptions is what "evtctl lag check" was asked, parsed and checked.
type lagCheckOptions struct {
	Env     *Env
	Request lag.Request
	Limits  lag.Limits
	Samples int           // what is bad must be so in each of them
	Every   time.Duration // between samples
	FailOn  lag.Verdict
	Format  render.Format
}

func newLagCheckCmd(env *Env, run func(context.Context, *lagCheckOptions) error) *cobra.Command {
	opts := &lagCheckOptions{Env: env}
	flags := &lagFlags{}
	var failOn string
	cmd := &cobra.Command{
		Use:   "check --group GROUP",
		Short: "Tell by the exit code whether a group's lag is acceptable",
		Long: `Tell in one line and by the exit code whether a group's lag is acceptable.

With --for 3 --every 5s the lag is looked at three times, and only what is bad
each time counts. A commit that stands still all that time while records arrive
is stalled, which is critical; so let all the looks together take longer than the
consumers need between two commits, which is 5 s by default.

Exit codes: 0 acceptable; 3 not (see --fail-on); 1 it could not be learnt;
2 asked wrongly, or there is no such group.`,
		Example: `  evtctl lag check --group inventory-group
  evtctl lag check -g inventory-group --warn 500 --critical 5k --max-time-lag 5m
  evtctl lag check -g inventory-group --for 3 --every 5s --fail-on warning`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(flags, failOn); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().IntVar(&opts.Samples, "for", 1, "how many times in a row it must be bad")
	cmd.Flags().DurationVar(&opts.Every, "every", 5*time.Second, "the time between two looks")
	cmd.Flags().StringVar(&failOn, "fail-on", "critical", "the `verdict` from which on to fail: warning or critical")
	complete(cmd, "fail-on", fixed("warning", "critical"))
	return cmd
}

func (o *lagCheckOptions) finish(f *lagFlags, failOn string) (err error) {
	if o.Request, o.Limits, err = f.parse(); err != nil {
		return err
	}
	if len(f.groups) == 0 {
		return usagef("name it with --group; \"evtctl lag\" lists the groups", "no group to check")
	}
	if o.FailOn, err = lag.ParseVerdict(failOn); err != nil {
		return usagef("--fail-on warning or --fail-on critical", "--fail-on: %s", err)
	}
	if o.Samples < 1 {
		return usagef("such as --for 3", "--for %d: at least one look is needed", o.Samples)
	}
	if o.Samples > 1 && o.Every <= 0 {
		return usagef("such as --every 5s", "--every %s is no time", o.Every)
	}
	o.Format, err = o.Env.format()
	return err
}

func runLagCheck(ctx context.Context, opts *lagCheckOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	report, err := opts.sample(ctx, cl, settings)
	if err != nil {
		return err
	}
	if err := printLagCheck(opts, report); err != nil {
		return err
	}
	explainLag(opts.Env.Streams, report)
	return judgement(report, opts.FailOn)
}

// sample takes all looks and keeps what each of them shows.
func (o *lagCheckOptions) sample(ctx context.Context, cl *kgo.Client, s *cluster.Settings) (*lag.Report, error) {
	trend := &lag.Trend{StallAfter: time.Duration(o.Samples-1) * o.Every}
	progress := render.NewProgress(o.Env.Streams, "watching")
	defer progress.Done()
	var sustained *lag.Report
	for i := range o.Samples {
		if i > 0 {
			if err := pause(ctx, o.Every); err != nil {
				return nil, err
			}
		}
		report, err := within(ctx, s, collectLag(cl, s, o.Request))
		if err != nil {
			return nil, err
		}
		trend.Observe(report)
		lag.Judge(report, o.Limits)
		if sustained != nil {
			lag.Sustain(sustained, report)
		}
		sustained = report
		progress.Update(int64(i+1), int64(o.Samples))
	}
	return sustained, nil
}

// pause waits, or ends early with the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// judgement gives the error that stands for the exit code.
func judgement(r *lag.Report, failOn lag.Verdict) error {
	switch v := r.Verdict(); {
	case v >= failOn:
		return answerError{ExitBadNews}
	case incomplete(r):
		return answerError{ExitFailed} // what isn't known isn't acceptable
	default:
		return nil
	}
}

func incomplete(r *lag.Report) bool {
	for i := range r.Groups {
		if g := &r.Groups[i]; g.Verdict == lag.Uncertain || g.Reasons&(lag.NotAuthorized|lag.Failed) != 0 {
			return true
		}
	}
	return len(r.Problems) > 0
}

func printLagCheck(opts *lagCheckOptions, r *lag.Report) error {
	s := opts.Env.Streams
	if opts.Format != render.Table {
		return render.Print(s, opts.Format, render.View[lag.Group]{Document: r, Rows: r.Groups, Columns: groupColumns})
	}
	for i := range r.Groups {
		if err := render.Line(s, tone(r.Groups[i].Verdict), "%s", checkLine(&r.Groups[i])); err != nil {
			return err
		}
	}
	return nil
}

// checkLine is the answer for one group: the verdict first, so that it can be cut off.
func checkLine(g *lag.Group) string {
	line := fmt.Sprintf("%s: %s is %s", g.Verdict, groupName(g.Name), behind(g))
	if g.Reasons != 0 {
		line += " (" + strings.ReplaceAll(reasons(g.Reasons, ""), ",", ", ") + ")"
	}
	return line
}

func behind(g *lag.Group) string {
	if len(g.Partitions) == 0 && g.Error == "" {
		return "without any commit or assignment that this user may see"
	}
	if !g.Lag.Known() {
		return "behind by an unknown number of records"
	}
	if g.Lag == 0 && g.UnknownPartitions == 0 {
		return "not behind"
	}
	text := plural(int64(g.Lag), "record") + " behind"
	if g.UnknownPartitions > 0 {
		text = "at least " + text
	}
	if g.TimeLag.Known() && g.TimeLag > 0 {
		text += ", " + render.Age(g.TimeLag.Duration()) + " in time"
	}
	if g.UnknownPartitions > 0 {
		text += ", with " + plural(int64(g.UnknownPartitions), "partition") + " unknown"
	}
	return text
}
