package commands

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay/copies"
)

var copySpanColumns = []render.Column[copies.Span]{
	{Name: "PARTITION", Right: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.Partition) }},
	{Name: "FROM-OFFSET", Right: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.From) }},
	{Name: "UNTIL-OFFSET", Right: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.Until) }},
	{Name: "OFFSETS", Right: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.Until - s.From) }},
	{Name: "DONE-BEFORE", Right: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.Before) }},
	{Name: "LOG-START-OFFSET", Right: true, Wide: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.LogStart) }},
	{Name: "LOG-END-OFFSET", Right: true, Wide: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.LogEnd) }},
	{Name: "TOO-OLD", Right: true, Wide: true, Raw: func(s copies.Span) string { return fmt.Sprint(s.TooOld) }},
}

// printPlan gives the plan as the answer; what a person has to know beside the rows
// goes to stderr.
func (o *replayCopyOptions) printPlan(p *copies.Plan) error {
	err := render.Print(o.Env.Streams, o.Format, render.View[copies.Span]{Document: p, Rows: p.Spans, Columns: copySpanColumns})
	if err == nil && isText(o.Format) {
		o.planWords(p)
	}
	return err
}

// showPlan shows a plan before a question, on stderr.
func (o *replayCopyOptions) showPlan(p *copies.Plan) error {
	s := o.Env.Streams
	var table bytes.Buffer
	rows := p.Spans[:min(len(p.Spans), shownMoves)]
	err := render.Print(&render.Streams{Out: &table, Err: &table}, render.Table, render.View[copies.Span]{Rows: rows, Columns: copySpanColumns})
	if err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		render.Message(s, render.Plain, "%s", strings.TrimRight(line, "\n"))
	}
	if more := len(p.Spans) - len(rows); more > 0 {
		render.Message(s, render.Plain, "… and %s; --dry-run shows all", plural(int64(more), "partition"))
	}
	o.planWords(p)
	return nil
}

// planWords sums a plan up.
func (o *replayCopyOptions) planWords(p *copies.Plan) {
	s, where := o.Env.Streams, ""
	if o.ToContext != "" {
		where = fmt.Sprintf(" in context %q", o.ToContext)
	}
	before := ""
	if p.Before > 0 {
		before = fmt.Sprintf(", %s of them dealt with before", render.Count(p.Before))
	}
	render.Message(s, render.Strong, "copy %s to %s%s: from %s until %s, %s%s", p.From.Topic, p.To.Topic, where, p.Start, p.Until, plural(p.Offsets, "offset"), before)
	if p.Left() == 0 {
		render.Message(s, render.Plain, "there is nothing to copy")
	}
	if p.Limit > 0 && p.Left() > 0 {
		render.Message(s, render.Plain, "at most %s of them", plural(p.Limit, "record"))
	}
	for _, warning := range p.Warnings {
		render.Message(s, render.Warn, "warning: %s", warning)
	}
	if p.Left() > 0 {
		render.Message(s, render.Faint, "readers of uncommitted records, as Java clients are by default, may see some records twice: all copies have the same %s and %s", copies.HeaderID, copies.HeaderFrom)
	}
}

var copyItemColumns = []render.Column[copies.Item]{
	{Name: "COORDINATES", Raw: func(i copies.Item) string { return i.Coordinates }},
	{Name: "RESULT", Raw: func(i copies.Item) string { return i.Result }},
	{Name: "REASON", Raw: func(i copies.Item) string { return i.Reason }},
}

// printItem gives one failed record's line at once.
func (o *replayCopyOptions) printItem(item copies.Item) error {
	return render.Print(o.Env.Streams, render.JSONL, render.View[copies.Item]{Document: item, Lines: []any{item}, Columns: copyItemColumns})
}

// copyAnswer is the answer of a copy.
type copyAnswer struct {
	*copies.Receipt
	Verified *copies.Verification `json:"verified"` // null: it wasn't asked for, or it didn't come to it
}

func (o *replayCopyOptions) printReceipt(p *copies.Plan, r *copies.Receipt, v *copies.Verification) error {
	s := o.Env.Streams
	if o.Format == render.JSONL { // the items were printed as they came
		bare := *r
		bare.Items, bare.MoreItems = []copies.Item{}, int64(len(r.Items))+r.MoreItems
		return render.Print(s, o.Format, render.View[copies.Item]{Lines: []any{copyAnswer{&bare, v}}, Columns: copyItemColumns})
	}
	if !isText(o.Format) {
		return render.Print(s, o.Format, render.View[copies.Item]{Document: copyAnswer{r, v}, Rows: r.Items, Columns: copyItemColumns})
	}
	for i, item := range r.Items {
		if i == maxTold {
			break
		}
		if err := render.Line(s, render.Warn, "failed %s: %s", item.Coordinates, item.Reason); err != nil {
			return err
		}
	}
	if more := r.Failed - maxTold; more > 0 {
		if err := render.Line(s, render.Warn, "and %s more; -o jsonl names all", plural(more, "record")); err != nil {
			return err
		}
	}
	if err := render.Line(s, render.Plain, "%s", copyLine(p, r)); err != nil || v == nil {
		return err
	}
	return o.printVerified(v)
}

// copyLine sums a receipt up.
func copyLine(p *copies.Plan, r *copies.Receipt) string {
	parts := []string{fmt.Sprintf("copied %s of %s to %s", plural(r.Done, "record"), p.From.Topic, p.To.Topic)}
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Skipped, "skipped"}, {r.Failed, "failed"}} {
		if part.n > 0 {
			parts = append(parts, render.Count(part.n)+" "+part.what)
		}
	}
	if r.Left > 0 {
		parts = append(parts, plural(r.Left, "offset")+" left")
	}
	if r.Job == "" {
		return strings.Join(parts, ", ")
	}
	return strings.Join(parts, ", ") + "; job " + r.Job
}

func (o *replayCopyOptions) printVerified(v *copies.Verification) error {
	s := o.Env.Streams
	if v.Equal {
		return render.Line(s, render.Good, "verified: %s, alike on both sides", plural(v.Expected, "record"))
	}
	for i, d := range v.Differences {
		if i == maxTold {
			break
		}
		where := ""
		if d.Target != "" {
			where = " at " + d.Target
		}
		if err := render.Line(s, render.Bad, "differs %s%s: %s", d.Coordinates, where, strings.Join(d.What, ", ")); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("not equal: %s expected, %s found", plural(v.Expected, "record"), render.Count(v.Found))
	if v.NotCopied > 0 {
		text += ", " + plural(v.NotCopied, "offset") + " not copied"
	}
	if v.More || len(v.Differences) > maxTold {
		text += "; there are more differences"
	}
	return render.Line(s, render.Bad, "%s", text)
}

// conclude prints the receipt and gives the error that sets the exit code.
func (o *replayCopyOptions) conclude(ctx context.Context, p *copies.Plan, r *copies.Receipt, v *copies.Verification, err error) error {
	if printErr := o.printReceipt(p, r, v); printErr != nil && err == nil {
		return printErr
	}
	switch {
	case ctx.Err() != nil:
		render.Message(o.Env.Streams, render.Warn, "interrupted: %s left; the same command again goes on from there", plural(r.Left, "offset"))
		return answerError{ExitInterrupted}
	case err != nil && r.Done > 0:
		return &partialError{err}
	case err != nil:
		return err
	case v != nil && !v.Equal:
		return answerError{ExitBadNews}
	case r.Failed > 0 && r.Done+r.Skipped == 0:
		return answerError{ExitFailed}
	case r.Failed > 0:
		return answerError{ExitPartial}
	}
	return nil
}
