package commands

import (
	"context"

	"github.com/spf13/cobra"
)

func newReplayResetCmd(env *Env, run func(context.Context, *replayPlanOptions) error) *cobra.Command {
	opts := &replayPlanOptions{offsetsWrite: offsetsWrite{Env: env, Command: "evtctl replay reset"}}
	flags := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "reset --from-group GROUP --to POSITION",
		Short: "Give an isolated group offsets of the past",
		Long: `Give an isolated group offsets of the past, so that it reads the topics of
another group again. That group is only looked at. The isolated one must be new,
or without members. --in-place resets the group itself, which must be without
members, and keeps what "evtctl replay undo" needs in the cluster.

A share group's start offsets are set in the same way, and its isolated group is
a share group, too.

The plan is shown, confirmed and applied. In a production context the group's
name has to be typed or given with --confirm. A plan that was kept with
--plan-out is refused when the cluster, the topics, the offsets in question or
the group have changed since.

Exit codes: 0 done; 2 asked wrongly, or not confirmed, and nothing was written;
4 some partitions were refused.`,
		Example: `  evtctl replay reset --from-group inventory-group --to @-2h
  evtctl replay reset --from-group inventory-group --group inventory-again --to start --yes
  evtctl replay reset --from-group inventory-group --in-place --to @2026-03-02T12:00:00Z --dry-run
  evtctl replay reset --plan plan.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(flags); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	return cmd
}

func runReplayReset(ctx context.Context, opts *replayPlanOptions) error {
	return runReplayPlan(ctx, opts)
}
