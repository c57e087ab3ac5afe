package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// offsetsWrite is a write of offsets: plan, show, confirm, apply, receipt. The
// commands that set offsets differ in how they plan only.
type offsetsWrite struct {
	Env *Env
	writeFlags
	planFileFlags
	Format   render.Format
	Command  string // for hints, such as "evtctl replay reset"
	IDHeader string // the records behind a cut are looked at; empty: they aren't
}

// planner makes the plan, with what can't write.
type planner func(context.Context, replay.Reader) (*replay.Plan, error)

func (w *offsetsWrite) run(ctx context.Context, make planner) error {
	cl, settings, err := w.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	plan, err := w.plan(ctx, cl, settings, make)
	if err != nil {
		return err
	}
	if w.PlanOut != "" {
		if err := plan.Save(w.PlanOut); err != nil {
			return err
		}
		savedPlan(w.Env.Streams, w.Command, w.PlanOut)
	}
	if w.DryRun || w.PlanOut != "" {
		return printReplayPlan(w.Env.Streams, w.Format, plan)
	}
	return w.apply(ctx, cl, settings, plan)
}

// plan makes the plan, or reads the one that was kept.
func (w *offsetsWrite) plan(ctx context.Context, cl *kgo.Client, settings *cluster.Settings, make planner) (*replay.Plan, error) {
	if w.Plan != "" {
		plan, err := replay.Load(w.Plan)
		if err != nil {
			return nil, err
		}
		_, err = within(ctx, settings, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, plan.Fresh(ctx, kadm.NewClient(cl))
		})
		return plan, err
	}
	progress := render.NewProgress(w.Env.Streams, "planning")
	defer progress.Done()
	return within(ctx, settings, func(ctx context.Context) (*replay.Plan, error) {
		plan, err := make(ctx, kadm.NewClient(cl))
		if err != nil || w.IDHeader == "" {
			return plan, err
		}
		return plan, plan.Look(ctx, cl, w.IDHeader)
	})
}

// apply shows the plan, asks, and commits. The plan is what the question is about, so
// that it goes to stderr; the receipt is the answer.
func (w *offsetsWrite) apply(ctx context.Context, cl *kgo.Client, settings *cluster.Settings, plan *replay.Plan) error {
	s := w.Env.Streams
	if err := showReplayPlan(s, plan); err != nil {
		return err
	}
	question := fmt.Sprintf("Set %s of group %s?", plural(int64(len(plan.Moves)), "offset"), plan.Group)
	if err := w.confirmName(ctx, s, settings, plan.Group, question); err != nil {
		return err
	}
	receipt, err := within(ctx, settings, func(ctx context.Context) (*replay.Receipt, error) { return plan.Apply(ctx, kadm.NewClient(cl)) })
	if receipt == nil {
		return err
	}
	if printed := printReceipt(s, w.Format, plan, receipt); printed != nil {
		return errors.Join(err, printed)
	}
	if err != nil && receipt.Done > 0 {
		return &partialError{err}
	}
	return err
}

func printReceipt(s *render.Streams, f render.Format, plan *replay.Plan, r *replay.Receipt) error {
	if !isText(f) {
		return render.Print(s, f, render.View[replay.Item]{Document: r, Rows: r.Items, Columns: commitColumns})
	}
	tone := render.Good
	if r.Failed > 0 {
		tone = render.Bad
	}
	if err := render.Line(s, tone, "group %s: %d of %s set", r.Group, r.Done, plural(int64(r.Planned), "offset")); err != nil {
		return err
	}
	if r.Undo != "" {
		render.Message(s, render.Plain, "what was there before is kept in group %s; evtctl replay undo --group %s brings it back", r.Undo, shellWord(r.Group))
	}
	if r.Failed == 0 && !plan.InPlace {
		render.Message(s, render.Plain, "start a %s with group.id=%s; evtctl replay status --group %s follows it", consumerWord(plan), r.Group, shellWord(r.Group))
	}
	return nil
}

func consumerWord(p *replay.Plan) string {
	if p.Share {
		return "share consumer"
	}
	return "consumer"
}

var commitColumns = []render.Column[replay.Item]{
	{Name: "TOPIC", Raw: func(i replay.Item) string { return i.Topic }},
	{Name: "PARTITION", Right: true, Raw: func(i replay.Item) string { return fmt.Sprint(i.Partition) }},
	{Name: "OFFSET", Right: true, Raw: func(i replay.Item) string { return fmt.Sprint(i.Offset) }},
	{Name: "RESULT", Raw: func(i replay.Item) string { return i.Result }},
	{Name: "REASON", Raw: func(i replay.Item) string { return i.Reason }},
}

func timeCell(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}
