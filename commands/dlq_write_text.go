package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq/dispose"
)

// verbs are what is said of each action.
var verbs = map[dispose.Action]struct{ will, question, did string }{
	dispose.Replay:  {"replay", "Replay", "replayed"},
	dispose.Retry:   {"retry", "Retry", "retried"},
	dispose.Discard: {"discard", "Discard", "discarded"},
	dispose.Restore: {"restore", "Restore", "restored"},
	dispose.Import:  {"import", "Import", "imported"},
}

// dlqPlanText is a plan in words.
func dlqPlanText(p *dispose.Plan, toContext string) planText {
	var text planText
	add := func(tone render.Tone, format string, args ...any) {
		text = append(text, planLine{tone, fmt.Sprintf(format, args...)})
	}
	add(render.Plain, "%s %s of %s", verbs[p.Action].will, plural(p.Planned, "letter"), p.Topic)
	where := ""
	if toContext != "" {
		where = fmt.Sprintf(" in context %q", toContext)
	}
	for _, t := range p.Targets {
		add(render.Plain, "  to %s%s: %s", t.Name, where, render.Count(t.Letters))
	}
	if p.Parked > 0 {
		add(render.Warn, "  parked, as they were sent back too often: %s", render.Count(p.Parked))
	}
	if p.Waiting > 0 {
		add(render.Plain, "  to wait: %s, the first until %s", render.Count(p.Waiting), stamp(p.NextDue))
	}
	if p.Disposed > 0 && p.Action != dispose.Restore {
		add(render.Plain, "  dealt with already: %s", render.Count(p.Disposed))
	}
	for _, t := range p.LeftOut {
		add(render.Warn, "%s", leftOut(t))
	}
	for _, t := range p.Warnings {
		if t.Kind == "parked" {
			continue
		}
		at := ""
		if t.First.Topic != "" && (t.Count > 1 || t.First.Offset > 0 || t.First.Partition > 0) {
			at = " (" + t.First.String() + ")"
		}
		add(render.Warn, "! %s: %s%s", plural(t.Count, "letter"), t.Why, at)
	}
	if len(p.Targets) > 0 {
		add(render.Faint, "readers of uncommitted records, as Java clients are by default, may see some records twice: all copies have the same %s", dispose.HeaderID)
	}
	return text
}

func leftOut(t dispose.Tally) string {
	return fmt.Sprintf("- left out: %s: %s (%s)", plural(t.Count, "letter"), t.Why, t.First)
}

func dlqQuestion(p *dispose.Plan) string {
	return fmt.Sprintf("%s %s of %s?", verbs[p.Action].question, plural(p.Planned, "letter"), p.Topic)
}

// printPlan gives the plan as the answer.
func (o *dlqWriteOptions) printPlan(p *dispose.Plan, text planText) error {
	if isText(o.Format) {
		return text.show(o.Env.Streams, true)
	}
	return render.Print(o.Env.Streams, o.Format, render.View[dispose.Example]{
		Document: p, Lines: []any{p}, Rows: p.Examples, Columns: exampleColumns,
	})
}

var exampleColumns = []render.Column[dispose.Example]{
	{Name: "COORDINATES", Raw: func(e dispose.Example) string { return e.Coordinates.String() }},
	{Name: "DISPOSITION", Raw: func(e dispose.Example) string { return e.Disposition }},
	{Name: "TARGET", Raw: func(e dispose.Example) string {
		if e.Target == nil {
			return ""
		}
		return fmt.Sprintf("%s:%d", e.Target.Topic, e.Target.Partition)
	}},
}

var itemColumns = []render.Column[dispose.Item]{
	{Name: "COORDINATES", Raw: func(i dispose.Item) string { return i.Coordinates.String() }},
	{Name: "RESULT", Raw: func(i dispose.Item) string { return string(i.Result) }},
	{Name: "DISPOSITION", Raw: func(i dispose.Item) string { return i.Disposition }},
	{Name: "TARGET", Raw: func(i dispose.Item) string {
		if i.Target == nil {
			return ""
		}
		return i.Target.String()
	}},
	{Name: "REASON", Raw: func(i dispose.Item) string { return i.Reason }},
}

