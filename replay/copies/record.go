package copies

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/jq"
)

// The headers that a copied record carries behind its own.
const (
	// HeaderID names the copy; see [Identity].
	HeaderID = "evtctl-copy-id"
	// HeaderFrom has the coordinates of the record that was copied.
	HeaderFrom = "evtctl-copied-from"
	// HeaderTime has that record's time: RFC 3339, in UTC.
	HeaderTime = "evtctl-original-time"
)

// ownHeaders is how many headers a copied record has more than its source.
const ownHeaders = 3

// Decoder turns a key or value that was written with a schema into JSON.
type Decoder interface {
	// Decode gives JSON and the name of its format: avro, json or protobuf. Format is
	// empty, with no error, for data that names no schema. An [*UnavailableError] ends the
	// copy; with any other, the query sees data without JSON.
	Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (json []byte, format string, err error)
}

// Editor gives a record another value; the bytes of the old one stay as they are. It is
// called by several goroutines at once, and never for a null value. An
// [*UnavailableError] ends the copy; with any other, the record isn't copied.
type Editor interface {
	Edit(ctx context.Context, rec *kgo.Record) error
}

// Set is a change to a record's value, written in jq, such as .email = "x". What it
// doesn't touch keeps its very bytes.
type Set = jq.Set

// NewSet compiles a change. The environment, modules and other input can't be had.
func NewSet(query string) (*Set, error) { return jq.NewSet(query) }

// recipe says what becomes of a record.
type recipe struct {
	id       []byte // of the copy
	to       string
	byKey    bool
	keepTime bool
	where    *Where
	decoder  Decoder
	edit     Editor
	set      *RecordSet
	drafter  Drafter
	// notBefore is the oldest time that the target takes; zero: any.
	notBefore time.Time
}

// wants tells whether a record is to be copied.
func (r *recipe) wants(ctx context.Context, rec *kgo.Record) (bool, error) {
	if r.where == nil {
		return true, nil
	}
	wanted, err := r.where.match(ctx, rec, r.decoder)
	var unavailable *UnavailableError
	if err != nil && !errors.As(err, &unavailable) {
		err = fmt.Errorf("the query fails: %w", err)
	}
	return wanted, err
}

// copy makes what is written. It shares keys and values with what was read.
func (r *recipe) copy(ctx context.Context, rec, made *kgo.Record) error {
	if r.keepTime && rec.Timestamp.Before(r.notBefore) {
		return fmt.Errorf("its time is %s, and the target takes none before %s (message.timestamp.before.max.ms)",
			rec.Timestamp.UTC().Format(time.RFC3339Nano), r.notBefore.UTC().Format(time.RFC3339))
	}
	*made = kgo.Record{Topic: r.to, Partition: rec.Partition, Key: rec.Key, Value: rec.Value}
	if r.byKey {
		made.Partition = exactly.ByKey
	}
	if r.keepTime {
		made.Timestamp = rec.Timestamp
	}
	made.Headers = make([]kgo.RecordHeader, len(rec.Headers), len(rec.Headers)+ownHeaders)
	copy(made.Headers, rec.Headers)
	if r.edit != nil && made.Value != nil { // a tombstone has nothing to change
		if err := r.edit.Edit(ctx, made); err != nil {
			return fmt.Errorf("--set: %w", err)
		}
	}
	if r.set != nil {
		if err := r.set.apply(ctx, rec, made, r.drafter); err != nil {
			return fmt.Errorf("--set-record: %w", err)
		}
	}
	own := make([]byte, 0, len(rec.Topic)+64) // for both values
	own = appendCoordinates(own, rec)
	from := len(own)
	own = rec.Timestamp.UTC().AppendFormat(own, time.RFC3339Nano)
	made.Headers = append(made.Headers, kgo.RecordHeader{Key: HeaderID, Value: r.id},
		kgo.RecordHeader{Key: HeaderFrom, Value: own[:from:from]}, kgo.RecordHeader{Key: HeaderTime, Value: own[from:]})
	return nil
}

func coordinates(rec *kgo.Record) string { return string(appendCoordinates(nil, rec)) }

func appendCoordinates(b []byte, rec *kgo.Record) []byte {
	b = append(append(b, rec.Topic...), ':')
	b = append(strconv.AppendInt(b, int64(rec.Partition), 10), ':')
	return strconv.AppendInt(b, rec.Offset, 10)
}
