package commands

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// replayFinishOptions is what "evtctl replay finish" was asked.
type replayFinishOptions struct {
	Env   *Env
	Group string
	writeFlags
	Format render.Format
}

// finishDocument is the answer in the forms for programs.
type finishDocument struct {
	Version int    `json:"version"`
	Group   string `json:"group"`
	Result  string `json:"result"` // planned or removed
}

func newReplayFinishCmd(env *Env, run func(context.Context, *replayFinishOptions) error) *cobra.Command {
	opts := &replayFinishOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "finish --group ISOLATED",
		Short: "Remove an isolated group",
		Long: `Remove a group that a replay made, with its offsets. It is refused while the
group has members, and for groups of which neither the name nor the commits tell
that a replay made them.`,
		Example: `  evtctl replay finish --group inventory-group.replay.20260302T130000
  evtctl replay finish --group inventory-group.replay.20260302T130000 --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Group == "" {
				return usagef("name it with --group; \"evtctl replay list\" lists the isolated groups", "no group")
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.Group, "group", "g", "", "the isolated `group`")
	complete(cmd, "group", groupNames(env))
	opts.writeFlags.register(cmd)
	return cmd
}

func runReplayFinish(ctx context.Context, opts *replayFinishOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	ask := func(do func(context.Context) error) error {
		_, err := within(ctx, settings, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
		return err
	}
	if err := ask(func(ctx context.Context) error { return replay.CheckFinish(ctx, adm, opts.Group) }); err != nil {
		return err
	}
	if opts.DryRun {
		return opts.print("planned", fmt.Sprintf("group %s and its offsets would be removed", opts.Group))
	}
	if err := opts.confirmName(ctx, opts.Env.Streams, settings, opts.Group, fmt.Sprintf("Remove group %s and its offsets?", opts.Group)); err != nil {
		return err
	}
	if err := ask(func(ctx context.Context) error { return replay.Finish(ctx, adm, opts.Group) }); err != nil {
		return err
	}
	return opts.print("removed", fmt.Sprintf("group %s is removed", opts.Group))
}

func (o *replayFinishOptions) print(result, sentence string) error {
	if isText(o.Format) {
		return render.Line(o.Env.Streams, render.Good, "%s", sentence)
	}
	doc := finishDocument{1, o.Group, result}
	return render.Print(o.Env.Streams, o.Format, render.View[finishDocument]{Document: doc, Rows: []finishDocument{doc}, Columns: finishColumns})
}

var finishColumns = []render.Column[finishDocument]{
	{Name: "GROUP", Raw: func(d finishDocument) string { return d.Group }},
	{Name: "RESULT", Raw: func(d finishDocument) string { return d.Result }},
}
