package jsonschema_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/jsonschema"
)

func TestWhatIsNoSchemaSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "parsing JSON Schema: it is empty",
		" \n":                               "parsing JSON Schema: it is empty",
		"[]":                                "parsing JSON Schema: line 1, column 1: a schema is an object, true or false, and this is an array",
		"42":                                "parsing JSON Schema: line 1, column 1: a schema is an object, true or false, and this is a number",
		"<html>":                            "parsing JSON Schema: line 1, column 1: invalid character '<' at start of value",
		"{\"type\":\n \"object\"":           "parsing JSON Schema: line 2, column 10: the file ends in the middle of the schema",
		"{\"type\":\"object\"} {}":          "parsing JSON Schema: line 1, column 19: there is more after the end of the schema",
		"{\"a\":1,\n\"a\":2}":               "parsing JSON Schema: line 2, column 1 (/a): duplicate object member name",
		"{\"é\":{},\n \"type\":\"strnig\"}": "parsing JSON Schema: line 2, column 9 (/type): value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'",
		`{"properties":{"a":{"type":7}}}`:   "parsing JSON Schema: line 1, column 28 (/properties/a/type): value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'",
		`{"maxLength":-1}`:                  "parsing JSON Schema: line 1, column 14 (/maxLength): minimum: got -1, want 0",
		`{"minimum":1e99999}`:               "parsing JSON Schema: line 1, column 12: a number too large or too long to work with",
		`{"$ref":"other.json"}`:             `parsing JSON Schema: line 1, column 9 (/$ref): it refers to "other.json", which is not among its references`,
		`{"$ref":"http://example.com/x"}`:   `parsing JSON Schema: line 1, column 9 (/$ref): it refers to "http://example.com/x", which is not among its references`,
		`{"pattern":"("}`:                   "parsing JSON Schema: line 1, column 12 (/pattern): '(' is not valid regex: error parsing regexp: missing closing ) in `(`",
		`{"$schema":"https://json-schema.org/draft/2020-12/schema","pattern":"("}`: "parsing JSON Schema: line 1, column 69 (/pattern): the pattern can't be read: error parsing regexp: missing closing ) in `(`",
		`{"items":{"$ref":"#/nowhere"}}`:                                           `parsing JSON Schema: line 1, column 18 (/items/$ref): it refers to "#/nowhere", and there is no such place`,
		`{"$schema":"http://example.com/"}`:                                        `parsing JSON Schema: line 1, column 12 (/$schema): the draft "http://example.com/" isn't known`,
		"{\"a\":\"\xff\"}":                                                         "parsing JSON Schema: not UTF-8 text",
		strings.Repeat(`{"not":`, 600):                                             "parsing JSON Schema: line 1, column 3501: nested deeper than 500 levels",
		"{\"a\":[" + strings.Repeat("0,", 600_000) + "0]}":                         "parsing JSON Schema: line 1, column 1000003: it has more than 500000 values",
	} {
		_, err := jsonschema.Parse([]byte(text))
		var bad *jsonschema.SyntaxError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%.60q gives\n%v, want\n%s", text, err, want)
		}
	}
	_, err := jsonschema.Parse(bytes.Repeat([]byte{' '}, 40<<20))
	if err == nil || err.Error() != "parsing JSON Schema: it has 40 MB; a schema has at most 8 MB" {
		t.Errorf("got %v", err)
	}
	_, err = jsonschema.Parse([]byte(`true`), jsonschema.Reference{Name: "x.json", Source: []byte(`nul`)})
	if err == nil || !strings.HasPrefix(err.Error(), "parsing JSON Schema x.json: line 1") {
		t.Errorf("got %v", err)
	}
}