// printItem gives one letter's line at once: with -o jsonl a receipt can have any
// number of items.
func (o *dlqWriteOptions) printItem(item dispose.Item) error {
	return render.Print(o.Env.Streams, render.JSONL, render.View[dispose.Item]{Document: item, Lines: []any{item}, Columns: itemColumns})
}

// maxTold is how many letters a person is told of one by one.
const maxTold = 20

func (o *dlqWriteOptions) printReceipt(r *dispose.Receipt) error {
	s := o.Env.Streams
	if o.Format == render.JSONL { // the items were printed as they came
		bare := *r
		bare.Items, bare.MoreItems = []dispose.Item{}, int64(len(r.Items))+r.MoreItems
		return render.Print(s, o.Format, render.View[dispose.Item]{Lines: []any{bare}, Columns: itemColumns})
	}
	if !isText(o.Format) {
		return render.Print(s, o.Format, render.View[dispose.Item]{Document: r, Rows: r.Items, Columns: itemColumns})
	}
	told := 0
	for _, item := range r.Items {
		if item.Result == dispose.ItemDone && item.Disposition != "parked" {
			continue
		}
		if told++; told > maxTold {
			continue
		}
		what := string(item.Result)
		if item.Disposition != "" {
			what = item.Disposition
		}
		if err := render.Line(s, render.Warn, "%s %s: %s", what, item.Coordinates, item.Reason); err != nil {
			return err
		}
	}
	if told > maxTold {
		if err := render.Line(s, render.Warn, "and %s more; -o jsonl names all", plural(int64(told-maxTold), "letter")); err != nil {
			return err
		}
	}
	return nil
}

// receiptLine sums a receipt up.
func receiptLine(action dispose.Action, r *dispose.Receipt) string {
	parts := []string{fmt.Sprintf("%s %s of %s", verbs[action].did, render.Count(r.Done-r.Parked), plural(r.Planned, "letter"))}
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Parked, "parked"}, {r.Skipped, "skipped"}, {r.Failed, "failed"}, {r.Planned - r.Done - r.Skipped - r.Failed, "left"}} {
		if part.n > 0 {
			parts = append(parts, render.Count(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ") + "; job " + r.Job
}

// conclude prints the receipt and gives the error that sets the exit code.
func (o *dlqWriteOptions) conclude(ctx context.Context, action dispose.Action, r *dispose.Receipt, err error, c *counter) error {
	if printErr := o.printReceipt(r); printErr != nil && err == nil {
		return printErr
	}
	if isText(o.Format) {
		if printErr := render.Line(o.Env.Streams, render.Plain, "%s", receiptLine(action, r)); printErr != nil && err == nil {
			return printErr
		}
	}
	left := r.Planned - r.Done - r.Skipped - r.Failed
	switch {
	case r.Interrupted && (err == nil || ctx.Err() != nil):
		render.Message(o.Env.Streams, render.Warn, "interrupted: %s left; the same command again goes on from there", plural(left, "letter"))
		return answerError{ExitInterrupted}
	case err != nil:
		return o.unfinished(r, err, c)
	case r.Failed > 0 && r.Done+r.Skipped == 0:
		return answerError{ExitFailed}
	case r.Failed > 0:
		return answerError{ExitPartial}
	}
	return nil
}

// unfinished words the error of a run that ended before its letters did.
func (o *dlqWriteOptions) unfinished(r *dispose.Receipt, err error, c *counter) error {
	var denied *dispose.NotPermittedError
	if errors.As(err, &denied) {
		hint := "ask for the operations WRITE and DESCRIBE on transactional ids that begin so"
		if o.Request.Action != dispose.Import { // which has no way to tell what it wrote before
			hint += "; or, knowing that a second run at the same time could double records, add --at-least-once"
		}
		return &hintedError{err, hint}
	}
	if r.Done > 0 {
		return &partialError{c.settings.Explain(err)}
	}
	return c.settings.Explain(err)
}
