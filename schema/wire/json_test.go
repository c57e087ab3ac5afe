package wire_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"github.com/google/go-cmp/cmp"
)

const personSchema = `{"type":"object","properties":{"name":{"type":"string"},"home":{"$ref":"address.json"}},"required":["name"]}`

var addressSchema = wire.Reference{Name: "address.json", Text: `{"type":"object","properties":{"zip":{"type":"string","pattern":"^(?!0)[0-9]{5}$"}}}`}

func people() *wire.Codec { return only(wire.JSON, personSchema, addressSchema) }

func TestJSONDataStaysAsItWasWritten(t *testing.T) {
	m := decode(t, people(), framed([]byte(` {"name" : "\u00e9", "n": 12345678901234567890.10, "home":{"zip":"12345"}}`)...))
	if want := `{"name":"\u00e9","n":12345678901234567890.10,"home":{"zip":"12345"}}`; string(m.JSON) != want {
		t.Errorf("got %s, want %s", m.JSON, want)
	}
	if m.Violations != nil || m.Notes != nil || m.Format != wire.JSON || m.Name != "" {
		t.Errorf("got %+v", m)
	}
	back(t, people(), avroFrame, `{"name":"x","n":1e2}`)
}

func TestJSONDataThatViolatesItsSchemaIsDecodedAllTheSame(t *testing.T) {
	m := decode(t, people(), framed([]byte(`{"home":{"zip":"01234"},"name":3}`)...))
	want := []wire.Violation{
		{Path: "/home/zip", Reason: "'01234' does not match pattern '^(?!0)[0-9]{5}$'"},
		{Path: "/name", Reason: "got number, want string"},
	}
	if diff := cmp.Diff(want, m.Violations, cmp.Transformer("sorted", func(v []wire.Violation) map[wire.Violation]bool {
		set := map[wire.Violation]bool{}
		for _, one := range v {
			set[one] = true
		}
		return set
	})); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestJSONDataWithANameTwiceIsNoted(t *testing.T) {
	m := decode(t, people(), framed([]byte(`{"name":"a","name":"b"}`)...))
	if string(m.JSON) != `{"name":"a","name":"b"}` || len(m.Notes) != 1 {
		t.Errorf("got %s and %q", m.JSON, m.Notes)
	}
}

func TestDataThatIsNotJSON(t *testing.T) {
	for data, want := range map[string]string{
		"":                 "data of schema 1 (json), at byte 0: not JSON: unexpected EOF",
		`{"a":`:            "data of schema 1 (json): /a, at byte 5: not JSON: unexpected EOF",
		`{} {}`:            "data of schema 1 (json), at byte 3: not JSON: invalid character '{' after top-level value",
		"{\"a\":\"\xff\"}": "data of schema 1 (json): /a, at byte 6: not JSON: invalid UTF-8",
	} {
		fails(t, people(), framed([]byte(data)...), want)
	}
}

func TestJSONEncodingChecks(t *testing.T) {
	for json, want := range map[string]string{
		`{"name":3}`:              "data of schema 1 (json): /name: got number, want string",
		`{}`:                      "data of schema 1 (json): missing property 'name'",
		`{"name":"a","name":"b"}`: "data of schema 1 (json): /name, at byte 12: not JSON: duplicate object member name",
		`{"name":1e1000}`:         "data of schema 1 (json): /name: a number too large or too long to check",
	} {
		_, err := people().Encode(t.Context(), wire.Value, wire.Frame{ID: number(1)}, []byte(json))
		wantDataError(t, "encoding "+json, err, want)
	}
}

func TestJSONDataIsDecodedWithoutAUsableSchema(t *testing.T) {
	many := `{"default":[0` + strings.Repeat(`,0`, 30_000) + `]}`
	for schema, want := range map[string]string{
		`{"$ref":"x.json"}`: `not held against its schema: parsing JSON Schema: line 1, column 9 (/$ref): it refers to "x.json", which is not among its references`,
		many:                "not held against its schema: the JSON Schema has more than 20000 values, too many to hold data against it",
	} {
		c := only(wire.JSON, schema)
		m := decode(t, c, framed([]byte(`{"a":1}`)...))
		if string(m.JSON) != `{"a":1}` || len(m.Notes) != 1 || m.Notes[0] != want {
			t.Errorf("got %s and %q, want %q", m.JSON, m.Notes, want)
		}
		if e, err := c.Encode(t.Context(), wire.Value, m.Frame, m.JSON); err == nil {
			t.Errorf("encoded as %+v without having been checked", e)
		}
	}
}
