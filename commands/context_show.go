package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

type contextShowOptions struct {
	Env    *Env
	Name   string // empty: the current one
	Format render.Format
}

// contextDocument is one context in whole. It holds no secret: those are only named.
type contextDocument struct {
	Version int              `json:"version"`
	Name    string           `json:"name"`
	Current bool             `json:"current"`
	Context *cluster.Context `json:"context"`
}

func newContextShowCmd(env *Env, run func(context.Context, *contextShowOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:               "show [NAME]",
		Short:             "Show a context, by default the one in use",
		Example:           "  evtctl context show\n  evtctl context show staging -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: contextArgs(env),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts := &contextShowOptions{Env: env}
			if len(args) == 1 {
				opts.Name = args[0]
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
}

func runContextShow(_ context.Context, opts *contextShowOptions) error {
	config, err := cluster.Load(opts.Env.configPath())
	if err != nil {
		return err
	}
	current := opts.Env.currentContext(config)
	if opts.Name == "" {
		opts.Name = current
	}
	if opts.Name == "" {
		return usagef("\"evtctl context list\" shows those there are", "no context is in use")
	}
	c, err := config.Context(opts.Name)
	if err != nil {
		return err
	}
	doc := contextDocument{Version: 1, Name: opts.Name, Current: opts.Name == current, Context: c}
	format := opts.Format
	if format == render.Table || format == render.Wide {
		format = render.YAML // a context has too many parts for a row
	}
	return render.Print(opts.Env.Streams, format, render.View[contextDocument]{
		Document: doc, Rows: []contextDocument{doc},
		Columns: []render.Column[contextDocument]{
			{Name: "NAME", Raw: func(d contextDocument) string { return d.Name }},
			{Name: "CURRENT", Raw: func(d contextDocument) string { return mark(d.Current, "*") }},
		},
	})
}
