package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay/copies"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/twmb/franz-go/pkg/kgo"
)

// recordEditor changes the values of records as letterEditor does. Several goroutines
// may use it at once.
type recordEditor struct {
	decoder *letterDecoder
	change  func(ctx context.Context, text []byte) ([]byte, error)
}

// Edit implements copies.Editor.
func (e *recordEditor) Edit(ctx context.Context, rec *kgo.Record) error {
	_, err := (&letterEditor{decoder: e.decoder, change: e.change}).Edit(ctx, nil, rec)
	return unlessData(err)
}

// recordDecoder decodes as letterDecoder does, and tells the registry's troubles from
// those of the data: what a query says of a record counts for good.
type recordDecoder struct{ *letterDecoder }

// Decode implements copies.Decoder.
func (d recordDecoder) Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) ([]byte, string, error) {
	text, format, err := d.letterDecoder.Decode(ctx, headers, key, data)
	return text, format, unlessData(err)
}

// recordDrafter gives keys and values as JSON that can be changed.
type recordDrafter struct{ decoder *letterDecoder }

// Draft implements copies.Drafter.
func (d recordDrafter) Draft(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (copies.Draft, error) {
	changing, err := d.decoder.wireDraft(ctx, headers, key, data)
	if changing == nil {
		return copies.Draft{}, unlessData(err)
	}
	return copies.Draft{JSON: changing.Text, Format: string(changing.Format), Encode: changing.Change}, nil
}

// unlessData makes a [copies.UnavailableError] of what has nothing to do with the data.
// That the registry doesn't know a schema is its answer.
func unlessData(err error) error {
	var unopened *unopenedError
	var asked *registry.Error
	if errors.As(err, &unopened) || errors.As(err, &asked) && !isAnswer(err) {
		return &copies.UnavailableError{Err: err}
	}
	return err
}

func isAnswer(err error) bool {
	for _, answer := range []error{registry.ErrSchemaNotFound, registry.ErrSubjectNotFound, registry.ErrVersionNotFound, registry.ErrInvalid} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

// copyMemory is from where on the garbage collector works harder: more than four
// transactions of 1 KiB records take, as less would make copying slow.
const copyMemory = 160 << 20

// runReplayCopy plans, shows, asks, copies, verifies, and shows what happened.
func runReplayCopy(ctx context.Context, o *replayCopyOptions) error {
	o.Env.limitMemory(copyMemory)
	client, settings, err := o.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	to, closeTo, err := o.Env.openCounter(ctx, o.ToContext, client, settings)
	if err != nil {
		return err
	}
	defer closeTo()
	decoder := &letterDecoder{env: o.Env}
	o.Request.Audience = &audience{to.client, to.settings, o.Env.Now}
	plan, err := o.plan(ctx, decoder, settings, copies.Look(client), copies.Look(to.client))
	var lost *copies.LostError
	if errors.As(err, &lost) && o.Verify && !o.DryRun && o.PlanOut == "" {
		return o.onlyVerify(ctx, plan, settings, to, lost)
	}
	if err != nil {
		return err
	}
	s := o.Env.Streams
	if o.PlanOut != "" {
		if err := plan.Save(o.PlanOut); err != nil {
			return err
		}
		savedPlan(s, "evtctl replay copy", o.PlanOut)
	}
	if o.DryRun || o.PlanOut != "" {
		return o.printPlan(plan)
	}
	return o.carryOut(ctx, plan, decoder, settings, to)
}

// plan makes the plan, or reads the one that was kept.
func (o *replayCopyOptions) plan(ctx context.Context, decoder *letterDecoder, settings *cluster.Settings, from, to *copies.View) (*copies.Plan, error) {
	progress := render.NewProgress(o.Env.Streams, "planning")
	defer progress.Done()
	var saved *copies.Plan
	if o.Plan != "" {
		var err error
		if saved, err = copies.LoadPlan(o.Plan); err != nil {
			return nil, err
		}
		if err := o.compile(saved.Where, saved.Set, saved.SetRecord); err != nil {
			return nil, err
		}
	}
	o.Request.Decoder, o.Request.Drafter = recordDecoder{decoder}, recordDrafter{decoder}
	if o.Set != nil {
		o.Request.Edit = &recordEditor{decoder, o.Set.Apply}
	}
	return within(ctx, settings, func(ctx context.Context) (*copies.Plan, error) {
		if saved != nil {
			return saved.Renew(ctx, from, to, o.Request)
		}
		return copies.NewPlan(ctx, from, to, o.Request)
	})
}

// carryOut shows a plan, asks, and does what it says.
func (o *replayCopyOptions) carryOut(ctx context.Context, plan *copies.Plan, decoder *letterDecoder, from *cluster.Settings, to *counter) error {
	s := o.Env.Streams
	var (
		receipt  *copies.Receipt
		verified *copies.Verification
		err      error
	)
	if plan.Left() > 0 {
		if err := o.showPlan(plan); err != nil {
			return err
		}
		question := fmt.Sprintf("Copy %s of %s to %s?", plural(plan.Left(), "offset"), plan.From.Topic, plan.To.Topic)
		if err := o.confirmName(ctx, s, to.settings, plan.To.Topic, question); err != nil {
			return err
		}
	} else {
		o.planWords(plan)
	}
	receipt, err = o.apply(ctx, plan, to)
	decoder.tell(s)
	if o.Verify && err == nil && !receipt.Interrupted {
		verified, err = o.verify(ctx, plan)
		err = from.Explain(err)
	}
	return o.conclude(ctx, plan, receipt, verified, err)
}

// onlyVerify is what can be done where it was lost what was copied already.
func (o *replayCopyOptions) onlyVerify(ctx context.Context, plan *copies.Plan, from *cluster.Settings, to *counter, lost error) error {
	s := o.Env.Streams
	render.Message(s, render.Warn, "warning: %v", lost)
	render.Message(s, render.Warn, "nothing is copied: all of the span is expected in %s", plan.To.Topic)
	receipt, _ := o.apply(ctx, plan, to) // which refuses it
	verified, err := o.verify(ctx, plan)
	return o.conclude(ctx, plan, receipt, verified, from.Explain(err))
}

func (o *replayCopyOptions) apply(ctx context.Context, plan *copies.Plan, to *counter) (*copies.Receipt, error) {
	progress := render.NewProgress(o.Env.Streams, "copying")
	defer progress.Done()
	hard, release := o.Env.heedBrake(ctx)
	defer release()
	total := plan.Left()
	w := &copies.Writer{
		Client: to.client, Options: to.options, Who: o.Env.who(), Job: copies.NewJob(o.Env.Now(), random32()), Rate: o.Rate, Hard: hard, Now: o.Env.Now,
		Progress: func(offsets int64) { progress.Update(offsets, total) },
		Notice:   func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) },
		Report: func(item copies.Item) {
			if o.Format == render.JSONL {
				_ = o.printItem(item)
			}
		},
	}
	receipt, err := w.Apply(ctx, plan)
	var denied *copies.NotPermittedError
	if errors.As(err, &denied) {
		return receipt, &hintedError{err, "a copy needs transactions to be exactly once: ask for the operations WRITE and DESCRIBE on transactional ids that begin with evtctl.copy."}
	}
	return receipt, to.settings.Explain(err)
}

func (o *replayCopyOptions) verify(ctx context.Context, plan *copies.Plan) (*copies.Verification, error) {
	progress := render.NewProgress(o.Env.Streams, "verifying")
	defer progress.Done()
	return plan.Verify(ctx, func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) })
}
