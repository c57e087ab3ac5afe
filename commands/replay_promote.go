package commands

import (
	"cmp"
	"context"

	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

func newReplayPromoteCmd(env *Env, run func(context.Context, *replayGroupOptions) error) *cobra.Command {
	opts := &replayGroupOptions{offsetsWrite: offsetsWrite{Env: env, Command: "evtctl replay promote"}}
	cmd := &cobra.Command{
		Use:   "promote --group ISOLATED",
		Short: "Let the source group go on where an isolated group stands",
		Long: `Give the source group the offsets of an isolated group that has caught up with
it, so that it goes on where the isolated one stopped. Neither may have members.
What the source group had is kept for "evtctl replay undo".`,
		Example: `  evtctl replay promote --group inventory-group.replay.20260302T130000 --dry-run
  evtctl replay promote --group inventory-again --from-group inventory-group --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(cmd); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.register(cmd, "the isolated `group`")
	cmd.Flags().StringVar(&opts.From, "from-group", "", "the source `group` (default: as the isolated group's name tells)")
	complete(cmd, "from-group", groupNames(env))
	return cmd
}

func runReplayPromote(ctx context.Context, opts *replayGroupOptions) error {
	from := cmp.Or(opts.From, replay.Source(opts.Group))
	if opts.Plan == "" && from == "" {
		return usagef("name it with --from-group", "the name of group %q doesn't tell its source group", opts.Group)
	}
	return opts.run(ctx, func(ctx context.Context, r replay.Reader) (*replay.Plan, error) {
		return replay.PlanPromotion(ctx, r, opts.Group, replay.Request{From: from, Now: opts.Env.Now()})
	})
}
