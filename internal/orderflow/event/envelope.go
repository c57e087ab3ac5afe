package event

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The headers of every event, in the order in which they are written. The trace
// is there twice, as W3C has it and as older services read it.
const (
	HeaderID            = "event-id" // a UUID
	HeaderType          = "event-type"
	HeaderTraceParent   = "traceparent"
	HeaderTraceID       = "X-Trace-Id" // 32 hexadecimal digits
	HeaderSpanID        = "X-Span-Id"  // 16 hexadecimal digits
	HeaderCorrelationID = "X-Correlation-Id"
)

// Envelope is what an event's headers say.
type Envelope struct {
	ID            uuid.UUID
	Type          string
	TraceParent   string // empty for an event outside any trace
	CorrelationID string // empty for one that nobody asked for
}

// NewEnvelope is that of an event which no other has caused.
func NewEnvelope(e Event) Envelope {
	return Envelope{ID: uuid.New(), Type: e.Type()}
}

// Causes is the envelope of an event that comes of this one: with the same
// correlation id, in the same trace. Its id is derived from this one's, so that
// doing the work twice gives the same event, not a second one.
func (v Envelope) Causes(e Event) Envelope {
	v.ID = uuid.NewSHA1(v.ID, []byte(e.Type()))
	v.Type = e.Type()
	return v
}

// Headers returns the envelope as a record carries it. What is empty is left out.
func (v Envelope) Headers() []kgo.RecordHeader {
	headers := []kgo.RecordHeader{
		{Key: HeaderID, Value: []byte(v.ID.String())},
		{Key: HeaderType, Value: []byte(v.Type)},
	}
	if parts := strings.Split(v.TraceParent, "-"); len(parts) >= 4 {
		headers = append(headers,
			kgo.RecordHeader{Key: HeaderTraceParent, Value: []byte(v.TraceParent)},
			kgo.RecordHeader{Key: HeaderTraceID, Value: []byte(parts[1])},
			kgo.RecordHeader{Key: HeaderSpanID, Value: []byte(parts[2])})
	}
	if v.CorrelationID != "" {
		headers = append(headers, kgo.RecordHeader{Key: HeaderCorrelationID, Value: []byte(v.CorrelationID)})
	}
	return headers
}

// Open reads a record's envelope. Of a header that is there twice, the last counts.
// A record without an event id gets one derived from where it lies, so that
// reading it twice gives the same id. An id that is no UUID is a *DecodeError.
func Open(r *kgo.Record) (Envelope, error) {
	var v Envelope
	var id string
	for _, h := range r.Headers {
		switch h.Key {
		case HeaderID:
			id = string(h.Value)
		case HeaderType:
			v.Type = string(h.Value)
		case HeaderTraceParent:
			v.TraceParent = string(h.Value)
		case HeaderCorrelationID:
			v.CorrelationID = string(h.Value)
		}
	}
	if id == "" {
		v.ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte(place(r)))
		return v, nil
	}
	var err error
	if v.ID, err = uuid.Parse(id); err != nil {
		return v, undecodable(r, fmt.Errorf("its %s is %q, not a UUID", HeaderID, id))
	}
	return v, nil
}

func place(r *kgo.Record) string {
	return fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset)
}
