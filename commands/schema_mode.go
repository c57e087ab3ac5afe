package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaModeOptions is what "evtctl schema mode" was asked.
type schemaModeOptions struct {
	Env     *Env
	Subject string // empty: the global mode
	To      schema.Mode
	Write   bool // set To, or remove the subject's own when that is empty
	writeFlags
	planFileFlags
	Format render.Format
}

// modeDocument is the answer to a question or a write.
type modeDocument struct {
	Version  int         `json:"version"`
	Registry string      `json:"registry"`
	Subject  *string     `json:"subject"` // null: all that have no mode of their own
	Mode     schema.Mode `json:"mode"`    // in force
	From     string      `json:"from"`    // subject, context or global
	Promise  string      `json:"promise"`
	// Result is shown, planned, set, removed or nothing-to-do. To is what was asked to
	// be set, null when nothing was. Before and BeforeFrom were in force before a write.
	Result     string       `json:"result"`
	To         *schema.Mode `json:"to"`
	Before     *schema.Mode `json:"before"`
	BeforeFrom *string      `json:"before_from"`
}

func newSchemaModeCmd(env *Env, run func(context.Context, *schemaModeOptions) error) *cobra.Command {
	opts := &schemaModeOptions{Env: env}
	var unset, global bool
	cmd := &cobra.Command{
		Use:   "mode [SUBJECT] [MODE]",
		Short: "Show or set what a subject demands of new versions",
		Long: `Show the compatibility mode that counts for a subject and where it is set: for
the subject itself, for its context, or globally. With a mode, set it; a
subject need not have a version yet. Without a subject the global mode is
shown, and with --global it is set.

The modes are NONE, BACKWARD, FORWARD and FULL, of which all but NONE are
about the last version, or with _TRANSITIVE about every one. Setting a mode
checks nothing that is registered.

In a production context the subject's name has to be typed or given with
--confirm, for the global mode the context's.`,
		Example: `  evtctl schema mode
  evtctl schema mode order-events-value
  evtctl schema mode order-events-value FULL_TRANSITIVE
  evtctl schema mode order-events-value --unset --dry-run
  evtctl schema mode --global BACKWARD_TRANSITIVE --yes`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(args, unset, global); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&unset, "unset", false, "remove the subject's own mode, so that the global one counts")
	cmd.Flags().BoolVar(&global, "global", false, "set the mode of all subjects that have none of their own")
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	completeArgs(cmd, false, subjectNames(env), modeNames)
	return cmd
}

func (o *schemaModeOptions) finish(args []string, unset, global bool) (err error) {
	if o.Plan != "" && (len(args) > 0 || unset || global) {
		return usagef("leave the rest out", "--plan says what to set, and so do the arguments")
	}
	if _, err := schema.ParseMode(strings.Join(args, " ")); err == nil && !global && len(args) == 1 {
		return usagef(fmt.Sprintf("--global %s sets the global mode; a subject of that name is subject:%s", args[0], args[0]), "%q is a mode, and no subject is named", args[0])
	}
	if len(args) > 0 && !global {
		if o.Subject = strings.TrimPrefix(args[0], "subject:"); o.Subject == "" {
			return usagef("\"evtctl schema list\" shows the subjects", "the subject's name is empty")
		}
		args = args[1:]
	}
	switch {
	case global && unset, unset && o.Subject == "":
		return usagef("such as \"evtctl schema mode SUBJECT --unset\"", "--unset needs a subject: there must be a global mode")
	case unset && len(args) > 0:
		return usagef("leave one of them out", "--unset with a mode to set")
	case global && len(args) != 1:
		return usagef("such as \"evtctl schema mode --global BACKWARD\"", "--global needs one mode and no subject")
	case len(args) > 0:
		if o.To, err = schema.ParseMode(args[0]); err != nil {
			return err
		}
	}
	o.Write = unset || o.To != "" || o.Plan != ""
	if !o.Write && (o.PlanOut != "" || o.DryRun || o.Yes || o.Confirm != "") {
		return usagef("name a mode, or say --unset", "there is nothing to write")
	}
	o.Format, err = o.Env.format()
	return err
}

func runSchemaMode(ctx context.Context, opts *schemaModeOptions) error {
	client, settings, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	if !opts.Write {
		return opts.show(ctx, client)
	}
	plan, err := opts.plan(ctx, client)
	if err != nil {
		return err
	}
	if plan.Nothing() {
		return opts.print(modeAnswer(plan, "nothing-to-do"), "nothing to do: "+inForce(plan.Subject, plan.From, plan.FromLevel))
	}
	if opts.PlanOut != "" {
		if err := schema.SavePlan(opts.PlanOut, plan); err != nil {
			return err
		}
		savedPlan(opts.Env.Streams, "evtctl schema mode", opts.PlanOut)
	}
	text := modePlanText(plan)
	if opts.DryRun || opts.PlanOut != "" {
		if isText(opts.Format) {
			return text.show(opts.Env.Streams, true)
		}
		return opts.print(modeAnswer(plan, "planned"), "")
	}
	return opts.apply(ctx, client, settings, plan, text)
}

