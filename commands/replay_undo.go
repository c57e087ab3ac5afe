package commands

import (
	"context"

	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

// replayGroupOptions is what commands were asked that set the offsets of one group.
type replayGroupOptions struct {
	offsetsWrite
	Group string
	From  string // the source group of an isolated one
	File  string
}

func newReplayUndoCmd(env *Env, run func(context.Context, *replayGroupOptions) error) *cobra.Command {
	opts := &replayGroupOptions{offsetsWrite: offsetsWrite{Env: env, Command: "evtctl replay undo"}}
	cmd := &cobra.Command{
		Use:   "undo --group GROUP",
		Short: "Give a group back what it had before its last reset",
		Long: `Give a group back the offsets it had before it was reset in place or promoted
the last time. They are kept in the cluster, as the commits of a group called
GROUP.undo.TIME, for as long as the cluster keeps groups without members
(offsets.retention.minutes). Undoing can be undone.`,
		Example: `  evtctl replay undo --group inventory-group --dry-run
  evtctl replay undo --group inventory-group --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(cmd); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.register(cmd, "the `group` to give its offsets back")
	return cmd
}

func (o *replayGroupOptions) register(cmd *cobra.Command, group string) {
	cmd.Flags().StringVarP(&o.Group, "group", "g", "", group)
	complete(cmd, "group", groupNames(o.Env))
	o.writeFlags.register(cmd)
	o.planFileFlags.register(cmd)
}

func (o *replayGroupOptions) finish(cmd *cobra.Command) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Plan != "" {
		return onlyPlan(cmd)
	}
	if o.Group == "" {
		return usagef("name it with --group", "no group")
	}
	return nil
}

func runReplayUndo(ctx context.Context, opts *replayGroupOptions) error {
	return opts.run(ctx, func(ctx context.Context, r replay.Reader) (*replay.Plan, error) {
		return replay.PlanUndo(ctx, r, opts.Group, replay.Request{Now: opts.Env.Now()})
	})
}
