package dlq_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"context"
	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestALetterIsHeldAgainstItsSource(t *testing.T) {
	for _, test := range []struct {
		what           string
		letter, source string // "\x00" is null
		want           dlq.Difference
		lost           []string
	}{
		{"the same bytes", `{"a":1}`, `{"a":1}`, dlq.Equal, nil},
		{"null and null", "\x00", "\x00", dlq.Equal, nil},
		{"null and empty", "\x00", "", dlq.Nulled, nil},
		{"empty and null", "", "\x00", dlq.Changed, nil},
		{"a pointer only", "\x00", `{"a":1}`, dlq.Nulled, nil},
		{"blanks and order", `{"b":[1,2],"a":1}`, `{ "a": 1, "b": [1, 2] }`, dlq.Rewritten, nil},
		{"another spelling of numbers", `{"a":1.0,"b":1e2}`, `{"a":1,"b":100}`, dlq.Rewritten, nil},
		{"numbers over 2^53 that differ", `{"a":9007199254740993}`, `{"a":9007199254740992}`, dlq.Changed, nil},
		{"fields lost", `{"a":1}`, `{"a":1,"b":2,"c/d":{"e":1}}`, dlq.FieldsLost, []string{"/b", "/c~1d"}},
		{"fields lost in a list", `[{"a":1},{}]`, `[{"a":1},{"a":2}]`, dlq.FieldsLost, []string{"/1/a"}},
		{"fields lost and changed", `{"a":2}`, `{"a":1,"b":2}`, dlq.Changed, []string{"/b"}},
		{"fields added", `{"a":1,"b":null}`, `{"a":1}`, dlq.Changed, nil},
		{"null is no lost field", `{"a":null}`, `{"a":1}`, dlq.Changed, nil},
		{"another type", `{"a":"1"}`, `{"a":1}`, dlq.Changed, nil},
		{"text", "a", "b", dlq.Changed, nil},
		{"a huge exponent", `{"a":1e999999999}`, `{"a":2e999999999}`, dlq.Changed, nil},
		{"nesting without end", strings.Repeat("[", 100_000), strings.Repeat("[", 100_001), dlq.Changed, nil},
	} {
		l := &dlq.Letter{Value: orNull(test.letter)}
		c := dlq.Compare(l, &kgo.Record{Value: orNull(test.source)})
		if c.Value != test.want || !slices.Equal(c.Lost, test.lost) || c.Differs() == (test.want == dlq.Equal) || *l.SourceDiffers != c.Differs() {
			t.Errorf("%s: %+v, want %s %v", test.what, c, test.want, test.lost)
		}
	}
}

func orNull(s string) []byte {
	if s == "\x00" {
		return nil
	}
	return []byte(s)
}

// The recorder's source records show what Spring's serialisers do to a letter.
func TestSpringWritesWhatItReadAnew(t *testing.T) {
	found := map[dlq.Difference]int{}
	for _, letters := range samples(t) {
		for _, s := range letters {
			if s.Original != nil {
				found[dlq.Compare(dialects(t).Parse(s.record(t)), s.Original.record(t)).Value]++
			}
		}
	}
	if found[dlq.Equal] < 20 || found[dlq.Rewritten]+found[dlq.FieldsLost] == 0 || found[dlq.Nulled] == 0 {
		t.Errorf("differences of the samples: %v", found)
	}
}

type decoder func(data []byte) ([]byte, string, error)

func (d decoder) Decode(_ context.Context, _ []kgo.RecordHeader, _ bool, data []byte) ([]byte, string, error) {
	return d(data)
}

func TestWhatCannotBeDecodedIsShownWithItsReason(t *testing.T) {
	avro := decoder(func(data []byte) ([]byte, string, error) {
		switch {
		case data[0] != 0:
			return nil, "", nil
		case data[1] == 1:
			return []byte(`{"big":9007199254740993}`), "avro", nil
		}
		return nil, "", errors.New("schema 7: not found")
	})
	for value, want := range map[string]string{
		"\x00\x01x": "avro", "\x00\x02x": "bytes: schema 7: not found", `{"a":1}`: "json", "[1]": "json", "42": "text", "{broken": "text", "": "empty",
		"\x00null": "bytes: schema 7: not found", "\xff": "bytes", strings.Repeat("[", 2000) + strings.Repeat("]", 2000): "text",
	} {
		l := &dlq.Letter{Value: []byte(value)}
		l.Decode(t.Context(), avro, nil)
		got := l.Decoded.Value.Format
		if e := l.Decoded.Value.Error; e != nil {
			got += ": " + *e
		}
		if got != want || l.Decoded.Key.Format != "null" {
			t.Errorf("%.20q: %s, want %s", value, got, want)
		}
	}
}
