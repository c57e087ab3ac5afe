package commands

import (
	"context"
	"strconv"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaVersionsOptions is what "evtctl schema versions" was asked.
type schemaVersionsOptions struct {
	Env     *Env
	Subject string
	Which   registry.Which
	Format  render.Format
}

// versionList is the answer.
type versionList struct {
	Version  int          `json:"version"` // of this document's form
	Registry string       `json:"registry"`
	Subject  string       `json:"subject"`
	Versions []versionRow `json:"versions"` // ascending
}

type versionRow struct {
	Version    int                `json:"version"`
	ID         *int               `json:"id"` // null: the registry doesn't say
	Type       string             `json:"type"`
	References []schema.Reference `json:"references"`
	Deleted    bool               `json:"deleted"` // softly
}

func newSchemaVersionsCmd(env *Env, run func(context.Context, *schemaVersionsOptions) error) *cobra.Command {
	opts := &schemaVersionsOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "versions SUBJECT",
		Short: "List the versions of a subject",
		Example: `  evtctl schema versions order-events-value
  evtctl schema versions order-events-value --deleted -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts.Subject = strings.TrimPrefix(args[0], "subject:")
			if opts.Subject == "" {
				return usagef("\"evtctl schema list\" shows the subjects", "the subject's name is empty")
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar((*bool)(&opts.Which), "deleted", false, "those that were softly deleted, too")
	completeArgs(cmd, false, subjectNames(env))
	return cmd
}

func runSchemaVersions(ctx context.Context, opts *schemaVersionsOptions) error {
	client, _, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	history, err := client.History(ctx, opts.Subject, opts.Which)
	if err != nil {
		return schema.Missing(ctx, client, opts.Subject, err)
	}
	list := versionList{Version: 1, Registry: client.URL(), Subject: opts.Subject, Versions: []versionRow{}}
	for _, s := range history {
		list.Versions = append(list.Versions, versionRow{
			Version: s.Version, ID: known(s.ID), Type: s.Type, References: references(s.References), Deleted: s.Deleted,
		})
	}
	return render.Print(opts.Env.Streams, opts.Format, render.View[versionRow]{
		Document: list, Rows: list.Versions, Columns: versionColumns,
	})
}

var versionColumns = []render.Column[versionRow]{
	{Name: "VERSION", Right: true, Raw: func(v versionRow) string { return strconv.Itoa(v.Version) }},
	{Name: "ID", Right: true, Raw: func(v versionRow) string { return number(v.ID) }},
	{Name: "TYPE", Raw: func(v versionRow) string { return v.Type }},
	{Name: "REFERENCES", Raw: func(v versionRow) string { return joined(v.References) }, Shrink: true},
	{Name: "DELETED", Raw: func(v versionRow) string { return mark(v.Deleted, "yes") }, Tone: func(v versionRow) render.Tone {
		if v.Deleted {
			return render.Warn
		}
		return render.Plain
	}},
}