func TestReferencesAreFound(t *testing.T) {
	address := jsonschema.Reference{Name: "address.json", Source: []byte(`{"type":"integer","definitions":{"zip":{"type":"integer"}}}`)}
	for name, c := range map[string]struct {
		text string
		ref  jsonschema.Reference
	}{
		"by name":                 {`{"$ref":"address.json"}`, address},
		"by name and pointer":     {`{"$ref":"address.json#/definitions/zip"}`, address},
		"beside an $id":           {`{"$id":"http://example.com/schemas/order.json","$ref":"address.json"}`, address},
		"by URL":                  {`{"$ref":"http://example.com/a.json"}`, jsonschema.Reference{Name: "http://example.com/a.json", Source: []byte(`{"type":"integer"}`)}},
		"by the other's own $id":  {`{"$ref":"http://example.com/a.json"}`, jsonschema.Reference{Name: "a", Source: []byte(`{"$id":"http://example.com/a.json","type":"integer"}`)}},
		"by an anchor":            {`{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#here","$defs":{"x":{"$anchor":"here","type":"integer"}}}`, address},
		"by an $id inside":        {`{"$ref":"inner.json","definitions":{"x":{"$id":"inner.json","type":"integer"}}}`, address},
		"through a second one":    {`{"$ref":"#/definitions/x","definitions":{"x":{"$ref":"address.json"}}}`, address},
		"with an escaped pointer": {`{"$ref":"#/definitions/a~1b%20c","definitions":{"a/b c":{"type":"integer"}}}`, address},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, c.text, c.ref)
			problems := check(t, s, parse(t, `{"type":"string"}`))
			if len(problems) != 1 || problems[0].Rule != jsonschema.TypeChanged || !strings.Contains(problems[0].Detail(), "an integer") {
				t.Errorf("got %+v", problems)
			}
			found, err := s.Validate([]byte(`"x"`))
			if err != nil || len(found) != 1 || found[0].Reason != "got string, want integer" {
				t.Errorf("got %+v and %v", found, err)
			}
		})
	}
}

func TestDataIsHeldAgainstASchema(t *testing.T) {
	s := parse(t, `{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"zip":{"pattern":"^(?=.{3}$)[0-9]+$"},"list":{"items":{"maximum":3}}}}`)
	for data, want := range map[string]string{
		`{"id":1,"zip":"123","list":[1,3]}`: "",
		`{"id":1.0}`:                        "",
		`{}`:                                ": missing property 'id'",
		`{"id":9007199254740993.5}`:         "/id: got number, want integer",
		`{"id":1,"zip":"12"}`:               "/zip: '12' does not match pattern '^(?=.{3}$)[0-9]+$'",
		`{"id":1,"list":[9,1,9]}`:           "/list/0: maximum: got 9, want 3; /list/2: maximum: got 9, want 3",
		`{"id":1e5000}`:                     "/id: a number too large or too long to check",
	} {
		found, err := s.Validate([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", data, err)
		}
		var got []string
		for _, v := range found {
			got = append(got, v.Pointer+": "+v.Reason)
		}
		if got := strings.Join(got, "; "); got != want {
			t.Errorf("%s gives %q, want %q", data, got, want)
		}
	}
	for data, want := range map[string]string{"": "not JSON: it is empty", "{": "not JSON: unexpected EOF", "nul": "not JSON: "} {
		if _, err := s.Validate([]byte(data)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", data, err, want)
		}
	}
}

func TestPatternsThatBacktrackForeverEnd(t *testing.T) {
	s := parse(t, `{"items":{"pattern":"^(?=(a+)+$)(a+)+$"}}`)
	one := `"` + strings.Repeat("a", 5000) + `!"`
	found, err := s.Validate([]byte("[" + strings.Repeat(one+",", 500) + `"b"]`))
	if err != nil || len(found) != 0 { // 500 times the limit would be a minute
		t.Errorf("got %+v and %v", found, err)
	}
	if found, err := parse(t, `{"pattern":"^(?!b)"}`).Validate([]byte(`"b"`)); err != nil || len(found) != 1 {
		t.Errorf("a pattern that takes no time isn't tried: %+v and %v", found, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus(f)[:40] {
		f.Add([]byte(c.Candidate), []byte(c.Versions[0]))
	}
	f.Add([]byte(`{"$ref":"#/a","a":{"$ref":"#"}}`), []byte(`{"$id":"http://x/y","$ref":"r.json"}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		ref := jsonschema.Reference{Name: "r.json", Source: []byte(`{"type":"string"}`)}
		reader, err := jsonschema.Parse(a, ref)
		writer, err2 := jsonschema.Parse(b, ref)
		for _, err := range []error{err, err2} {
			var bad *jsonschema.SyntaxError
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("%T: %v", err, err)
			}
		}
		if reader == nil || writer == nil {
			return
		}
		problems, err := jsonschema.Check(reader, writer)
		if err != nil && !errors.Is(err, jsonschema.ErrTooComplex) {
			t.Fatal(err)
		}
		for _, p := range problems {
			reader.Position(p.Path)
			if p.Detail() == "" {
				t.Fatalf("%+v says nothing", p)
			}
		}
		if problems, err := jsonschema.Check(reader, reader); err == nil && len(problems) != 0 {
			t.Fatalf("not compatible with itself: %+v", problems[0])
		}
	})
}
