package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/topics"
)

// SourceState is what became of the record that a letter came from.
type SourceState string

// The states.
const (
	SourceThere     SourceState = "there"
	SourceUnknown   SourceState = "unknown"    // the letter doesn't say where it came from
	SourceGone      SourceState = "gone"       // its topic doesn't exist, or has no such partition
	SourceExpired   SourceState = "expired"    // deleted by retention or compaction
	SourceRecreated SourceState = "recreated"  // its topic is another one by now
	SourceInternal  SourceState = "internal"   // an internal topic of Kafka: not read
	SourceSelf      SourceState = "itself"     // the letter points to its own topic
	SourceUnread    SourceState = "unreadable" // it could not be read; see Reason
)

// Source is the record that a letter came from.
type Source struct {
	State       SourceState  `json:"state"`
	Coordinates *Coordinates `json:"coordinates"` // nil where the letter doesn't say
	Reason      string       `json:"reason"`      // empty for [SourceThere]
	// Record is nil unless the state is [SourceThere].
	Record *kgo.Record `json:"-"`
}

// Source fetches the record that a letter came from. That it isn't there any more is
// no error; an error means that the cluster could not be asked.
//
// A topic that was deleted and made anew can't be told from the old one by the
// letter alone. It is [SourceRecreated] where the offset is beyond the end, or the
// record there has another time stamp than the letter says.
func (r *Reader) Source(ctx context.Context, l *Letter) (*Source, error) {
	o := l.Origin
	if o.Topic == nil || o.Partition == nil || o.Offset == nil {
		return &Source{State: SourceUnknown, Reason: "the letter doesn't say where it came from"}, nil
	}
	c := Coordinates{*o.Topic, *o.Partition, *o.Offset}
	s := &Source{Coordinates: &c}
	tell := func(state SourceState, format string, args ...any) (*Source, error) {
		s.State, s.Reason = state, fmt.Sprintf(format, args...)
		return s, nil
	}
	switch {
	case IsInternal(c.Topic):
		return tell(SourceInternal, "topic %q is Kafka's own", c.Topic)
	case c.Topic == l.Coordinates.Topic:
		return tell(SourceSelf, "the letter points to its own topic")
	}
	t, err := describeOne(ctx, r.Client, c.Topic)
	var missing *TopicNotFoundError
	if errors.As(err, &missing) {
		return tell(SourceGone, "topic %q doesn't exist", c.Topic)
	}
	if err != nil {
		return nil, err
	}
	rec, err := getRecord(ctx, r.Client, t, c)
	var absent *NoRecordError
	switch {
	case errors.As(err, &absent):
		return s.absent(absent), nil
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return tell(SourceUnread, "%v", err)
	case o.Timestamp != nil && !o.Timestamp.Equal(rec.Timestamp.Truncate(1e6)):
		return tell(SourceRecreated, "the record there is of %s, and the letter's source is of %s: the topic was made anew",
			rec.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), o.Timestamp.Format("2006-01-02T15:04:05.000Z"))
	}
	s.State, s.Record = SourceThere, rec
	return s, nil
}

func (s *Source) absent(e *NoRecordError) *Source {
	s.Reason = e.Error()
	switch e.Absence {
	case NoPartition:
		s.State = SourceGone
	case BeyondEnd:
		s.State = SourceRecreated
		s.Reason += ": the topic was made anew, or lost records"
	case Expired, Compacted:
		s.State = SourceExpired
	default:
		s.State = SourceUnread
	}
	return s
}

// IsInternal tells whether a topic is Kafka's own, or evtctl's.
func IsInternal(topic string) bool { return topics.IsInternal(topic) }

// SourceRecord is a record in the JSON of letters: bytes that aren't UTF-8 are under names
// of their own.
type SourceRecord kgo.Record

// MarshalJSON implements [json.Marshaler].
func (r *SourceRecord) MarshalJSON() ([]byte, error) {
	var m members
	var err error
	m.object(func() { err = r.members(&m) })
	return m.buf.Bytes(), err
}

// WriteJSON writes the same in pieces.
func (r *SourceRecord) WriteJSON(w io.Writer) error {
	m := members{w: w}
	var err error
	m.object(func() { err = r.members(&m) })
	m.passAll()
	return cmp.Or(err, m.err)
}

func (r *SourceRecord) members(m *members) error {
	m.headers(headersOf(r.Headers))
	m.data("key", r.Key)
	err := m.json("timestamp", r.Timestamp.UTC())
	m.data("value", r.Value)
	return err
}
