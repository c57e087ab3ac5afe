package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/spf13/cobra"
)

// schemaRegisterOptions is what "evtctl schema register" was asked.
type schemaRegisterOptions struct {
	Env     *Env
	Load    schema.LoadRequest
	Request schema.RegistrationRequest
	writeFlags
	planFileFlags
	Format render.Format
}

// schemaRegisterFlags are the flags as typed.
type schemaRegisterFlags struct {
	refs         []string
	mode, format string
}

func newSchemaRegisterCmd(env *Env, run func(context.Context, *schemaRegisterOptions) error) *cobra.Command {
	opts := &schemaRegisterOptions{Env: env}
	flags := &schemaRegisterFlags{}
	cmd := &cobra.Command{
		Use:   "register PATH --subject SUBJECT",
		Short: "Check a schema and register it as a subject's next version",
		Long: `Check a schema as "evtctl schema check" does, against the versions in the
registry, and register it as the subject's next version. An incompatible
schema is not registered, and there is no --force: a break is planned with
"evtctl schema plan-break", and a subject that is to take anything is given
the mode NONE, which is a write of its own. What the subject has already is
not written again.

References of the latest version that the schema still needs are taken over;
others are named with --refs.

A plan saved with --plan-out is for one registry and one latest version;
--plan refuses it when either is another one, or the file was edited, and
checks again. In a production context the subject's name has to be typed or
given with --confirm.

Exit codes: 0 registered, or there already; 3 incompatible, nothing was
written; 2 asked wrongly or not confirmed, nothing was written; 1 it couldn't
be done.`,
		Example: `  evtctl schema register order.avsc --subject order-events-value --dry-run
  evtctl schema register order.avsc --subject order-events-value --yes
  evtctl schema register order.proto --subject order-value --refs money.proto=money-value:1
  evtctl schema register --plan order.plan.json --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(flags, args); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Load.Subject, "subject", "", "the `subject` to register it in")
	f.StringArrayVar(&flags.refs, "refs", nil, "a registered schema it refers to, `NAME=SUBJECT:VERSION` (repeat for more)")
	f.StringVar(&flags.mode, "mode", "", "check by this compatibility `mode` (default: the subject's)")
	f.StringVar(&flags.format, "format", "", "the schema's `language` where the file's name doesn't tell: avro, json, protobuf")
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	complete(cmd, "subject", subjectNames(env))
	complete(cmd, "mode", modeNames)
	complete(cmd, "format", fixed("avro", "json", "protobuf"))
	return cmd
}

func (o *schemaRegisterOptions) finish(f *schemaRegisterFlags, args []string) (err error) {
	switch {
	case o.Plan != "" && (len(args) > 0 || o.Load.Subject != "" || len(f.refs) > 0 || f.mode != "" || f.format != ""):
		return usagef("leave the rest out", "--plan says what to register, and so do the arguments")
	case o.Plan == "" && len(args) == 0:
		return usagef("such as \"evtctl schema register order.avsc --subject order-events-value\"", "no schema file is named")
	case o.Plan == "" && o.Load.Subject == "":
		return usagef("such as --subject order-events-value; \"evtctl schema list\" shows those there are", "registering %s: no subject is named", args[0])
	}
	o.Load.Paths = args
	for _, text := range f.refs {
		ref, err := schema.ParseReference(text)
		if err != nil {
			return err
		}
		o.Request.References = append(o.Request.References, ref)
	}
	if f.mode != "" {
		if o.Request.Mode, err = schema.ParseMode(f.mode); err != nil {
			return err
		}
	}
	if f.format != "" {
		if o.Load.Format, err = schema.ParseFormat(f.format); err != nil {
			return err
		}
	}
	o.Request.Now = o.Env.Now()
	o.Format, err = o.Env.format()
	return err
}

func runSchemaRegister(ctx context.Context, opts *schemaRegisterOptions) error {
	client, settings, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	plan, err := opts.plan(ctx, client)
	switch {
	case err != nil:
		return err
	case plan.Already != 0:
		return opts.print(registrationAnswer(plan, "already-registered"), alreadyText(plan))
	case !plan.Check.Compatible:
		return opts.refuse(plan)
	case opts.PlanOut != "":
		if err := schema.SavePlan(opts.PlanOut, &plan.RegistrationPlan); err != nil {
			return err
		}
		savedPlan(opts.Env.Streams, "evtctl schema register", opts.PlanOut)
		return opts.print(registrationAnswer(plan, "planned"), registrationText(plan))
	case opts.DryRun:
		return opts.print(registrationAnswer(plan, "planned"), registrationText(plan))
	}
	return opts.apply(ctx, client, settings, plan)
}

func (o *schemaRegisterOptions) plan(ctx context.Context, client *registry.Client) (*schema.Registration, error) {
	if o.Plan != "" {
		saved, err := schema.LoadRegistration(o.Plan)
		if err != nil {
			return nil, err
		}
		return saved.Renew(ctx, client, o.Request)
	}
	loaded, err := schema.Load(o.Load)
	if err != nil {
		return nil, err
	}
	o.Request.Candidate = loaded.Candidates[0]
	plan, err := schema.NewRegistration(ctx, client, o.Request)
	if err != nil {
		return nil, o.missingReference(ctx, client, err)
	}
	return plan, nil
}

// missingReference words the error of a reference that the registry doesn't have.
func (o *schemaRegisterOptions) missingReference(ctx context.Context, client *registry.Client, err error) error {
	for _, ref := range o.Request.References {
		if quotes(err, ref.Subject) {
			return schema.Missing(ctx, client, ref.Subject, err)
		}
	}
	return err
}

// refuse says what is incompatible: exit code 3.
func (o *schemaRegisterOptions) refuse(plan *schema.Registration) error {
	if err := o.print(registrationAnswer(plan, "incompatible"), refusalText(plan)); err != nil {
		return err
	}
	render.Message(o.Env.Streams, render.Plain, "hint: \"%s\" shows four ways to make a change that breaks", planBreakCommand(plan))
	return answerError{ExitBadNews}
}

func (o *schemaRegisterOptions) apply(ctx context.Context, client *registry.Client, settings *cluster.Settings, plan *schema.Registration) error {
	if err := registrationText(plan).show(o.Env.Streams, false); err != nil {
		return err
	}
	question := fmt.Sprintf("Register it as the next version of subject %q?", plan.Subject)
	if err := o.confirmName(ctx, o.Env.Streams, settings, plan.Subject, question); err != nil {
		return err
	}
	receipt, err := plan.Apply(ctx, client, registry.NewWriter(client))
	if errors.Is(err, registry.ErrIncompatible) {
		return &hintedError{err, fmt.Sprintf("the registry refused it although the check passed; \"evtctl schema mode %s\" shows what it demands", plan.Subject)}
	}
	if err != nil {
		return err
	}
	answer := registrationAnswer(plan, "registered")
	answer.RegisteredVersion, answer.ID = known(int(receipt.Version)), known(receipt.ID)
	return o.print(answer, receiptText(receipt))
}

func (o *schemaRegisterOptions) print(doc registrationDocument, text planText) error {
	if isText(o.Format) {
		return text.show(o.Env.Streams, true)
	}
	return render.Print(o.Env.Streams, o.Format, render.View[registrationDocument]{
		Document: doc, Rows: []registrationDocument{doc}, Columns: slices.Clone(registrationColumns),
	})
}
