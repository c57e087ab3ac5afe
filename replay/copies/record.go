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

// Where is a jq query over the JSON form of a record. Several goroutines may use it at
// once.
type Where struct {
	text  string
	query *jq.Query
}

// WhereError is a query that can't be compiled.
type WhereError struct{ err *jq.QueryError }

func (e *WhereError) Error() string { return e.err.Error() }

// Unwrap gives what the compiler said.
func (e *WhereError) Unwrap() error { return e.err }

// Hint is a next step.
func (e *WhereError) Hint() string { return `for example: .decoded.value.json.country == "SE"` }

// NewWhere compiles a query. A record fits when the first value that it gives is
// neither false nor null.
func NewWhere(query string) (*Where, error) {
	compiled, err := jq.NewQuery(query)
	var wrong *jq.QueryError
	if errors.As(err, &wrong) {
		return nil, &WhereError{wrong}
	}
	return &Where{query, compiled}, err
}

func (w *Where) match(ctx context.Context, rec *kgo.Record, d Decoder) (bool, error) {
	input, err := w.input(ctx, rec, d)
	if err != nil {
		return false, err
	}
	return w.query.Match(ctx, input)
}

// input is the JSON form of a record, as far as the query looks at it: that of a
// letter, without what only letters have.
func (w *Where) input(ctx context.Context, rec *kgo.Record, d Decoder) (map[string]any, error) {
	in := make(map[string]any, 8)
	if w.query.Needs("coordinates") {
		in["coordinates"] = coordinates(rec)
	}
	if w.query.Needs("timestamp") {
		in["timestamp"] = jq.Time(&rec.Timestamp)
	}
	in["partition"], in["offset"] = int(rec.Partition), int(rec.Offset)
	if w.query.Needs("key") || w.query.Needs("key_base64") {
		jq.Data(in, "key", rec.Key)
	}
	if w.query.Needs("value") || w.query.Needs("value_base64") {
		jq.Data(in, "value", rec.Value)
	}
	if w.query.Needs("headers") {
		list := make([]any, len(rec.Headers))
		for i, h := range rec.Headers {
			m := map[string]any{"key": h.Key}
			jq.Data(m, "value", h.Value)
			list[i] = m
		}
		in["headers"] = list
	}
	if !w.query.Needs("decoded") {
		return in, nil
	}
	decoded := map[string]any{}
	in["decoded"] = decoded
	for _, part := range []struct {
		name string
		key  bool
		data []byte
	}{{"key", true, rec.Key}, {"value", false, rec.Value}} {
		if !w.query.NeedsMember("decoded", part.name) {
			continue
		}
		p, err := decode(ctx, d, rec.Headers, part.key, part.data)
		if err != nil {
			return nil, err
		}
		decoded[part.name] = p
	}
	return in, nil
}

// decode gives a key or value as a person can read it.
func decode(ctx context.Context, d Decoder, headers []kgo.RecordHeader, key bool, data []byte) (map[string]any, error) {
	m := map[string]any{"format": "null", "json": nil, "error": nil}
	if len(data) == 0 {
		if data != nil {
			m["format"] = "empty"
		}
		return m, nil
	}
	text, format, err := []byte(nil), "", error(nil)
	if d != nil {
		text, format, err = d.Decode(ctx, headers, key, data)
	}
	var unavailable *UnavailableError
	switch {
	case errors.As(err, &unavailable): // what the query says of it would count for good
		return nil, err
	case err != nil:
		m["error"] = err.Error()
	case format == "json":
		format = "json-schema"
	}
	if format == "" {
		isJSON := false
		if format, isJSON = jq.Plain(data); isJSON {
			text = data
		}
	}
	m["format"] = format
	if text == nil {
		return m, nil
	}
	m["json"], err = jq.JSON(text)
	return m, err
}

// recipe says what becomes of a record.
type recipe struct {
	id       []byte // of the copy
	to       string
	byKey    bool
	keepTime bool
	where    *Where
	decoder  Decoder
	edit     Editor
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
