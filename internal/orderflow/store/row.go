package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// NewRow is an event for the outbox.
func NewRow(aggregateType string, e event.Event, v event.Envelope, now time.Time) (Row, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return Row{}, &Error{fmt.Sprintf("write %s of order %s to the outbox", e.Type(), e.Order()), err}
	}
	return Row{
		ID: v.ID, AggregateID: e.Order(), AggregateType: aggregateType, EventType: e.Type(), Payload: payload,
		CreatedAt: now, TraceParent: v.TraceParent, CorrelationID: v.CorrelationID,
	}, nil
}

// Tell writes an event to the outbox.
func (tx *Tx) Tell(aggregateType string, e event.Event, v event.Envelope, now time.Time) error {
	row, err := NewRow(aggregateType, e, v, now)
	if err != nil {
		return err
	}
	return tx.Publish(row)
}
