package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

type contextUseOptions struct {
	Env  *Env
	Name string
}

func newContextUseCmd(env *Env, run func(context.Context, *contextUseOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:               "use NAME",
		Short:             "Make a context the one that commands use",
		Example:           "  evtctl context use staging",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: contextArgs(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), &contextUseOptions{Env: env, Name: args[0]})
		},
	}
}

func runContextUse(_ context.Context, opts *contextUseOptions) error {
	config, err := cluster.Load(opts.Env.configPath())
	if err != nil {
		return err
	}
	if err := config.Use(opts.Name); err != nil {
		return err
	}
	if err := config.Save(); err != nil {
		return err
	}
	s := opts.Env.Streams
	render.Message(s, render.Plain, "commands now use context %q", opts.Name)
	if now := opts.Env.currentContext(config); now != opts.Name {
		render.Message(s, render.Warn, "but not here: --context or EVTCTL_CONTEXT says %q, which wins", now)
	}
	return nil
}

func contextArgs(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return typeable(contextNames(env)(cmd.Context())), cobra.ShellCompDirectiveNoFileComp
	}
}
