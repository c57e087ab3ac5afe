package schema_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

const (
	proto      = "syntax = \"proto3\";\npackage shop;\nmessage Order {\n  string id = 1;\n  int32 count = 2;\n}\n"
	protoBreak = "syntax = \"proto3\";\npackage shop;\nmessage Order {\n  string id = 1;\n  string count = 2;\n}\n"
	jsonClosed = `{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object", "additionalProperties": false,
  "properties": {"id": {"type": "string"}}, "required": ["id"]}`
	jsonBreak = `{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object", "additionalProperties": false,
  "properties": {"id": {"type": "string"}, "tier": {"type": "string"}}, "required": ["id", "tier"]}`
)

// advisory are languages whose local answer is advice: a schema, and one that breaks it.
var advisory = []struct {
	format    schema.Format
	file      string
	old, next string
}{
	{schema.Protobuf, "order.proto", proto, protoBreak},
	{schema.JSON, "order.schema.json", jsonClosed, jsonBreak},
}

func TestAdviceNamesItsRulesAndDecidesOffline(t *testing.T) {
	for _, l := range advisory {
		old, dir := write(t, l.file, l.old), write(t, l.file, l.next)
		loaded := load(t, schema.LoadRequest{Paths: []string{dir}})
		r := check(t, schema.Request{Candidates: loaded.Candidates, Baseline: schema.InDir(old)}).Results[0]
		if r.Compatible || r.Breaks() == 0 || !r.Advisory || !strings.Contains(r.Rules, "Confluent") {
			t.Errorf("%s: %+v", l.format, r)
		}
		wantNote(t, r.Notes, "advisory", r.Rules)
		for _, p := range r.Problems {
			if p.Line == 0 || p.Fix == "" || !strings.Contains(p.Message, "consumers with the new schema") {
				t.Errorf("%s: %+v", l.format, p)
			}
		}
	}
}

func TestForAdviceTheRegistrysVerdictCounts(t *testing.T) {
	for _, l := range advisory {
		ask := func(v registry.Verdict, text string) schema.Result {
			f := &fakeRegistry{mode: "BACKWARD", verdicts: map[int]registry.Verdict{1: v}, subjects: map[string][]registry.Schema{
				"order": {{Subject: "order", Version: 1, Type: l.format.RegistryType(), Schema: l.old}},
			}}
			loaded := load(t, schema.LoadRequest{Paths: []string{write(t, l.file, text)}, Subject: "order"})
			return check(t, schema.Request{Candidates: loaded.Candidates, Baseline: schema.InRegistry(f), Judge: f}).Results[0]
		}
		r := ask(yes, l.next)
		if !r.Compatible || len(r.Problems) == 0 || !r.Problems[0].Overruled {
			t.Errorf("%s, the registry takes it: %+v", l.format, r)
		}
		wantNote(t, r.Notes, "the registry calls it compatible", "that counts")
		r = ask(no, l.old)
		if r.Compatible || len(r.Problems) != 1 || r.Problems[0].Rule != schema.RuleRegistry || !strings.Contains(r.Problems[0].Message, "a field is missing") {
			t.Errorf("%s, the registry refuses it: %+v", l.format, r)
		}
		wantNote(t, r.Notes, "the registry calls it incompatible", "nothing was found")
		if r = ask(no, l.next); r.Compatible || len(r.Notes) != 0 || r.Problems[0].Rule == schema.RuleRegistry {
			t.Errorf("%s, both object: %+v", l.format, r)
		}
		if r = ask(yes, l.old); !r.Compatible || len(r.Notes) != 0 {
			t.Errorf("%s, both agree: %+v", l.format, r)
		}
	}
}

func TestMistakesHaveAPlaceInEveryLanguage(t *testing.T) {
	for file, text := range map[string]string{
		"a.proto":       "syntax = \"proto3\";\nmessage A {\n  strin id = 1;\n}\n",
		"a.schema.json": "{\n  \"type\": \"object\",\n  \"properties\": 5\n}\n",
		"b.schema.json": "{\n  \"type\": \"object\",\n  oops\n}\n",
		"a.avsc":        "{\"type\": \"record\", \"name\": \"A\",\n \"fields\": [\n {\"name\": \"a\", \"type\": \"strin\"}]}",
	} {
		dir := write(t, file, text)
		r := check(t, schema.Request{Candidates: load(t, schema.LoadRequest{Paths: []string{dir}}).Candidates, Baseline: versions{}}).Results[0]
		if r.Compatible || r.Error == nil || r.Error.Line != 3 || r.Error.Column == 0 || filepath.Base(r.Error.File) != file {
			t.Errorf("%s: %+v", file, r.Error)
		}
	}
}

