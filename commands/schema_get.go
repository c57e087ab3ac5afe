package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaGetOptions is what "evtctl schema get" was asked.
type schemaGetOptions struct {
	Env        *Env
	At         schema.Address // without a subject when ID or GUID counts
	ID         int
	GUID       string
	Pretty     bool
	References bool
	Format     render.Format
}

// schemaDocument is one schema with all there is to know of it.
type schemaDocument struct {
	Version    int                `json:"version"` // of this document's form
	Registry   string             `json:"registry"`
	Schema     registeredSchema   `json:"schema"`
	Referenced []registeredSchema `json:"referenced"` // null unless they were asked for
}

// registeredSchema is a schema as the registry has it. A null is what it didn't say.
type registeredSchema struct {
	Name       *string            `json:"name"` // by which another refers to it
	Subject    *string            `json:"subject"`
	Version    *int               `json:"version"`
	ID         *int               `json:"id"`
	GUID       *string            `json:"guid"`
	Type       string             `json:"type"`
	References []schema.Reference `json:"references"`
	Deleted    bool               `json:"deleted"`
	Text       string             `json:"text"`
}

func newSchemaGetCmd(env *Env, run func(context.Context, *schemaGetOptions) error) *cobra.Command {
	opts := &schemaGetOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "get SUBJECT[:VERSION] | --id N | --guid G",
		Short: "Print a registered schema",
		Long: `Print a registered schema's text, by default of the subject's latest version.
In a pipe it is what the registry has, byte for byte (Apicurio takes blanks
out of what it is given). With -o json it comes with all the registry tells of
it.

A version that was softly deleted is printed when it is asked for by its
number. An id counts within a context of the registry: a subject beside --id
says in which.`,
		Example: `  evtctl schema get order-events-value > order.avsc
  evtctl schema get order-events-value:1 --pretty
  evtctl schema get --id 7 -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(cmd, args); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.IntVar(&opts.ID, "id", 0, "the schema with this `id`")
	f.StringVar(&opts.GUID, "guid", "", "the schema with this `GUID`")
	f.BoolVar(&opts.Pretty, "pretty", false, "lay JSON out in lines")
	f.BoolVar(&opts.References, "references", false, "all that the schema refers to, too")
	completeArgs(cmd, false, subjectNames(env))
	return cmd
}

func (o *schemaGetOptions) finish(cmd *cobra.Command, args []string) (err error) {
	byID, byGUID := cmd.Flags().Changed("id"), cmd.Flags().Changed("guid")
	switch {
	case byID && byGUID, byGUID && len(args) > 0:
		return usagef("name the schema in one way", "a subject, --id and --guid are three ways to name a schema")
	case !byID && !byGUID && len(args) == 0:
		return usagef("such as \"evtctl schema get SUBJECT\"; \"evtctl schema list\" shows the subjects", "no schema is named")
	case byID && o.ID < 1:
		return usagef("ids count from 1", "--id %d is no schema's", o.ID)
	case byGUID && o.GUID == "":
		return usagef("such as --guid 0d5c6b3e-…", "--guid is empty")
	}
	if len(args) == 1 {
		if o.At, err = schema.ParseVersioned(strings.TrimPrefix(args[0], "subject:")); err != nil {
			return err
		}
	}
	if byID && o.At.Version != 0 {
		return usagef("leave the version out", "--id %d with a version: the id says it", o.ID)
	}
	o.Format, err = o.Env.format()
	return err
}

func runSchemaGet(ctx context.Context, opts *schemaGetOptions) error {
	client, _, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	found, err := opts.find(ctx, client)
	if err != nil {
		return schema.Missing(ctx, client, opts.At.Subject, err)
	}
	doc := schemaDocument{Version: 1, Registry: client.URL(), Schema: opts.shown("", found)}
	if opts.References {
		all, err := client.Resolve(ctx, found.Subject, found.References)
		if err != nil {
			return err
		}
		doc.Referenced = []registeredSchema{}
		for _, r := range all {
			doc.Referenced = append(doc.Referenced, opts.shown(r.Name, &r.Schema))
		}
	}
	return opts.print(doc)
}

func (o *schemaGetOptions) find(ctx context.Context, client *registry.Client) (*registry.Schema, error) {
	switch {
	case o.GUID != "":
		return client.ByGUID(ctx, o.GUID)
	case o.ID != 0:
		return client.ByID(ctx, o.ID, o.At.Subject)
	}
	return o.At.Find(ctx, client)
}

// shown is a schema with what isn't known left out.
func (o *schemaGetOptions) shown(name string, s *registry.Schema) registeredSchema {
	text := s.Schema
	if o.Pretty {
		text = pretty(text)
	}
	return registeredSchema{
		Name: known(name), Subject: known(s.Subject), Version: known(s.Version), ID: known(s.ID), GUID: known(s.GUID),
		Type: s.Type, References: references(s.References), Deleted: s.Deleted, Text: text,
	}
}

// pretty lays JSON out; other text, such as Protobuf's, has lines already.
func pretty(text string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		return text
	}
	return strings.TrimRight(out.String(), "\n ") + "\n"
}

func references(list []registry.Reference) []schema.Reference {
	refs := []schema.Reference{}
	for _, ref := range list {
		refs = append(refs, schema.Reference(ref))
	}
	return refs
}

// known is nil for what isn't.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func (o *schemaGetOptions) print(doc schemaDocument) error {
	s := o.Env.Streams
	if o.Format != render.Table && o.Format != render.Wide {
		rows := append([]registeredSchema{doc.Schema}, doc.Referenced...)
		return render.Print(s, o.Format, render.View[registeredSchema]{Document: doc, Rows: rows, Columns: registeredColumns})
	}
	if doc.Schema.Deleted {
		render.Message(s, render.Warn, "%s was softly deleted", o.At)
	}
	for _, r := range doc.Referenced {
		if err := o.section(r, fmt.Sprintf("%s: %s version %d", *r.Name, *r.Subject, *r.Version)); err != nil {
			return err
		}
	}
	if len(doc.Referenced) > 0 {
		return o.section(doc.Schema, "the schema itself")
	}
	return render.Verbatim(s, doc.Schema.Text)
}

// section prints one of several schemas, under a heading as head and tail have it.
func (o *schemaGetOptions) section(r registeredSchema, title string) error {
	if err := render.Line(o.Env.Streams, render.Strong, "==> %s <==", title); err != nil {
		return err
	}
	return render.Verbatim(o.Env.Streams, strings.TrimSuffix(r.Text, "\n")+"\n")
}

var registeredColumns = []render.Column[registeredSchema]{
	{Name: "NAME", Raw: func(r registeredSchema) string { return deref(r.Name) }},
	{Name: "SUBJECT", Raw: func(r registeredSchema) string { return deref(r.Subject) }},
	{Name: "VERSION", Right: true, Raw: func(r registeredSchema) string { return number(r.Version) }},
	{Name: "ID", Right: true, Raw: func(r registeredSchema) string { return number(r.ID) }},
	{Name: "GUID", Raw: func(r registeredSchema) string { return deref(r.GUID) }},
	{Name: "TYPE", Raw: func(r registeredSchema) string { return r.Type }},
	{Name: "REFERENCES", Raw: func(r registeredSchema) string { return joined(r.References) }},
	{Name: "DELETED", Raw: func(r registeredSchema) string { return mark(r.Deleted, "yes") }},
	{Name: "TEXT", Raw: func(r registeredSchema) string { return r.Text }},
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// joined writes references as --refs takes them.
func joined(refs []schema.Reference) string {
	var list []string
	for _, ref := range refs {
		list = append(list, fmt.Sprintf("%s=%s:%d", ref.Name, ref.Subject, ref.Version))
	}
	return strings.Join(list, " ")
}