func (o *schemaModeOptions) plan(ctx context.Context, client *registry.Client) (*schema.ModeChange, error) {
	if o.Plan == "" {
		o.warnUnregistered(ctx, client)
		return schema.NewModeChange(ctx, client, o.Subject, o.To)
	}
	saved, err := schema.LoadModeChange(o.Plan)
	if err != nil {
		return nil, err
	}
	return saved.Renew(ctx, client)
}

// apply confirms, writes, and shows what is in force then.
func (o *schemaModeOptions) apply(ctx context.Context, client *registry.Client, settings *cluster.Settings, plan *schema.ModeChange, text planText) error {
	if err := text.show(o.Env.Streams, false); err != nil {
		return err
	}
	name := plan.Subject
	if name == "" {
		name = settings.Context
	}
	if err := o.confirmName(ctx, o.Env.Streams, settings, name, modeQuestion(plan)); err != nil {
		return err
	}
	if err := plan.Apply(ctx, registry.NewWriter(client)); err != nil {
		return err
	}
	answer := modeAnswer(plan, "set")
	if plan.To == "" {
		answer.Result = "removed"
	}
	var err error
	if answer.Mode, answer.From, err = schema.ModeInForce(ctx, client, plan.Subject); err != nil {
		return &hintedError{err, "the mode was changed; only what is in force now couldn't be read"}
	}
	answer.Promise = answer.Mode.Promise()
	return o.print(answer, inForce(plan.Subject, answer.Mode, answer.From)+fmt.Sprintf("; it was %s (%s)", plan.From, plan.FromLevel))
}

func (o *schemaModeOptions) show(ctx context.Context, client *registry.Client) error {
	mode, from, err := schema.ModeInForce(ctx, client, o.Subject)
	if err != nil {
		return err
	}
	o.warnUnregistered(ctx, client)
	if _, err := schema.ParseMode(o.Subject); err == nil {
		render.Message(o.Env.Streams, render.Warn, "%s is taken for the name of a subject; --global %s sets the global mode", o.Subject, o.Subject)
	}
	doc := modeDocument{Version: 1, Registry: client.URL(), Subject: known(o.Subject), Mode: mode, From: from, Promise: mode.Promise(), Result: "shown"}
	return o.print(doc, inForce(o.Subject, mode, from)+": "+mode.Promise())
}

// warnUnregistered tells of a subject without a version: a mode may be set for one,
// but the name may be mistyped as well.
func (o *schemaModeOptions) warnUnregistered(ctx context.Context, client *registry.Client) {
	if o.Subject == "" {
		return
	}
	all, err := client.Subjects(ctx, registry.Live)
	if err != nil || slices.Contains(all, o.Subject) {
		return
	}
	more := ""
	if near := schema.Near(o.Subject, all); len(near) > 0 {
		more = "; there is " + strings.Join(near, ", ")
	}
	render.Message(o.Env.Streams, render.Warn, "the registry has no version of subject %q yet%s", o.Subject, more)
}

func (o *schemaModeOptions) print(doc modeDocument, sentence string) error {
	if isText(o.Format) {
		return render.Line(o.Env.Streams, render.Plain, "%s", sentence)
	}
	return render.Print(o.Env.Streams, o.Format, render.View[modeDocument]{Document: doc, Rows: []modeDocument{doc}, Columns: modeColumns})
}

func modeAnswer(p *schema.ModeChange, result string) modeDocument {
	return modeDocument{
		Version: 1, Registry: p.Registry, Subject: known(p.Subject), Mode: p.From, From: p.FromLevel, Promise: p.From.Promise(),
		Result: result, To: known(p.To), Before: &p.From, BeforeFrom: &p.FromLevel,
	}
}

func modeQuestion(p *schema.ModeChange) string {
	if p.To == "" {
		return fmt.Sprintf("Remove %s?", ofSubject(p.Subject))
	}
	return fmt.Sprintf("Set %s to %s?", ofSubject(p.Subject), p.To)
}

func ofSubject(subject string) string {
	if subject == "" {
		return "the global mode"
	}
	return fmt.Sprintf("the mode of subject %q", subject)
}

func inForce(subject string, mode schema.Mode, from string) string {
	if subject == "" {
		return fmt.Sprintf("the global mode is %s", mode)
	}
	return fmt.Sprintf("%s is %s (%s)", ofSubject(subject), mode, from)
}

func modePlanText(p *schema.ModeChange) planText {
	if p.To == "" {
		return planText{
			{render.Plain, fmt.Sprintf("remove %s in registry %s, which is %s", ofSubject(p.Subject), p.Registry, p.From)},
			{render.Plain, "its context's mode or the global one counts then"},
		}
	}
	text := planText{
		{render.Plain, fmt.Sprintf("set %s in registry %s to %s; it is %s (%s)", ofSubject(p.Subject), p.Registry, p.To, p.From, p.FromLevel)},
		{render.Plain, fmt.Sprintf("%s: %s", p.To, p.To.Promise())},
	}
	if p.To == schema.None {
		text[1].tone = render.Warn
	}
	return text
}

var modeColumns = []render.Column[modeDocument]{
	{Name: "SUBJECT", Raw: func(d modeDocument) string { return deref(d.Subject) }},
	{Name: "MODE", Raw: func(d modeDocument) string { return string(d.Mode) }},
	{Name: "FROM", Raw: func(d modeDocument) string { return d.From }},
	{Name: "RESULT", Raw: func(d modeDocument) string { return d.Result }},
}
