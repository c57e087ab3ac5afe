package commands

import (
	"context"

	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

// replayPlanOptions is what "evtctl replay plan" and "evtctl replay reset" were asked.
type replayPlanOptions struct {
	offsetsWrite
	Request replay.Request
}

func newReplayPlanCmd(env *Env, run func(context.Context, *replayPlanOptions) error) *cobra.Command {
	opts := &replayPlanOptions{offsetsWrite: offsetsWrite{Env: env, Command: "evtctl replay reset"}}
	flags := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "plan --from-group GROUP --to POSITION",
		Short: "Show where an isolated group would begin, and write nothing",
		Long: `Show where an isolated group would begin to read a group's topics again, and
write nothing to the cluster. "evtctl replay reset" does the same and applies it.

RECORDS is how many offsets lie between NEW-OFFSET and PRIOR-OFFSET, or --until:
an upper bound of records, as transaction markers and what compaction removed
are in it. A negative number is skipped. Up to 500 records behind each of the
first 100 new offsets are read, to tell the times of the first ones, whether
older ones follow a cut by time, and event ids that are there twice.`,
		Example: `  evtctl replay plan --from-group inventory-group --to @-2h
  evtctl replay plan --from-group inventory-group --to @2026-03-02T12:00:00Z --until @2026-03-02T13:00:00Z
  evtctl replay plan --from-group inventory-group --topic orders:0,1=start --topic payments=-100 --plan-out plan.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			opts.DryRun = true
			if err := opts.finish(flags); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().StringVar(&opts.PlanOut, "plan-out", "", "save the plan to this new `file`")
	return cmd
}

func (o *replayPlanOptions) finish(f *replayFlags) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Plan != "" {
		return onlyPlan(f.cmd)
	}
	if !f.noLook {
		o.IDHeader = f.idHeader
	}
	o.Request, err = f.parse()
	return err
}

// onlyPlan refuses flags beside --plan that would say something else than the plan.
func onlyPlan(cmd *cobra.Command) error {
	for _, name := range []string{"group", "from-group", "topic", "to", "until", "in-place", "to-datetime", "by-duration", "to-offset", "to-earliest", "to-latest"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			return usagef("leave the rest out", "--plan says what to do, and so does --%s", name)
		}
	}
	return nil
}

func runReplayPlan(ctx context.Context, opts *replayPlanOptions) error {
	return opts.run(ctx, func(ctx context.Context, r replay.Reader) (*replay.Plan, error) {
		return replay.NewPlan(ctx, r, opts.Request)
	})
}
