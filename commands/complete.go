package commands

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
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
		return typeable(list(cmd.Context())), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag doesn't exist: a slip in this package
	}
}

// plainNames are those that mean the same to every shell, quoted or not.
var plainNames = regexp.MustCompile(`^[A-Za-z0-9._:@/+-]+$`)

// typeable leaves out names that a shell would read as more than a name.
func typeable(list []string) []string {
	return slices.DeleteFunc(list, func(name string) bool { return !plainNames.MatchString(name) })
}

// ownForms is the annotation with the forms of output that only one command has.
const ownForms = "forms"

// hasForms says which forms of output a command has beside the usual ones.
func hasForms(cmd *cobra.Command, forms ...render.Format) {
	var list []string
	for _, form := range forms {
		list = append(list, string(form))
	}
	cmd.Annotations = map[string]string{ownForms: strings.Join(list, ",")}
}

// completeOutput offers the forms that the command has which is being typed.
func completeOutput(root *cobra.Command) {
	err := root.RegisterFlagCompletionFunc("output", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		forms := render.Formats()
		if own := cmd.Annotations[ownForms]; own != "" {
			forms = append(strings.Split(own, ","), forms...)
		}
		return forms, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag doesn't exist: a slip in this package
	}
}

// completeBaselines offers what --against can be beside files, which a shell offers
// itself.
func completeBaselines(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("against", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{fromRegistry, "git:HEAD", "git:main", "git:origin/main"}, cobra.ShellCompDirectiveDefault
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
		ctx, cancel := context.WithTimeout(ctx, completionTime)
		defer cancel()
		cl, _, err := env.Open(ctx)
		if err != nil {
			return nil
		}
		defer cl.Close()
		return ask(ctx, kadm.NewClient(cl))
	}
}

func contextNames(env *Env) names {
	return func(context.Context) []string {
		config, err := cluster.Load(env.configPath())
		if err != nil {
			return nil
		}
		return config.Names()
	}
}
