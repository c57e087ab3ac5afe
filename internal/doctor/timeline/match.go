package timeline

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Decoder turns a key or value that was written with a schema into JSON.
type Decoder interface {
	// Decode gives nil, with no error, for data that names no schema, and an error that
	// says why data that does name one can't be decoded.
	Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (*Decoded, error)
}

// Decoded is a key or a value as JSON.
type Decoded struct {
	JSON []byte
	Type string // the full name of its type; empty: it has none
}

// Where is the part of a record that an id was found in.
type Where string

// The parts.
const (
	InHeader Where = "header"
	InKey    Where = "key"
	InValue  Where = "value"
)

// How says by what a record was found.
type How struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Where Where  `json:"where"`
	// Name is that of the header, or a JSON pointer into the decoded key or value; empty
	// for all of it.
	Name string `json:"name"`
}

// matcher looks for ids in records.
type matcher struct {
	ids     []identity
	filter  *filter
	decoder Decoder
}

func newMatcher(ids []identity, d Decoder) *matcher { return &matcher{ids, newFilter(ids), d} }

// look is what looking at one record gave.
type look struct {
	how []How
	// hidden says why a key or value that has the bytes of an id could not be looked
	// into; empty: it could.
	hidden string
	// within is set where the bytes are only a part of something else.
	within bool
}

// match looks at everything in a record that may hold an id.
func (m *matcher) match(ctx context.Context, rec *kgo.Record) (l look) {
	touched := false
	for i := range rec.Headers {
		if h := &rec.Headers[i]; m.filter.has(h.Value) {
			touched = true
			m.header(h, &l)
		}
	}
	if m.filter.has(rec.Key) {
		touched = true
		if !m.all(rec.Key, InKey, (*identity).isKey, &l) {
			m.within(ctx, rec, true, &l)
		}
	}
	if m.filter.has(rec.Value) {
		touched = true
		if !m.all(rec.Value, InValue, (*identity).is, &l) {
			m.within(ctx, rec, false, &l)
		}
	}
	l.within = touched && len(l.how) == 0 && l.hidden == ""
	return l
}

func (m *matcher) header(h *kgo.RecordHeader, l *look) {
	name := plainName(h.Key)
	var trace string
	if len(h.Value) <= maxHeader {
		trace = propagated(name, string(h.Value)).trace
	}
	for i := range m.ids {
		id := &m.ids[i]
		if id.is(h.Value) || trace != "" && id.isTrace() && id.equal([]byte(trace)) {
			l.add(How{id.text, id.kind, InHeader, printable(h.Key)})
		}
	}
}

// all compares a whole key or value.
func (m *matcher) all(data []byte, where Where, is func(*identity, []byte) bool, l *look) (found bool) {
	for i := range m.ids {
		if id := &m.ids[i]; is(id, data) {
			l.add(How{id.text, id.kind, where, ""})
			found = true
		}
	}
	return found
}

// within decodes a key or value and compares what is in it.
func (m *matcher) within(ctx context.Context, rec *kgo.Record, key bool, l *look) {
	data, where := rec.Value, InValue
	if key {
		data, where = rec.Key, InKey
	}
	text, reason := m.decode(ctx, rec.Headers, key, data)
	if text == nil {
		if l.hidden == "" {
			l.hidden = reason
		}
		return
	}
	for i := range m.ids {
		id := &m.ids[i]
		for _, path := range scalars(text, id.isScalar) {
			l.add(How{id.text, id.kind, where, printable(path)})
		}
	}
}

// decode gives JSON, or why there is none; neither for plain text, of which all was
// compared before.
func (m *matcher) decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (text []byte, reason string) {
	if m.decoder != nil {
		decoded, err := m.decoder.Decode(ctx, headers, key, data)
		if err != nil {
			return nil, err.Error()
		}
		if decoded != nil {
			return decoded.JSON, ""
		}
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n\ufeff"); len(trimmed) > 0 && bytes.IndexByte([]byte(`{["`), trimmed[0]) >= 0 {
		return trimmed, ""
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, "it is neither text nor written with a schema"
	}
	return nil, ""
}

// maxHows bounds what is told of one record.
const maxHows = 16

func (l *look) add(h How) {
	for _, had := range l.how {
		if had == h {
			return
		}
	}
	if len(l.how) < maxHows {
		l.how = append(l.how, h)
	}
}

// maxName bounds the name of a header, and what else a foreign record names.
const maxName = 300

func printable(s string) string {
	if len(s) > maxName {
		s = s[:maxName] + "…"
	}
	return string(bytes.ToValidUTF8([]byte(s), []byte("\uFFFD")))
}
