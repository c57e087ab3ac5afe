package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaListOptions is what "evtctl schema list" was asked.
type schemaListOptions struct {
	Env    *Env
	Which  registry.Which
	Format render.Format
}

// subjectList is the answer.
type subjectList struct {
	Version  int       `json:"version"`
	Registry string    `json:"registry"`
	Subjects []subject `json:"subjects"`
}

type subject struct {
	Subject string `json:"subject"`
}

func newSchemaListCmd(env *Env, run func(context.Context, *schemaListOptions) error) *cobra.Command {
	opts := &schemaListOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the subjects of the schema registry",
		Example: `  evtctl schema list
  evtctl schema list --deleted --registry http://registry:8081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar((*bool)(&opts.Which), "deleted", false, "those that were softly deleted, too")
	return cmd
}

func runSchemaList(ctx context.Context, opts *schemaListOptions) error {
	client, _, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	names, err := client.Subjects(ctx, opts.Which)
	if err != nil {
		return err
	}
	list := subjectList{Version: 1, Registry: client.URL(), Subjects: []subject{}}
	for _, name := range names {
		list.Subjects = append(list.Subjects, subject{name})
	}
	return render.Print(opts.Env.Streams, opts.Format, render.View[subject]{
		Document: list, Rows: list.Subjects, Empty: "no subjects in this registry",
		Columns: []render.Column[subject]{{Name: "SUBJECT", Raw: func(s subject) string { return s.Subject }}},
	})
}
