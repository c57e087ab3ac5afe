package timeline

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

// toy decodes what begins with a byte 0 and holds JSON after it; "?" can't be decoded.
type toy struct{}

func (toy) Decode(_ context.Context, _ []kgo.RecordHeader, _ bool, data []byte) (*Decoded, error) {
	switch {
	case len(data) < 2 || data[0] != 0:
		return nil, nil
	case data[1] == '?':
		return nil, errors.New("schema 7 isn't in the registry")
	}
	return &Decoded{JSON: data[1:], Type: "com.example.events.OrderPlacedEvent"}, nil
}

func header(key, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: []byte(value)}
}

func TestAnIDIsFoundWhereItIsTheWholeOfSomething(t *testing.T) {
	const trace, id = "4bf92f3577b34da6a3ce929d0e0e4736", "6f1c1ee0-53c9-4a0e-9f0e-3a4b5c6d7e8f"
	raw := uuid.MustParse(id)
	long := binary.BigEndian.AppendUint64(nil, 4711)
	for name, c := range map[string]struct {
		id   string
		rec  kgo.Record
		want string // where and name, sorted as found
	}{
		"a key":                             {"ord-1", kgo.Record{Key: []byte("ord-1")}, "key:"},
		"no part of a key":                  {"ord-1", kgo.Record{Key: []byte("ord-12")}, "part"},
		"a key in quotation marks":          {"ord-1", kgo.Record{Key: []byte(`"ord-1"`)}, "key:"},
		"a number as a key of eight bytes":  {"4711", kgo.Record{Key: long}, "key:"},
		"a member of a key":                 {"ord-1", kgo.Record{Key: []byte(`{"id":"ord-1"}`)}, "key:/id"},
		"a decoded key":                     {"ord-1", kgo.Record{Key: []byte("\x00\"ord-1\"")}, "key:"},
		"any header":                        {"ord-1", kgo.Record{Headers: []kgo.RecordHeader{header("who", "x"), header("order", "ord-1")}}, "header:order"},
		"no part of a header":               {"ord-1", kgo.Record{Headers: []kgo.RecordHeader{header("order", "ord-1;ord-2")}}, "part"},
		"the trace of a traceparent":        {trace, kgo.Record{Headers: []kgo.RecordHeader{header("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")}}, "header:traceparent"},
		"in capitals":                       {strings.ToUpper(trace), kgo.Record{Headers: []kgo.RecordHeader{header("X-Trace-Id", trace)}}, "header:X-Trace-Id"},
		"the trace of B3":                   {trace, kgo.Record{Headers: []kgo.RecordHeader{header("b3", trace+"-00f067aa0ba902b7-1")}}, "header:b3"},
		"the trace of Jaeger, without 0":    {"000000003577b34da6a3ce929d0e0e47", kgo.Record{Headers: []kgo.RecordHeader{header("uber-trace-id", "3577b34da6a3ce929d0e0e47:1:0:1")}}, "header:uber-trace-id"},
		"the trace of AWS":                  {trace, kgo.Record{Headers: []kgo.RecordHeader{header("X-Amzn-Trace-Id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1")}}, "header:X-Amzn-Trace-Id"},
		"no span of a traceparent":          {"00f067aa0ba902b7", kgo.Record{Headers: []kgo.RecordHeader{header("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")}}, "part"},
		"no trace in a header of no tracer": {trace, kgo.Record{Headers: []kgo.RecordHeader{header("note", "00-"+trace+"-00f067aa0ba902b7-01")}}, "part"},
		"a UUID's bytes in a header":        {id, kgo.Record{Headers: []kgo.RecordHeader{{Key: "event-id", Value: raw[:]}}}, "header:event-id"},
		"a string of JSON":                  {"ord-1", kgo.Record{Value: []byte(`{"a":[{"b":"ord-1"},"ord-1 "]}`)}, "value:/a/0/b"},
		"a number of JSON":                  {"4711", kgo.Record{Value: []byte(`{"id":4711,"other":47110}`)}, "value:/id"},
		"no part of a number":               {"4711", kgo.Record{Value: []byte(`{"id":47110}`)}, "part"},
		"the name of a member":              {"ord-1", kgo.Record{Value: []byte(`{"orders":{"ord-1":{}}}`)}, "value:/orders/ord-1"},
		"JSON within a string":              {"ord-1", kgo.Record{Value: []byte(`{"payload":"{\"id\":\"ord-1\"}"}`)}, "value:/payload#/id"},
		"an escaped slash":                  {"a/b", kgo.Record{Value: []byte(`{"id":"a\/b"}`)}, "value:/id"},
		"escaped letters":                   {"Bär-1", kgo.Record{Value: []byte(`{"id":"B\u00E4r-1"}`)}, "value:/id"},
		"a decoded value":                   {"ord-1", kgo.Record{Value: []byte("\x00{\"id\":\"ord-1\"}")}, "value:/id"},
		"a UUID as decoded bytes":           {id, kgo.Record{Value: []byte("\x00{\"id\":\"bxwe4FPJSg6fDjpLXG1+jw==\"}")}, "value:/id"},
		"all of a text":                     {"ord-1", kgo.Record{Value: []byte("ord-1")}, "value:"},
		"no part of a text":                 {"ord-1", kgo.Record{Value: []byte("order ord-1 is placed")}, "part"},
		"the whole before broken JSON":      {"ord-1", kgo.Record{Value: []byte(`{"id":"ord-1", broken`)}, "value:/id"},
		"what can't be decoded":             {"ord-1", kgo.Record{Value: []byte("\x00?ord-1")}, "hidden: schema 7 isn't in the registry"},
		"but its header can":                {"ord-1", kgo.Record{Headers: []kgo.RecordHeader{header("h", "ord-1")}, Value: []byte("\x00?ord-1")}, "header:h hidden: schema 7 isn't in the registry"},
		"bytes of nobody knows what":        {"ord-1", kgo.Record{Value: []byte("\xff\x00ord-1\x01")}, "hidden: it is neither text nor written with a schema"},
		"nothing":                           {"ord-1", kgo.Record{Value: []byte("{}")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMatcher([]identity{newIdentity(c.id, Asked)}, toy{})
			l := m.match(t.Context(), &c.rec)
			var got []string
			for _, h := range l.how {
				got = append(got, string(h.Where)+":"+h.Name)
			}
			if l.hidden != "" {
				got = append(got, "hidden: "+l.hidden)
			}
			if l.within {
				got = append(got, "part")
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Numbers and the bytes of UUIDs are what the filter could miss: it looks for bytes.
func TestTheFilterKnowsNumbersAsSchemasWriteThem(t *testing.T) {
	for _, n := range []int64{1, -3, 300, 4711, 1 << 20, 9007199254740993} {
		f := newFilter([]identity{newIdentity(fmt.Sprint(n), Asked)})
		for name, form := range map[string][]byte{
			"avro": binary.AppendVarint(nil, n), "protobuf": binary.AppendUvarint(nil, uint64(n)),
			"fixed": binary.LittleEndian.AppendUint64(nil, uint64(n)), "json": []byte(fmt.Sprint(n)),
		} {
			if !f.has(append([]byte{9, 9, 9}, form...)) {
				t.Errorf("%d isn't seen in %s", n, name)
			}
		}
	}
}

func TestDeepAndHostileJSONEnds(t *testing.T) {
	deep := strings.Repeat("[", 200_000) + `"ord-1"`
	m := newMatcher([]identity{newIdentity("ord-1", Asked)}, nil)
	m.match(t.Context(), &kgo.Record{Value: []byte(deep)})
	inner := `"ord-1"`
	for range 12 {
		b, _ := json.Marshal("[" + inner + "]")
		if inner = string(b); len(inner) > 1<<20 {
			break
		}
	}
	m.match(t.Context(), &kgo.Record{Value: []byte(inner)})
}
