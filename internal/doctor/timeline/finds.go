package timeline

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// finds are the records that were found, without their values.
type finds struct {
	s *search

	mu        sync.Mutex
	events    map[dlq.Coordinates]*Event
	links     map[string]*Link // by id; what was asked for isn't among them
	asked     map[string]int64 // records with the id that was asked for, by topic
	sum       int              // of asked
	left      int64            // records that were one too many, by linked ids only
	undecided Undecided
	parts     atomic.Int64
}

func newFinds(s *search) *finds {
	return &finds{s: s, events: map[dlq.Coordinates]*Event{}, links: map[string]*Link{}, asked: map[string]int64{}}
}

// follow begins a reading that finds by more ids. It sees again what was seen.
func (f *finds) follow(ids []identity) {
	for _, id := range ids {
		if f.links[id.text] == nil {
			f.links[id.text] = &Link{ID: id.text, Kind: id.kind}
		}
	}
	f.parts.Store(0)
	f.left, f.undecided = 0, Undecided{}
}

// maxExamples bounds the undecided records that are named.
const maxExamples = 10

// take keeps a record that was found. It fails when the id that was asked for is in too
// many; of others, those are dropped.
func (f *finds) take(ctx context.Context, t *topic, rec *kgo.Record, l look) error {
	if l.within {
		f.parts.Add(1)
	}
	if len(l.how) == 0 && l.hidden == "" {
		return nil
	}
	at := dlq.Coordinates{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset}
	var e *Event
	if len(l.how) > 0 {
		e = f.s.event(ctx, t, rec)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if e == nil {
		f.hide(at, l.hidden)
		return nil
	}
	had := f.events[at]
	if had == nil {
		if f.full(l.how) {
			f.left++
			return nil
		}
		had = e
		f.events[at] = e
	}
	before := byAsked(had)
	had.FoundBy = f.merge(had.FoundBy, l.how)
	if len(had.FoundBy) == 0 { // by dropped ids only
		delete(f.events, at)
	}
	if !before && byAsked(had) {
		f.asked[at.Topic]++
		f.sum++
	}
	if f.sum > f.s.q.Limit {
		return &TooManyError{ID: f.s.q.ID, Limit: f.s.q.Limit, Read: f.s.done.Load(), Topics: f.asked}
	}
	return nil
}

// full tells whether there is no room for a record that only linked ids lead to. Those
// with the id itself have a limit of their own.
func (f *finds) full(hows []How) bool {
	return len(f.events)-f.sum >= f.s.MaxLinked && !slices.ContainsFunc(hows, func(h How) bool { return h.Kind == Asked })
}

func byAsked(e *Event) bool {
	return slices.ContainsFunc(e.FoundBy, func(h How) bool { return h.Kind == Asked })
}

func (f *finds) hide(at dlq.Coordinates, reason string) {
	if f.undecided.Records++; f.undecided.Reason == nil {
		f.undecided.Reason = &reason
	}
	if len(f.undecided.Examples) < maxExamples {
		f.undecided.Examples = append(f.undecided.Examples, at)
	}
}

// merge adds what is new, and counts the links that it is by.
func (f *finds) merge(had, more []How) []How {
	for _, h := range more {
		link := f.links[h.ID]
		if slices.Contains(had, h) || len(had) >= maxHows || link != nil && link.Dropped != nil {
			continue
		}
		first := !slices.ContainsFunc(had, func(k How) bool { return k.ID == h.ID })
		had = append(had, h)
		if link != nil && first {
			if link.Records++; link.Records > f.s.q.Limit {
				f.drop(link)
			}
		}
	}
	return without(had, f.links)
}

// drop forgets a link that leads to too many records, and those found by it alone.
func (f *finds) drop(link *Link) {
	reason := fmt.Sprintf("it is in more records than the limit of %d, too many to be of one story", f.s.q.Limit)
	link.Dropped = &reason
	for at, e := range f.events {
		if e.FoundBy = without(e.FoundBy, f.links); len(e.FoundBy) == 0 {
			delete(f.events, at)
		}
	}
}

func without(hows []How, links map[string]*Link) []How {
	return slices.DeleteFunc(hows, func(h How) bool {
		l := links[h.ID]
		return h.Kind != Asked && l != nil && l.Dropped != nil
	})
}

// hasKey tells whether the id was found as a key.
func (f *finds) hasKey() bool {
	for _, e := range f.events {
		if foundAsKey(e) && e.Kind == Events {
			return true
		}
	}
	return false
}

func (f *finds) keyIn(topic string) bool {
	for at, e := range f.events {
		if at.Topic == topic && foundAsKey(e) {
			return true
		}
	}
	return false
}

func foundAsKey(e *Event) bool {
	for _, h := range e.FoundBy {
		if h.Kind == Asked && h.Where == InKey && h.Name == "" {
			return true
		}
	}
	return false
}

// maxKey bounds what is kept of a key.
const maxKey = 1024

// event takes over what the story needs of a record.
func (s *search) event(ctx context.Context, t *topic, rec *kgo.Record) *Event {
	n := namesOf(rec.Headers)
	e := &Event{
		Coordinates: dlq.Coordinates{Topic: t.name, Partition: rec.Partition, Offset: rec.Offset},
		Topic:       t.name, Partition: rec.Partition, Offset: rec.Offset, Kind: t.kind,
		Timestamp: timeOf(rec.Timestamp), Type: orNil(n.kind), Groups: []Passage{},
		EventID: orNil(n.event), CorrelationID: orNil(n.correlation),
		TraceID: orNil(n.trace), SpanID: orNil(n.span), ParentSpanID: orNil(n.parent),
	}
	if rec.Attrs.TimestampType() == 1 {
		s.mu.Lock()
		t.appendTime = true
		s.mu.Unlock()
	}
	key := bytes.Clone(rec.Key[:min(len(rec.Key), maxKey)])
	e.KeyCut = len(key) < len(rec.Key)
	switch {
	case rec.Key == nil:
	case utf8.Valid(rec.Key):
		text := string(bytes.ToValidUTF8(key, nil)) // the cut may go through a character
		e.Key = &text
	default:
		e.KeyBytes = key
	}
	if e.Type == nil {
		e.Type = s.typeOf(ctx, rec)
	}
	if e.Letter = s.letter(rec); e.Letter != nil && e.Kind == Events {
		e.Kind = Letters // whatever its topic is called
	}
	return e
}

// typeOf asks the schema for a record's type.
func (s *search) typeOf(ctx context.Context, rec *kgo.Record) *string {
	if s.Decoder == nil || len(rec.Value) == 0 {
		return nil
	}
	decoded, err := s.Decoder.Decode(ctx, rec.Headers, false, rec.Value)
	if err != nil || decoded == nil {
		return nil
	}
	return orNil(decoded.Type)
}

// letter gives nil for a record that no dialect knows.
func (s *search) letter(rec *kgo.Record) *Letter {
	l := s.Dialects.Parse(rec)
	if l.Dialect == "" {
		return nil
	}
	return &Letter{Dialect: l.Dialect, DiedAt: l.DiedAt, Origin: l.Origin, Class: cutText(l.Cause.Class), Message: cutText(l.Cause.Message)}
}

// maxText bounds what is kept of an error's message.
const maxText = 2000

func cutText(s *string) *string {
	if s == nil || len(*s) <= maxText {
		return s
	}
	c := string(bytes.ToValidUTF8([]byte((*s)[:maxText]), nil)) + "…"
	return &c
}

// timeOf gives nil for the time -1, which stands for none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() || t.UnixMilli() < 0 {
		return nil
	}
	u := t.UTC()
	return &u
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