func TestReferencesInEveryLanguage(t *testing.T) {
	for name, files := range map[string][]string{
		"an import":               {"order.proto", "syntax = \"proto3\";\nimport \"lib/money.proto\";\nmessage Order {\n  Money total = 1;\n}\n", "lib/money.proto", "syntax = \"proto3\";\nmessage Money {\n  int64 amount = 1;\n}\n"},
		"a $ref to a file":        {"order.schema.json", `{"properties": {"total": {"$ref": "money.schema.json#/definitions/m"}}}`, "lib/money.schema.json", `{"definitions": {"m": {"type": "integer"}}}`},
		"a $ref to a schema's id": {"order.schema.json", `{"properties": {"total": {"$ref": "https://example.com/money"}}}`, "lib/m.schema.json", `{"$id": "https://example.com/money", "type": "integer"}`},
	} {
		dir := write(t, files...)
		req := schema.LoadRequest{Paths: []string{filepath.Join(dir, files[0])}}
		loaded := load(t, req)
		if r := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}}).Results[0]; r.Error == nil {
			t.Errorf("%s: no error without what it refers to", name)
		}
		req.Refs = []string{filepath.Join(dir, "lib")}
		loaded = load(t, req)
		if r := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}}).Results[0]; r.Error != nil {
			t.Errorf("%s: %s", name, r.Error.Message)
		}
	}
}

func TestRecordNamesInEveryLanguage(t *testing.T) {
	for file, test := range map[string]struct{ text, want string }{
		"a.proto": {proto, "shop.Order"}, "a.schema.json": {jsonClosed, "Order"}, "a.avsc": {v1, "com.example.events.OrderPlacedEvent"},
	} {
		req := schema.LoadRequest{Paths: []string{write(t, file, test.text)}, Names: schema.SubjectNames{Naming: schema.RecordName}}
		if got := load(t, req).Candidates[0].Subject; got != test.want {
			t.Errorf("%s: subject %q, want %q", file, got, test.want)
		}
	}
}

func TestDiffInEveryLanguage(t *testing.T) {
	for name, test := range map[string]struct {
		format   schema.Format
		from, to string
		want     []string
	}{
		"the type of a Protobuf field": {schema.Protobuf, proto, protoBreak, []string{`field "count" of Order: int32, number 2 → string, number 2`}},
		"a Protobuf file": {
			schema.Protobuf,
			"syntax = \"proto3\";\npackage a;\nmessage A {\n  string x = 1;\n  string gone = 2;\n  message In {}\n}\nmessage B {}\nenum E {\n  Z = 0;\n  Y = 1;\n  W = 2;\n}\nenum F {\n  G = 0;\n}\n",
			"syntax = \"proto3\";\npackage b;\nmessage A {\n  optional string y = 1;\n  repeated int64 n = 3;\n  map<string, In> m = 4;\n  oneof o {\n    int32 p = 5;\n  }\n  message In {}\n}\nmessage C {}\nenum E {\n  Z = 0;\n  Y = 3;\n  X = 2;\n}\nenum H {\n  I = 0;\n}\n",
			[]string{
				"package: a → b", `renamed field 1 of A: "x" → "y"`, `field "y" of A: string, number 1 → optional string, number 1`,
				`added field "n" to A (repeated int64, number 3)`, `added field "m" to A (map<string, b.A.In>, number 4)`, `added field "p" to A (int32 in oneof o, number 5)`,
				`removed field "gone" from A (string, number 2)`, `added message "C"`, `removed message "B"`,
				`enum "E": Y = 1 → Y = 3`, `added X = 2 to enum "E"`, `removed W = 2 from enum "E"`, `added enum "H"`, `removed enum "F"`,
			},
		},
		"a JSON Schema":  {schema.JSON, jsonClosed, jsonBreak, []string{`added /properties/tier: {"type":"string"}`, `/required: ["id"] → ["id","tier"]`}},
		"a keyword less": {schema.JSON, jsonClosed, `{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}`, []string{"removed /additionalProperties: false"}},
	} {
		c, err := schema.Diff(schema.Compared{Name: "a", Format: test.format, Text: []byte(test.from)}, schema.Compared{Name: "b", Format: test.format, Text: []byte(test.to)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, change := range c.Changes {
			got = append(got, change.Text)
			if change.To != "" && change.Kind != "package-changed" && change.Line == 0 {
				t.Errorf("%s: %q has no place", name, change.Text)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
}
