package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/spf13/cobra"
)

type demoListOptions struct {
	Env    *Env
	Format render.Format
}

// scenarioDocument is the answer in the forms for programs.
type scenarioDocument struct {
	Version   int            `json:"version"`
	Scenarios []scenarioLine `json:"scenarios"`
}

type scenarioLine struct {
	Name  string `json:"name"`
	Short string `json:"short"`
}

func newDemoListCmd(env *Env, run func(context.Context, *demoListOptions) error) *cobra.Command {
	opts := &demoListOptions{Env: env}
	return &cobra.Command{
		Use:     "list",
		Short:   "List the ways to break the order flow",
		Example: "  evtctl demo list\n  evtctl demo list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
}

func runDemoList(_ context.Context, opts *demoListOptions) error {
	list := scenarioDocument{Version: 1}
	for _, s := range orderflow.Scenarios() {
		list.Scenarios = append(list.Scenarios, scenarioLine{s.Name, s.Short})
	}
	return render.Print(opts.Env.Streams, opts.Format, render.View[scenarioLine]{
		Document: list, Rows: list.Scenarios,
		Columns: []render.Column[scenarioLine]{
			{Name: "SCENARIO", Raw: func(s scenarioLine) string { return s.Name }},
			{Name: "WHAT-BREAKS", Raw: func(s scenarioLine) string { return s.Short }, Shrink: true},
		},
	})
}
