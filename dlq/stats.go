package dlq

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// StatsVersion is the version of the JSON form of [Stats].
const StatsVersion = 1

// Bounds of what [Reader.Stats] keeps, so that a topic where every letter died in
// its own way takes no more memory than another.
const (
	maxGroups       = 10_000
	maxGroupText    = 500 // of a message, in bytes
	maxGroupOrigins = 10
)

// Stats are the letters of a topic by cause.
type Stats struct {
	Version int    `json:"version"`
	Topic   string `json:"topic"`
	Letters int64  `json:"letters"`
	// Undisposed is nil where dispositions aren't known.
	Undisposed *int64  `json:"undisposed"`
	Groups     []Group `json:"groups"` // the largest first
	// GroupsLeftOut are groups beyond the number asked for, and LettersLeftOut their
	// letters. Ungrouped are letters that came when there were too many groups already;
	// they are in LettersLeftOut too.
	GroupsLeftOut  int         `json:"groups_left_out"`
	LettersLeftOut int64       `json:"letters_left_out"`
	Ungrouped      int64       `json:"ungrouped"`
	Read           *ReadResult `json:"-"`
	Faults         []Fault     `json:"faults"`
}

// Group are letters with the same fingerprint.
type Group struct {
	Fingerprint string  `json:"fingerprint"`
	Count       int64   `json:"count"`
	Undisposed  *int64  `json:"undisposed"`
	Share       float64 `json:"share"` // of all letters, from 0 to 1
	// First and Last are by time stamp; nil where no letter has one.
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	// Example is the newest letter; class, message and frame are its.
	Example  Coordinates `json:"example"`
	Class    *string     `json:"class"`
	Message  *string     `json:"message"`
	Frame    *string     `json:"frame"`
	Dialects []string    `json:"dialects"`
	// Origins are topics that the letters came from, at most ten.
	Origins []string `json:"origins"`

	disposed int64
	cause    realCause // until name
}

// Stats groups the letters that the query wants, and gives the groups with the most,
// at most top. Limit and Order of the query don't count.
func (r *Reader) Stats(ctx context.Context, q Query, top int) (*Stats, error) {
	t, err := describeOne(ctx, r.Client, q.Topic)
	if err != nil {
		return nil, err
	}
	f, err := r.filter(ctx, t, q)
	if err != nil {
		return nil, err
	}
	spans, err := spansOf(ctx, r.Client, t, q)
	if err != nil {
		return nil, err
	}
	s := newScanner(r.Client, t)
	all := tally{groups: map[string]*Group{}}
	err = scan(ctx, s, spans, func(recs []*kgo.Record) *tally { return f.tally(ctx, recs) },
		func(_ span, some *tally) error { all.merge(some); return nil })
	if err != nil {
		return nil, err
	}
	stats := all.stats(q.Topic, top, f.dispositions != nil)
	f.result.Matched = stats.Letters
	stats.Read = f.finish(s)
	stats.Faults = stats.Read.Faults
	return stats, nil
}

// tally counts letters.
type tally struct {
	letters, disposed, ungrouped int64
	groups                       map[string]*Group
}

func (f *filter) tally(ctx context.Context, recs []*kgo.Record) *tally {
	f.scanned.Add(int64(len(recs)))
	p := f.r.Dialects.parser()
	defer p.done()
	t := &tally{groups: map[string]*Group{}}
	var lean Letter
	for _, rec := range recs {
		d, ok := f.wanted(ctx, p, &lean, rec)
		if !ok {
			continue
		}
		r := p.read(&lean, rec, 1<<originTopic)
		var cause realCause
		if r.first != nil {
			cause = r.realCause()
			r.origin()
		}
		t.letters++
		print := fingerprint(cause.class, cause.message, cause.frame)
		g := t.groups[string(print[:])]
		if g == nil {
			g = &Group{Fingerprint: string(print[:])}
			t.groups[g.Fingerprint] = g
		}
		g.add(&lean, rec.Timestamp, cause)
		if d != nil {
			g.disposed++
			t.disposed++
		}
	}
	for _, g := range t.groups {
		g.name(p)
	}
	return t
}

func (g *Group) add(l *Letter, at time.Time, cause realCause) {
	g.Count++
	newest := g.Count == 1
	if !at.IsZero() && at.UnixMilli() >= 0 {
		if g.First == nil {
			first, last := at, at
			g.First, g.Last, newest = &first, &last, true
		}
		if at.Before(*g.First) {
			*g.First = at
		}
		if !at.Before(*g.Last) {
			*g.Last, newest = at, true
		}
	}
	if newest {
		g.Example, g.cause = l.Coordinates, cause
	}
	g.Dialects = include(g.Dialects, l.Dialect, maxGroupOrigins)
	g.Origins = include(g.Origins, deref(l.Origin.Topic), maxGroupOrigins)
}

// name fills in the newest letter's cause, and lets go of the letter: what is kept must
// not hold its memory.
func (g *Group) name(p *parser) {
	for _, s := range []struct {
		to   **string
		text []byte
	}{{&g.Class, g.cause.class}, {&g.Message, g.cause.message}, {&g.Frame, g.cause.frame}} {
		if s.text != nil {
			short := clip(p.word(s.text), maxGroupText)
			if len(s.text) > maxWordLength { // clip shares the memory
				short = strings.Clone(short)
			}
			*s.to = &short
		}
	}
	g.cause = realCause{}
}

func include(list []string, name string, most int) []string {
	if name == "" || slices.Contains(list, name) || len(list) >= most {
		return list
	}
	return append(list, name)
}

func (t *tally) merge(some *tally) {
	t.letters += some.letters
	t.disposed += some.disposed
	for fingerprint, g := range some.groups {
		mine := t.groups[fingerprint]
		switch {
		case mine != nil:
			mine.merge(g)
		case len(t.groups) < maxGroups:
			t.groups[fingerprint] = g
		default:
			t.ungrouped += g.Count
		}
	}
}

func (g *Group) merge(other *Group) {
	g.Count += other.Count
	g.disposed += other.disposed
	if other.First != nil && (g.First == nil || other.First.Before(*g.First)) {
		g.First = other.First
	}
	if other.Last != nil && (g.Last == nil || !other.Last.Before(*g.Last)) {
		g.Last, g.Example, g.Class, g.Message, g.Frame = other.Last, other.Example, other.Class, other.Message, other.Frame
	}
	for _, d := range other.Dialects {
		g.Dialects = include(g.Dialects, d, maxGroupOrigins)
	}
	for _, o := range other.Origins {
		g.Origins = include(g.Origins, o, maxGroupOrigins)
	}
}

func (t *tally) stats(topic string, top int, disposed bool) *Stats {
	s := &Stats{Version: StatsVersion, Topic: topic, Letters: t.letters, Ungrouped: t.ungrouped, LettersLeftOut: t.ungrouped, Groups: []Group{}}
	if disposed {
		n := t.letters - t.disposed
		s.Undisposed = &n
	}
	groups := slices.SortedFunc(maps.Values(t.groups), func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	for _, g := range groups {
		if len(s.Groups) >= top {
			s.GroupsLeftOut++
			s.LettersLeftOut += g.Count
			continue
		}
		if disposed {
			n := g.Count - g.disposed
			g.Undisposed = &n
		}
		g.Share = float64(g.Count) / float64(max(t.letters, 1))
		g.First, g.Last = utc(g.First), utc(g.Last)
		slices.Sort(g.Dialects)
		slices.Sort(g.Origins)
		g.Dialects, g.Origins = orEmpty(g.Dialects), orEmpty(g.Origins)
		s.Groups = append(s.Groups, *g)
	}
	return s
}
