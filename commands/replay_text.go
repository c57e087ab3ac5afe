package commands

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
)

var moveColumns = []render.Column[replay.Move]{
	{Name: "TOPIC", Raw: func(m replay.Move) string { return m.Topic }, Shrink: true},
	{Name: "PARTITION", Right: true, Raw: func(m replay.Move) string { return fmt.Sprint(m.Partition) }},
	{Name: "PRIOR-OFFSET", Right: true, Raw: func(m replay.Move) string { return offsetCell(m.PriorOffset) }},
	{Name: "NEW-OFFSET", Right: true, Raw: newOffsetCell},
	{Name: "NEW-TIME", Raw: func(m replay.Move) string { return timeCell(m.NewTime) }},
	{Name: "UNTIL-OFFSET", Right: true, Wide: true, Raw: func(m replay.Move) string { return offsetCell(m.UntilOffset) }},
	{Name: "RECORDS", Right: true, Raw: func(m replay.Move) string { return offsetCell(m.Records) }},
	{Name: "LOG-START-OFFSET", Right: true, Wide: true, Raw: func(m replay.Move) string { return fmt.Sprint(m.LogStart) }},
	{Name: "LOG-END-OFFSET", Right: true, Wide: true, Raw: func(m replay.Move) string { return fmt.Sprint(m.LogEnd) }},
	{Name: "NOTE", Raw: moveNote},
}

func offsetCell(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func newOffsetCell(m replay.Move) string {
	if m.Uncommit {
		return ""
	}
	return fmt.Sprint(m.NewOffset)
}

func moveNote(m replay.Move) string {
	switch {
	case m.Moved != "":
		return m.Moved
	case m.AtEnd:
		return "at the end"
	}
	return ""
}

// printReplayPlan prints a plan as the answer; what a person has to know beside the
// rows goes to stderr.
func printReplayPlan(s *render.Streams, f render.Format, p *replay.Plan) error {
	err := render.Print(s, f, render.View[replay.Move]{Document: p, Rows: p.Moves, Columns: moveColumns})
	if err != nil || !isText(f) {
		return err
	}
	planWords(s, p)
	return nil
}

// shownMoves is how many rows precede a question; --dry-run shows all.
const shownMoves = 30

// showReplayPlan shows a plan before a question, on stderr.
func showReplayPlan(s *render.Streams, p *replay.Plan) error {
	var table bytes.Buffer
	rows := p.Moves[:min(len(p.Moves), shownMoves)]
	err := render.Print(&render.Streams{Out: &table, Err: &table}, render.Table, render.View[replay.Move]{Rows: rows, Columns: moveColumns})
	if err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		render.Message(s, render.Plain, "%s", strings.TrimRight(line, "\n"))
	}
	if more := len(p.Moves) - len(rows); more > 0 {
		render.Message(s, render.Plain, "… and %s; --dry-run shows all", plural(int64(more), "partition"))
	}
	planWords(s, p)
	return nil
}

// planWords sums a plan up.
func planWords(s *render.Streams, p *replay.Plan) {
	kind := "group "
	if p.Share {
		kind = "share group "
	}
	of := "isolated " + kind + p.Group + ", which reads what " + kind + p.From + " reads"
	if p.InPlace {
		of = kind + p.Group + " itself"
	}
	render.Message(s, render.Strong, "%s: from %s%s, %s", of, cmp.Or(p.To, "what each topic says"), untilWords(p), recordsWords(p))
	if l := p.Looked; l != nil && l.Partitions > 0 {
		render.Message(s, render.Faint, "looked at %s behind %s, at most %d each%s",
			plural(l.Records, "record"), plural(int64(l.Partitions), "new offset"), l.PerPartition, notLookedAt(l))
	}
	for _, warning := range p.Warnings {
		render.Message(s, render.Warn, "warning: %s", warning)
	}
}

func notLookedAt(l *replay.Looked) string {
	if l.NotLookedAt == 0 {
		return ""
	}
	return "; not behind " + plural(int64(l.NotLookedAt), "other")
}

func untilWords(p *replay.Plan) string {
	if p.Until == nil {
		return ""
	}
	return " until " + *p.Until + " (the group reads on, so stop its consumer there)"
}

// recordsWords counts in offsets, which is what is known.
func recordsWords(p *replay.Plan) string {
	var again, skipped, unknown int64
	for _, m := range p.Moves {
		switch {
		case m.Records == nil:
			unknown++
		case *m.Records < 0:
			skipped -= *m.Records
		default:
			again += *m.Records
		}
	}
	text := plural(again, "offset") + " to read again"
	if p.Until != nil {
		text = plural(again, "offset") + " to read"
	}
	if skipped > 0 {
		text += ", " + plural(skipped, "offset") + " skipped"
	}
	if unknown > 0 {
		text += fmt.Sprintf("; %s without a prior offset", plural(unknown, "partition"))
	}
	return text
}
