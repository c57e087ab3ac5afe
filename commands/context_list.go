package commands

import (
	"context"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

type contextListOptions struct {
	Env    *Env
	Format render.Format
}

// contextRow is one context in a listing.
type contextRow struct {
	Name       string   `json:"name"`
	Current    bool     `json:"current"`
	Brokers    []string `json:"brokers"`
	Registry   *string  `json:"registry"`
	Production bool     `json:"production"`
}

type contextList struct {
	Version  int          `json:"version"`
	Contexts []contextRow `json:"contexts"`
}

func newContextListCmd(env *Env, run func(context.Context, *contextListOptions) error) *cobra.Command {
	opts := &contextListOptions{Env: env}
	return &cobra.Command{
		Use:     "list",
		Short:   "List the contexts",
		Example: "  evtctl context list\n  evtctl context list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
}

func runContextList(_ context.Context, opts *contextListOptions) error {
	config, err := cluster.Load(opts.Env.configPath())
	if err != nil {
		return err
	}
	current := opts.Env.currentContext(config)
	list := contextList{Version: 1, Contexts: []contextRow{}}
	for _, name := range config.Names() {
		c, err := config.Context(name)
		if err != nil {
			return err
		}
		row := contextRow{Name: name, Current: name == current, Brokers: append([]string{}, c.Brokers...), Production: c.Production}
		if c.Registry.URL != "" {
			row.Registry = &c.Registry.URL
		}
		list.Contexts = append(list.Contexts, row)
	}
	return render.Print(opts.Env.Streams, opts.Format, render.View[contextRow]{
		Document: list, Rows: list.Contexts, Columns: contextColumns,
		Empty: "no contexts; \"evtctl context add NAME --brokers HOST:PORT\" adds one",
	})
}

var contextColumns = []render.Column[contextRow]{
	{Name: "CURRENT", Raw: func(c contextRow) string { return mark(c.Current, "*") }},
	{Name: "NAME", Raw: func(c contextRow) string { return c.Name }},
	{Name: "BROKERS", Raw: func(c contextRow) string { return strings.Join(c.Brokers, ",") }, Shrink: true},
	{Name: "REGISTRY", Raw: func(c contextRow) string {
		if c.Registry == nil {
			return ""
		}
		return *c.Registry
	}, Shrink: true},
	{Name: "PRODUCTION", Raw: func(c contextRow) string { return mark(c.Production, "yes") }},
}

func mark(is bool, text string) string {
	if is {
		return text
	}
	return ""
}
