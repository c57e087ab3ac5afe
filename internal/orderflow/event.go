package orderflow

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The types of events, as the event-type header has them.
const (
	TypeOrderPlaced   = "OrderPlacedEvent"
	TypeStockReserved = "StockReservedEvent"
)

// The headers of every event, in the order in which they are written. The trace
// is there twice, as W3C has it and as older services read it.
const (
	HeaderEventID       = "event-id" // a UUID
	HeaderEventType     = "event-type"
	HeaderTraceParent   = "traceparent"
	HeaderTraceID       = "X-Trace-Id" // 32 hexadecimal digits
	HeaderSpanID        = "X-Span-Id"  // 16 hexadecimal digits
	HeaderCorrelationID = "X-Correlation-Id"
)

// OrderPlacedEvent says that a customer has ordered something.
type OrderPlacedEvent struct {
	OrderID      string   `json:"orderId"`
	Amount       float64  `json:"amount"` // the sum of the items' prices
	Items        []string `json:"items"`
	Timestamp    int64    `json:"timestamp"`    // milliseconds since 1970, UTC
	CustomerTier *string  `json:"customerTier"` // nil for a customer without one
}

// StockReservedEvent says that an order's items are put aside for it.
type StockReservedEvent struct {
	OrderID   string   `json:"orderId"`
	Items     []string `json:"items"`
	Timestamp int64    `json:"timestamp"` // milliseconds since 1970, UTC
}

// envelope is what an event's headers say.
type envelope struct {
	eventID       uuid.UUID
	eventType     string
	traceID       string
	spanID        string
	correlationID string
}

// headers returns the envelope as a record carries it.
func (e envelope) headers() []kgo.RecordHeader {
	return []kgo.RecordHeader{
		{Key: HeaderEventID, Value: []byte(e.eventID.String())},
		{Key: HeaderEventType, Value: []byte(e.eventType)},
		{Key: HeaderTraceParent, Value: []byte("00-" + e.traceID + "-" + e.spanID + "-01")},
		{Key: HeaderTraceID, Value: []byte(e.traceID)},
		{Key: HeaderSpanID, Value: []byte(e.spanID)},
		{Key: HeaderCorrelationID, Value: []byte(e.correlationID)},
	}
}

// causes returns the envelope of an event that comes of this one: in the same
// trace, with the same correlation id. Its id is derived from this one's, so that
// doing the same work twice gives the same event, not a second one.
func (e envelope) causes(eventType string) envelope {
	id := uuid.NewSHA1(e.eventID, []byte(eventType))
	return envelope{
		eventID:       id,
		eventType:     eventType,
		traceID:       e.traceID,
		spanID:        hex.EncodeToString(id[8:]),
		correlationID: e.correlationID,
	}
}

// newRecord packs an event. Its partition is left to the key.
func newRecord(topic, orderID string, event any, e envelope) (*kgo.Record, error) {
	value, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode %s of order %q: %w", e.eventType, orderID, err)
	}
	return &kgo.Record{Topic: topic, Key: []byte(orderID), Value: value, Headers: e.headers()}, nil
}

// openOrder unpacks an order's event. Anything else on the topic is an error that
// says what is wrong with it, and never more than that: the record is foreign.
func openOrder(r *kgo.Record) (OrderPlacedEvent, envelope, error) {
	var (
		event OrderPlacedEvent
		e     envelope
		id    string
	)
	for _, h := range r.Headers {
		switch h.Key {
		case HeaderEventID:
			id = string(h.Value)
		case HeaderEventType:
			e.eventType = string(h.Value)
		case HeaderTraceID:
			e.traceID = string(h.Value)
		case HeaderSpanID:
			e.spanID = string(h.Value)
		case HeaderCorrelationID:
			e.correlationID = string(h.Value)
		}
	}
	if e.eventType != TypeOrderPlaced {
		return event, e, fmt.Errorf("its %s is %q, not %s", HeaderEventType, e.eventType, TypeOrderPlaced)
	}
	var err error
	if e.eventID, err = uuid.Parse(id); err != nil {
		return event, e, fmt.Errorf("its %s is %q, not a UUID", HeaderEventID, id)
	}
	if err := json.Unmarshal(r.Value, &event); err != nil {
		return event, e, fmt.Errorf("its value is not an order: %w", err)
	}
	if event.OrderID == "" {
		return event, e, errors.New("it has no order id")
	}
	return event, e, nil
}
