package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// replayListOptions is what "evtctl replay list" was asked.
type replayListOptions struct {
	Env    *Env
	Format render.Format
}

// replayListDocument is the answer in the forms for programs.
type replayListDocument struct {
	Version int           `json:"version"`
	Groups  []replay.Kept `json:"groups"`
}

func newReplayListCmd(env *Env, run func(context.Context, *replayListOptions) error) *cobra.Command {
	opts := &replayListOptions{Env: env}
	return &cobra.Command{
		Use:   "list",
		Short: "List isolated groups, and what can be undone",
		Long: `List the groups that replays made: isolated ones, and those that keep what a
reset replaced. They are known by the names that evtctl gave them; an isolated
group that was named with --group isn't listed.`,
		Example: `  evtctl replay list
  evtctl replay list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
}

func runReplayList(ctx context.Context, opts *replayListOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	list, err := within(ctx, settings, func(ctx context.Context) ([]replay.Kept, error) { return replay.List(ctx, kadm.NewClient(cl)) })
	if err != nil {
		return err
	}
	return render.Print(opts.Env.Streams, opts.Format, render.View[replay.Kept]{
		Document: replayListDocument{1, list}, Rows: list, Columns: keptColumns, Empty: "no groups that a replay made",
	})
}

var keptColumns = []render.Column[replay.Kept]{
	{Name: "GROUP", Raw: func(k replay.Kept) string { return k.Group }},
	{Name: "FROM-GROUP", Raw: func(k replay.Kept) string { return k.From }},
	{Name: "KIND", Raw: func(k replay.Kept) string { return k.Kind }},
	{Name: "STATE", Raw: func(k replay.Kept) string { return k.State }},
}
