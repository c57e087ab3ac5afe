package commands

import (
	"context"
	"sort"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// completionTime bounds how long a shell waits for names from the cluster.
const completionTime = 2 * time.Second

// names gives what a flag's value can be.
type names func(ctx context.Context) []string

// complete offers names for a flag. A shell gets no error: without a cluster it
// simply has nothing to offer.
func complete(cmd *cobra.Command, flag string, list names) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return list(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag doesn't exist: a slip in this package
	}
}

func fixed(values ...string) names {
	return func(context.Context) []string { return values }
}

func groupNames(env *Env) names {
	return fromCluster(env, func(ctx context.Context, adm *kadm.Client) []string {
		groups, _ := adm.ListGroups(ctx)
		return groups.Groups()
	})
}

func topicNames(env *Env) names {
	return fromCluster(env, func(ctx context.Context, adm *kadm.Client) []string {
		topics, _ := adm.ListTopics(ctx)
		return topics.Names()
	})
}

func fromCluster(env *Env, ask func(context.Context, *kadm.Client) []string) names {
	return func(ctx context.Context) []string {
		env.Flags.Timeout = min(env.Flags.Timeout, completionTime)
		cl, settings, err := env.Open(ctx)
		if err != nil {
			return nil
		}
		defer cl.Close()
		ctx, cancel := context.WithTimeout(ctx, settings.Timeout)
		defer cancel()
		return ask(ctx, kadm.NewClient(cl))
	}
}

func contextNames(env *Env) names {
	return func(context.Context) []string {
		config, err := cluster.Load(env.configPath())
		if err != nil {
			return nil
		}
		list := config.Names()
		sort.Strings(list)
		return list
	}
}
