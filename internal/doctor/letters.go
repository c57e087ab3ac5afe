package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// letters looks at the dead letters of the topic, or at all of them.
func (e *examination) letters(ctx context.Context) {
	if e.Letters == nil || e.req.Topic != "" && dlq.IsInternal(e.req.Topic) {
		return
	}
	found, err := e.Letters.Find(ctx, dlq.FindRequest{})
	if err != nil {
		e.unknown("dead letters", err)
		return
	}
	for _, q := range found.Queues {
		if !e.concerns(q) {
			continue
		}
		switch {
		case q.Error != nil:
			e.unseen(fmt.Sprintf("dead letters in %q: %s", q.Topic, *q.Error))
		case undisposed(q) > 0:
			e.queue(ctx, q)
		}
	}
}

// concerns tells whether a queue is about the topic in question.
func (e *examination) concerns(q dlq.Queue) bool {
	topic := e.req.Topic
	if topic == "" || q.Topic == topic || slices.Contains(q.Origins, topic) {
		return true
	}
	rest, named := strings.CutPrefix(q.Topic, topic)
	switch strings.ToLower(strings.TrimLeft(rest, ".-_")) {
	case "dlq", "dlt", "dead-letter", "dead-letters", "dead_letter", "deadletter", "error", "errors":
		return named
	}
	return false
}

func undisposed(q dlq.Queue) int64 {
	if q.Undisposed != nil {
		return *q.Undisposed
	}
	return q.Letters
}

// causesShown is how many groups of letters are told.
const causesShown = 5

func (e *examination) queue(ctx context.Context, q dlq.Queue) {
	stats, err := e.Letters.Stats(ctx, dlq.Query{Topic: q.Topic, Undisposed: true}, 100)
	if err != nil {
		e.unknown(fmt.Sprintf("dead letters in %q", q.Topic), err)
		return
	}
	if stats.Letters == 0 {
		return
	}
	rest := []dlq.Group{}
	broken := map[string]*brokenSchema{}
	for _, g := range stats.Groups {
		if b := e.broken(ctx, g); b != nil {
			key := fmt.Sprintf("%s %d", b.Subject, b.Version)
			if broken[key] == nil {
				broken[key] = &brokenSchema{Break: b, example: g.Example}
			}
			broken[key].letters += g.Count
			continue
		}
		rest = append(rest, g)
	}
	for _, b := range broken {
		e.tellBroken(q, b)
	}
	if len(rest) > 0 {
		e.tellLetters(q, rest)
	}
	e.reader(ctx, q)
}

// brokenSchema are letters that one version of a schema has caused.
type brokenSchema struct {
	*Break
	letters int64
	example dlq.Coordinates
}

// broken tells whether letters died since their schema can't be read by those who knew
// the version before. One of each group is looked at.
func (e *examination) broken(ctx context.Context, g dlq.Group) *Break {
	if e.Schemas == nil {
		return nil
	}
	l, err := e.Letters.Get(ctx, g.Example)
	if err != nil {
		e.unknown("letter "+g.Example.String(), err)
		return nil
	}
	topic := g.Example.Topic
	if l.Origin.Topic != nil {
		topic = *l.Origin.Topic
	}
	b, err := e.Schemas.Break(ctx, topic, l.RecordHeaders(), l.Value)
	if err != nil {
		e.unknown("schema of letter "+g.Example.String(), err)
		return nil
	}
	return b
}

func (e *examination) tellBroken(q dlq.Queue, b *brokenSchema) {
	f := Finding{
		Cause: SchemaBreak, Verdict: lag.Critical,
		Summary:  fmt.Sprintf("version %d of schema %q breaks its readers: %s in %s", b.Version, b.Subject, count(b.letters, "dead letter", "dead letters"), q.Topic),
		Evidence: []string{fmt.Sprintf("they were written with version %d, which readers of version %d can't read; %s is one", b.Version, b.Before, b.example)},
		Commands: []shell.Command{
			{"schema", "diff", fmt.Sprintf("%s:%d", b.Subject, b.Before), fmt.Sprintf("%s:%d", b.Subject, b.Version)},
			{"schema", "mode", b.Subject, "BACKWARD"}, {"dlq", "stats", q.Topic},
		},
	}
	f.Evidence = append(f.Evidence, some(b.Problems, shown)...)
	e.d.find(f)
}

func (e *examination) tellLetters(q dlq.Queue, groups []dlq.Group) {
	var letters int64
	f := Finding{Cause: DeadLetters, Verdict: lag.Warning, Commands: []shell.Command{{"dlq", "stats", q.Topic}, {"dlq", "browse", q.Topic}}}
	for i, g := range groups {
		letters += g.Count
		if i < causesShown {
			f.Evidence = append(f.Evidence, fmt.Sprintf("%d × %s: %s (%s is one)", g.Count, text(g.Class), text(g.Message), g.Example))
		}
	}
	if len(groups) > causesShown {
		f.Evidence = append(f.Evidence, fmt.Sprintf("and %d more causes", len(groups)-causesShown))
	}
	if q.LastHour != nil && *q.LastHour > 0 {
		f.Verdict = lag.Critical
		f.Evidence = append(f.Evidence, count(*q.LastHour, "letter came", "letters came")+" within the last hour")
	}
	if q.FirstExpiry != nil {
		f.Evidence = append(f.Evidence, "retention deletes the first of them at "+at(*q.FirstExpiry))
	}
	f.Summary = fmt.Sprintf("%s in %s, that nobody has dealt with", count(letters, "dead letter", "dead letters"), q.Topic)
	e.d.find(f)
}

func text(s *string) string {
	if s == nil {
		return "unknown"
	}
	if r := []rune(*s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return *s
}

// reader finds out whether anybody reads a queue: alerts come from somebody who does.
func (e *examination) reader(ctx context.Context, q dlq.Queue) {
	r, err := lag.Collect(ctx, e.Client, lag.Request{Topics: []string{q.Topic}, MaxPositions: -1, Now: e.req.Now, Word: e.req.Word})
	if err != nil {
		e.unknown(fmt.Sprintf("who reads %q", q.Topic), err)
		return
	}
	for i := range r.Groups {
		if len(r.Groups[i].Partitions) > 0 && !observe.Own(r.Groups[i].Name) {
			return
		}
	}
	if r.VisibleOnly {
		e.d.Unknown = append(e.d.Unknown, fmt.Sprintf("who reads %q: this user sees the groups only that it has a permission for", q.Topic))
		return
	}
	e.d.find(Finding{
		Cause: UnreadLetters, Verdict: lag.Warning, Summary: fmt.Sprintf("no consumer group reads %s: letters come without anybody being told", q.Topic),
		Evidence: []string{"no group has a member on it, or has ever committed an offset of it"},
		Commands: []shell.Command{{"dlq", "watch", q.Topic, "--alert", "10/5m"}},
	})
}
