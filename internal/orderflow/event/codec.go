package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Codec turns events into the values of records and back.
type Codec interface {
	// Encode returns the value of a record on the topic.
	Encode(ctx context.Context, topic string, e Event) ([]byte, error)
	// Decode returns the event in a record. Its error is a *DecodeError when no
	// further attempt can help, and a *RegistryError when a later one may.
	Decode(ctx context.Context, r *kgo.Record) (Event, error)
}

// DecodeError is a record that can't be deserialised, now or later.
type DecodeError struct {
	Topic     string
	Partition int32
	Offset    int64
	Err       error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode record %s:%d:%d: %v", e.Topic, e.Partition, e.Offset, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

func undecodable(r *kgo.Record, err error) error {
	return &DecodeError{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Err: err}
}

// NewRecord packs an event, keyed by its order. Its partition is left to the key.
func NewRecord(ctx context.Context, c Codec, topic string, v Envelope, e Event) (*kgo.Record, error) {
	value, err := c.Encode(ctx, topic, e)
	if err != nil {
		return nil, err
	}
	return &kgo.Record{Topic: topic, Key: []byte(e.Order()), Value: value, Headers: v.Headers()}, nil
}

// JSON is the codec of plain JSON objects, told apart by the event-type header.
type JSON struct{}

func (JSON) Encode(_ context.Context, topic string, e Event) ([]byte, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %s of order %q for topic %q: %w", e.Type(), e.Order(), topic, err)
	}
	return value, nil
}

func (JSON) Decode(_ context.Context, r *kgo.Record) (Event, error) {
	v, err := Open(r)
	if err != nil {
		return nil, err
	}
	e := blank(v.Type)
	if e == nil {
		return nil, undecodable(r, fmt.Errorf("its %s is %q, which this flow doesn't have", HeaderType, v.Type))
	}
	if err := json.Unmarshal(r.Value, e); err != nil {
		return nil, undecodable(r, fmt.Errorf("its value is no %s: %w", v.Type, err))
	}
	return e, complete(r, e)
}

// complete refuses an event that no service could place.
func complete(r *kgo.Record, e Event) error {
	if e.Order() == "" {
		return undecodable(r, errors.New("it has no order id"))
	}
	return nil
}
