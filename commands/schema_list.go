package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// manySubjects is how many subjects are asked about one by one without being told
// to. At the 25 questions a second that hosted registries allow, that takes 8 s.
const manySubjects = 200

// schemaListOptions is what "evtctl schema list" was asked.
type schemaListOptions struct {
	Env     *Env
	Which   registry.Which
	Prefix  string
	Details string // auto, always or never
	Format  render.Format
}

// subjectList is the answer. A null is what wasn't asked for, or couldn't be told.
type subjectList struct {
	Version  int       `json:"version"`
	Registry string    `json:"registry"`
	Subjects []subject `json:"subjects"` // by name
}

type subject struct {
	Subject  string  `json:"subject"`
	Type     *string `json:"type"`
	Latest   *int    `json:"latest"`
	ID       *int    `json:"id"` // of the latest version
	Versions []int   `json:"versions"`
	Mode     *string `json:"mode"`
	ModeFrom *string `json:"mode_from"`
	Deleted  *bool   `json:"deleted"` // softly, with all its versions
	Error    *string `json:"error"`
}

func newSchemaListCmd(env *Env, run func(context.Context, *schemaListOptions) error) *cobra.Command {
	opts := &schemaListOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the subjects of the schema registry",
		Long: `List the subjects of the schema registry with the type, number and id of their
latest versions. A registry has to be asked about each subject by itself,
eight at a time: once for a table, and three times where versions and mode are
shown, which is in -o wide, json, jsonl, yaml and csv. Of more than 200
subjects only the names are listed, with one question for all, unless
--details always says otherwise.

Exit codes: 0 all was read; 4 a part of it; 1 nothing.`,
		Example: `  evtctl schema list
  evtctl schema list --prefix order- -o wide
  evtctl schema list --details never -o csv
  evtctl schema list --deleted --registry http://registry:8081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			if !slices.Contains([]string{"auto", "always", "never"}, opts.Details) {
				return usagef("--details auto, always or never", "--details %q is none of auto, always and never", opts.Details)
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.BoolVar((*bool)(&opts.Which), "deleted", false, "those that were softly deleted, too")
	f.StringVar(&opts.Prefix, "prefix", "", "only subjects whose names begin with this `text`")
	f.StringVar(&opts.Details, "details", "auto", "`when` to ask about each subject: auto (up to 200), always, never")
	complete(cmd, "details", fixed("auto", "always", "never"))
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
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, opts.Prefix) })
	list := subjectList{Version: 1, Registry: client.URL(), Subjects: []subject{}}
	columns := subjectColumns
	if opts.Format == render.Table && !opts.Which {
		columns = slices.DeleteFunc(slices.Clone(columns), func(c render.Column[subject]) bool { return c.Name == "DELETED" })
	}
	switch {
	case opts.Details == "always" || opts.Details == "auto" && len(names) <= manySubjects:
		err = opts.describe(ctx, client, names, &list)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	default:
		if opts.Details == "auto" {
			render.Message(opts.Env.Streams, render.Faint, "names only, as there are %s subjects; --details always asks about each", render.Count(int64(len(names))))
		}
		for _, name := range names {
			list.Subjects = append(list.Subjects, subject{Subject: name})
		}
		if opts.Format == render.Table || opts.Format == render.Wide {
			columns = columns[:1]
		}
	}
	empty := "no subjects in this registry"
	if opts.Prefix != "" {
		empty = fmt.Sprintf("no subjects that begin with %q in this registry", opts.Prefix)
	}
	return errors.Join(render.Print(opts.Env.Streams, opts.Format, render.View[subject]{
		Document: list, Rows: list.Subjects, Columns: columns, Empty: empty,
	}), err)
}

// describe asks about each subject. Its error says of how many something is missing.
func (o *schemaListOptions) describe(ctx context.Context, client *registry.Client, names []string, list *subjectList) error {
	detail := registry.Everything
	if o.Format == render.Table {
		detail = registry.LatestOnly
	}
	progress := render.NewProgress(o.Env.Streams, "subjects read")
	found, err := client.Describe(ctx, names, detail, func(n int) { progress.Update(int64(n), int64(len(names))) })
	progress.Done()
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range found {
		list.Subjects = append(list.Subjects, described(d))
		if d.Err != nil {
			failed = append(failed, d.Err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	err = fmt.Errorf("%s not read in full: %w", plural(int64(len(failed)), "subject"), failed[0])
	if len(failed) == len(found) {
		return err
	}
	return &partialError{err}
}

func described(d registry.Description) subject {
	s := subject{Subject: d.Subject, Versions: d.Versions, Deleted: &d.Deleted}
	if d.Latest != nil {
		s.Type, s.Latest, s.ID = &d.Latest.Type, known(d.Latest.Version), known(d.Latest.ID)
	}
	if d.Mode != nil {
		from := string(d.Mode.From)
		s.Mode, s.ModeFrom = &d.Mode.Mode, &from
	}
	if d.Err != nil {
		text := d.Err.Error()
		s.Error = &text
	}
	return s
}

var subjectColumns = []render.Column[subject]{
	{Name: "SUBJECT", Raw: func(s subject) string { return s.Subject }},
	{Name: "TYPE", Raw: func(s subject) string { return deref(s.Type) }},
	{Name: "LATEST", Right: true, Raw: func(s subject) string { return number(s.Latest) }},
	{Name: "ID", Right: true, Raw: func(s subject) string { return number(s.ID) }},
	{Name: "VERSIONS", Right: true, Wide: true, Raw: func(s subject) string {
		if s.Versions == nil {
			return ""
		}
		return strconv.Itoa(len(s.Versions))
	}},
	{Name: "MODE", Wide: true, Raw: func(s subject) string { return deref(s.Mode) }},
	{Name: "MODE-FROM", Wide: true, Raw: func(s subject) string { return deref(s.ModeFrom) }},
	{Name: "DELETED", Raw: func(s subject) string { return mark(s.Deleted != nil && *s.Deleted, "yes") }},
	{Name: "ERROR", Wide: true, Raw: func(s subject) string { return deref(s.Error) }},
}
