package copies

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/jq"
)

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
	in := form(rec, rec, w.query.Needs)
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

// form is the JSON form of a record that was read, as far as it is needed, with the
// key, value and headers of another one. What is decoded isn't in it.
func form(read, rec *kgo.Record, needs func(name string) bool) map[string]any {
	in := make(map[string]any, 8)
	if needs("coordinates") {
		in["coordinates"] = coordinates(read)
	}
	if needs("timestamp") {
		in["timestamp"] = jq.Time(&read.Timestamp)
	}
	in["partition"], in["offset"] = int(read.Partition), int(read.Offset)
	if needs("key") || needs("key_base64") {
		jq.Data(in, "key", rec.Key)
	}
	if needs("value") || needs("value_base64") {
		jq.Data(in, "value", rec.Value)
	}
	if needs("headers") {
		list := make([]any, len(rec.Headers))
		for i, h := range rec.Headers {
			m := map[string]any{"key": h.Key}
			jq.Data(m, "value", h.Value)
			list[i] = m
		}
		in["headers"] = list
	}
	return in
}

// decode gives a key or value as a person can read it.
func decode(ctx context.Context, d Decoder, headers []kgo.RecordHeader, key bool, data []byte) (map[string]any, error) {
	text, format, err := []byte(nil), "", error(nil)
	if d != nil && len(data) > 0 {
		text, format, err = d.Decode(ctx, headers, key, data)
	}
	var unavailable *UnavailableError
	if errors.As(err, &unavailable) { // what the query says of it would count for good
		return nil, err
	}
	m, _, err := decoded(data, text, format, err)
	return m, err
}

// maxValues is how many values JSON may have for jq: more would take tens of megabytes as
// a tree.
const maxValues = 600_000

// decoded is the JSON form of a key or value, and the JSON that it was made of: of what
// a decoder said to it.
func decoded(data, text []byte, format string, failed error) (map[string]any, []byte, error) {
	m := map[string]any{"format": "null", "json": nil, "error": nil}
	switch {
	case len(data) == 0:
		if data != nil {
			m["format"] = "empty"
		}
		return m, nil, nil
	case failed != nil:
		m["error"] = failed.Error()
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
		return m, nil, nil
	}
	if jq.Values(text) > maxValues {
		return nil, nil, fmt.Errorf("its JSON has more than %d values: too many for jq", maxValues)
	}
	var err error
	m["json"], err = jq.JSON(text)
	return m, text, err
}
