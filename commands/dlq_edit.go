package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

// maxEdited is how many letters are edited at once: more can't be looked through.
const maxEdited = 100

// dlqEditOptions is what "evtctl dlq edit" was asked.
type dlqEditOptions struct {
	dlqWriteOptions
	ValueFile  string
	ValuesFile string // what an edit of several letters has left

	kept  *keptSheet  // what is in ValuesFile
	typed *typedSheet // in an editor; nil: nothing
}

func newDLQEditCmd(env *Env, run func(context.Context, *dlqEditOptions) error) *cobra.Command {
	opts := &dlqEditOptions{dlqWriteOptions: dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Replay}}}
	flags := &choiceFlags{}
	var set string
	cmd := &cobra.Command{
		Use:   "edit TOPIC|COORDINATES…",
		Short: "Change values of letters, and send them back",
		Long: `Change the values of dead letters and send them back, exactly once, as "evtctl dlq
replay" does: in the editor that $VISUAL or $EDITOR names, by --set and jq, or, of one
letter, with the value that a file has. What was typed and isn't sent, as when the
question is answered with no, is kept in a file; it is said where, and with which of
--value-file and --values-file to go on.

Several letters, up to 100, are in one file, each below a line with its coordinates.
A letter that isn't changed is not sent, and neither is one that is deleted together
with its line. Where a change can't be sent, the editor is opened again and says why;
left as it is then, the file ends the command.

A value with a schema is edited as JSON, checked against that very schema and
encoded with it. What is not changed keeps its bytes: long numbers, the order of
members, blanks. The differences are shown before anything is sent. An editor that
ends with an error, or changes nothing, sends nothing. How often a letter was sent
back before doesn't count here.`,
		Example: `  evtctl dlq edit orders-dlt:0:17
  evtctl dlq edit orders-dlt --fingerprint 0f2a9c1d44e7 --limit 20 --reason "INC-4711"
  evtctl dlq edit orders-dlt:0:17 --set '.currency="EUR"' --reason "INC-4711" --yes
  evtctl dlq edit orders-dlt:0:17 --value-file fixed.json --dry-run
  evtctl dlq edit --values-file evtctl-edit-1.txt --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(flags, args, set); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	f := cmd.Flags()
	f.StringVar(&set, "set", "", "change each value by this `jq`, such as '.currency = \"EUR\"'")
	f.StringVar(&opts.ValueFile, "value-file", "", "take the value from this `file`: JSON where it has a schema, else its very bytes")
	f.StringVar(&opts.ValuesFile, "values-file", "", "take the letters and their values from this `file`, which an edit of several letters has left")
	f.StringVar(&opts.Request.To, "to", "", "send to this `topic` (default: where each letter came from)")
	f.StringVar(&opts.Request.Reason, "reason", "", "why, `text` for the history")
	f.BoolVar(&opts.AtLeastOnce, "at-least-once", false, "do without transactions, where they aren't permitted")
	opts.writeFlags.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("set", "value-file", "values-file")
	complete(cmd, "to", topicNames(env))
	return cmd
}

func (o *dlqEditOptions) finish(flags *choiceFlags, args []string, set string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if set != "" {
		if o.Set, err = dispose.NewSet(set); err != nil {
			return err
		}
		o.Request.EditText = set
	}
	if o.ValuesFile != "" {
		if len(args) > 0 {
			return usagef("leave them out", "--values-file names its letters, and others are named")
		}
		if o.kept, err = readKept(o.ValuesFile); err != nil {
			return err
		}
		args = o.kept.letters
	}
	if err := flags.choose(&o.Request, args); err != nil {
		return err
	}
	o.Request.QueryText = flags.words()
	switch n := max(o.Request.Limit, len(o.Request.Letters)); {
	case n > maxEdited:
		return tooManyEdited()
	case o.ValueFile != "" && len(o.Request.Letters) != 1:
		return usagef("name one letter, such as "+orNone(o.Request.Query.Topic, "orders-dlt")+":0:17", "--value-file has the value of one letter")
	}
	return nil
}

func tooManyEdited() error {
	return usagef(fmt.Sprintf("--limit %d takes the first, and the same command again the next; \"evtctl dlq replay --set\" changes any number", maxEdited),
		"%d letters at most are edited at once, and these are more", maxEdited)
}

func runDLQEdit(ctx context.Context, opts *dlqEditOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	return opts.edit(ctx, office)
}

// edit changes the letters and sends them back.
func (o *dlqEditOptions) edit(ctx context.Context, office *postOffice) error {
	if len(o.Request.Letters) == 1 {
		if _, err := office.Get(ctx, o.Request.Letters[0]); err != nil {
			return office.explain(ctx, err)
		}
	}
	counter, closeCounter, err := o.openCounter(ctx, office)
	if err != nil {
		return err
	}
	defer closeCounter()
	drafts := &draftEditor{decoder: office.decoder, forEditor: o.inEditor()}
	plan, err := o.look(ctx, office, counter, drafts)
	if err != nil {
		return office.explain(ctx, err)
	}
	if len(drafts.list) == 0 {
		return o.nothingToEdit(ctx, plan)
	}
	if err := o.change(ctx, drafts.list); err != nil {
		o.keep(drafts.list)
		return err
	}
	if !changesAny(drafts.list) {
		for _, t := range plan.LeftOut {
			render.Message(o.Env.Streams, render.Warn, "%s", leftOut(t))
		}
		render.Message(o.Env.Streams, render.Plain, "nothing was changed, and nothing is sent")
		return nil
	}
	if err := o.refusedAll(drafts.list); err != nil {
		return err
	}
	return o.send(ctx, office, counter, plan, drafts)
}

// inEditor tells that a person makes the changes.
func (o *dlqEditOptions) inEditor() bool {
	return o.Set == nil && o.ValueFile == "" && o.ValuesFile == ""
}

// look finds the letters that can be edited, and their drafts.
func (o *dlqEditOptions) look(ctx context.Context, office *postOffice, counter *counter, drafts *draftEditor) (*dispose.Plan, error) {
	progress := render.NewProgress(o.Env.Streams, "looking for letters")
	defer progress.Done()
	req := &o.Request
	req.MaxReplays = -1        // a person looks at it
	req.AllowTombstones = true // a letter without a value isn't edited, and so not sent
	looking := *req
	looking.Edit, looking.Order = drafts, dispose.Force
	if looking.Limit == 0 {
		looking.Limit = maxEdited + 1
	}
	plan, err := dispose.NewPlan(ctx, office.Reader, dispose.Look(counter.client), looking)
	if err == nil { // a letter more than the limit may have been looked at
		drafts.list = slices.DeleteFunc(drafts.list, func(d *draft) bool { return !plan.Names(d.at) })
	}
	switch {
	case err != nil:
		return nil, err
	case len(drafts.list) > maxEdited:
		return nil, tooManyEdited()
	case drafts.size > maxSheet:
		return nil, usagef("--limit takes fewer", "the letters have more than %d MB: too much to be edited at once", maxSheet>>20)
	}
	return plan, nil
}

// nothingToEdit says why. Of a single letter, it was asked wrongly.
func (o *dlqEditOptions) nothingToEdit(ctx context.Context, plan *dispose.Plan) error {
	if len(o.Request.Letters) != 1 || len(plan.LeftOut) == 0 {
		return o.nothing(ctx, plan, dlqPlanText(plan, ""))
	}
	at, why := o.Request.Letters[0], plan.LeftOut[0]
	if why.Kind == "disposed" {
		return usagef("\"evtctl dlq restore "+at.String()+"\" takes that back", "letter %s is %s", at, why.Why)
	}
	return refusedEdit(at, errors.New(why.Why))
}

// refusedEdit words why an edit can't be made: what the schema refuses was asked wrongly.
func refusedEdit(at dlq.Coordinates, err error) error {
	return usagef("nothing was sent; \"evtctl dlq show "+at.String()+"\" shows the letter as it is", "editing %s: %v", at, err)
}

// change changes the drafts. What can't be changed fails by itself, unless it is all
// there is.
func (o *dlqEditOptions) change(ctx context.Context, drafts []*draft) error {
	switch {
	case o.inEditor():
		return o.askEditor(ctx, drafts)
	case o.kept != nil:
		return o.kept.put(o.ValuesFile, drafts)
	}
	for _, d := range drafts {
		var text []byte
		var err error
		if o.Set != nil {
			text, err = o.Set.Apply(ctx, d.text)
		} else {
			text, err = readValue(o.ValueFile)
		}
		switch d.put(text, err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case d.err != nil && len(o.Request.Letters) == 1:
			return refusedEdit(d.at, d.err)
		}
	}
	return nil
}
