package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaDiffOptions is what "evtctl schema diff" was asked.
type schemaDiffOptions struct {
	Env      *Env
	From, To schema.Address
	Refs     []string
	ExitCode bool
	Format   render.Format
}

func newSchemaDiffCmd(env *Env, run func(context.Context, *schemaDiffOptions) error) *cobra.Command {
	opts := &schemaDiffOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell in words what changed between two schemas, and who reads whose data",
		Long: `Tell in words what changed from one schema to another, field by field, whether
each reads the other's data, and which side to deploy first. Each of the two
is

  FILE                  a file that exists
  SUBJECT               the latest version in the registry
  SUBJECT:VERSION       a version, also written SUBJECT@VERSION
  git:REVISION:PATH     a file as it was at a git revision

A file wins over a subject of the same name; file: and subject: before a name
say which is meant. What files refer to is looked for in --refs, and in what
the other schema refers to in the registry.

Exit codes: 0 when the two could be compared, also when they differ; with
--exit-code 3 when they differ.`,
		Example: `  evtctl schema diff order-events-value:1 order-events-value
  evtctl schema diff order-events-value order.avsc
  evtctl schema diff git:main:schemas/order.avsc schemas/order.avsc --refs schemas
  evtctl schema diff order-events-value order.avsc --exit-code -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			from, fromErr := schema.ParseAddress(args[0])
			to, toErr := schema.ParseAddress(args[1])
			if err := errors.Join(fromErr, toErr); err != nil {
				return err
			}
			opts.From, opts.To = from, to
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&opts.Refs, "refs", nil, "a `path` of files that the schemas refer to (repeat for more)")
	f.BoolVar(&opts.ExitCode, "exit-code", false, "end with 3 when the two differ")
	completeArgs(cmd, true, subjectNames(env), subjectNames(env))
	return cmd
}

func runSchemaDiff(ctx context.Context, opts *schemaDiffOptions) error {
	from, to, err := opts.read(ctx)
	if err != nil {
		return err
	}
	comparison, err := schema.Diff(from, to)
	if err != nil {
		return err
	}
	if err := printDiff(opts.Env.Streams, opts.Format, comparison); err != nil {
		return err
	}
	if opts.ExitCode && len(comparison.Changes) > 0 {
		return answerError{ExitBadNews}
	}
	return nil
}

// read reads the two. For files nobody has to be logged in to a registry.
func (o *schemaDiffOptions) read(ctx context.Context) (from, to schema.Compared, err error) {
	if o.From.File != "" && o.To.File != "" {
		return schema.ReadPair(ctx, nil, o.From, o.To, o.Refs)
	}
	client, _, err := o.Env.OpenRegistry(ctx)
	if err != nil {
		return from, to, err
	}
	from, to, err = schema.ReadPair(ctx, client, o.From, o.To, o.Refs)
	if err != nil {
		err = o.missing(ctx, client, err)
	}
	return from, to, err
}

// missing words the error of whichever side isn't there.
func (o *schemaDiffOptions) missing(ctx context.Context, client *registry.Client, err error) error {
	for _, a := range []schema.Address{o.From, o.To} {
		var e *registry.Error
		if a.File == "" && errors.As(err, &e) && quotes(e, a.Subject) {
			return schema.Missing(ctx, client, a.Subject, err)
		}
	}
	return err
}

func printDiff(s *render.Streams, f render.Format, c *schema.Comparison) error {
	if f != render.Table && f != render.Wide {
		return render.Print(s, f, render.View[schema.Change]{Document: c, Rows: c.Changes, Columns: changeColumns})
	}
	if err := render.Line(s, render.Strong, "from %s to %s", c.From, c.To); err != nil {
		return err
	}
	if len(c.Changes) == 0 {
		return render.Line(s, render.Plain, "no difference: the two say the same")
	}
	for _, change := range c.Changes {
		if err := render.Line(s, changeTone(change), "%s", changeLine(change)); err != nil {
			return err
		}
	}
	return printReaders(s, c)
}

// changeMark tells what was added, removed and changed without colour.
func changeMark(c schema.Change) string {
	switch {
	case strings.HasSuffix(c.Kind, "-added"):
		return "+"
	case strings.HasSuffix(c.Kind, "-removed"):
		return "-"
	}
	return "~"
}

func changeTone(c schema.Change) render.Tone {
	return map[string]render.Tone{"+": render.Good, "-": render.Bad, "~": render.Warn}[changeMark(c)]
}

// changeLine is a change with its field, where its words don't name it.
func changeLine(c schema.Change) string {
	line := "  " + changeMark(c) + " "
	if last := c.Field[strings.LastIndexByte(c.Field, '.')+1:]; c.Field != "" && (last != c.Field || !strings.Contains(c.Text, last)) {
		line += c.Field + ": "
	}
	return line + c.Text
}

// printReaders says who reads whose data, why not, and what to deploy first.
func printReaders(s *render.Streams, c *schema.Comparison) error {
	for _, side := range []struct {
		direction schema.Direction
		reads     bool
		readers   string
	}{
		{schema.NewReadsOld, c.ReadsOld, "consumers with the new schema %s what was written with the old one"},
		{schema.OldReadsNew, c.ReadByOld, "consumers on the old schema %s what is written with the new one"},
	} {
		verb, tone := "can read", render.Good
		if !side.reads {
			verb, tone = "can't read", render.Bad
		}
		if err := render.Prose(s, tone, "", side.readers, verb); err != nil {
			return err
		}
		for _, o := range c.Obstacles {
			if o.Direction != side.direction {
				continue
			}
			if err := render.Prose(s, render.Plain, "  - ", "%s (%s at %s)", o.Message, o.Rule, o.Path); err != nil {
				return err
			}
		}
	}
	if err := render.Prose(s, render.Plain, "", "%s", c.Deploy); err != nil {
		return err
	}
	render.Message(s, render.Faint, "by the rules of %s", c.Rules)
	return nil
}

var changeColumns = []render.Column[schema.Change]{
	{Name: "KIND", Raw: func(c schema.Change) string { return c.Kind }},
	{Name: "FIELD", Raw: func(c schema.Change) string { return c.Field }},
	{Name: "CHANGE", Raw: func(c schema.Change) string { return c.Text }},
	{Name: "FROM", Raw: func(c schema.Change) string { return c.From }},
	{Name: "TO", Raw: func(c schema.Change) string { return c.To }},
}
