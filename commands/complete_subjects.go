package commands

import (
	"context"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

func subjectNames(env *Env) names {
	return func(ctx context.Context) []string {
		env.Flags.Timeout = min(env.Flags.Timeout, completionTime)
		ctx, cancel := context.WithTimeout(ctx, completionTime)
		defer cancel()
		client, _, err := env.OpenRegistry(ctx)
		if err != nil {
			return nil
		}
		subjects, _ := client.Subjects(ctx, registry.Live)
		return subjects
	}
}

// completeArgs offers names for a command's arguments: the first list for the first
// argument, and so on. With files, a shell offers those too.
func completeArgs(cmd *cobra.Command, files bool, lists ...names) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if files {
		directive = cobra.ShellCompDirectiveDefault
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(lists) {
			return nil, directive
		}
		return typeable(lists[len(args)](cmd.Context())), directive
	}
}

func modeNames(context.Context) []string {
	var list []string
	for _, m := range schema.Modes() {
		list = append(list, string(m))
	}
	return list
}
