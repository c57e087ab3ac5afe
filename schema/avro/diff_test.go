package avro_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/schema/avro"
)

func TestDiffsAreSaidInWords(t *testing.T) {
	enum := func(rest string) string { return `{"type":"enum","name":"E",` + rest + `}` }
	for _, test := range []struct {
		name     string
		from, to string
		want     []string
	}{
		{"nothing changed", `"int"`, ` "int"`, nil},
		{"the same, written otherwise", `{"type":"record","name":"x.R","fields":[]}`, `{"fields":[],"namespace":"x","name":"R","type":"record"}`, nil},
		{"a type", `"int"`, `"long"`, []string{`type of the schema: int → long`}},
		{"fields added and removed", record(`{"name":"a","type":"int"},{"name":"b","type":"int","default":1}`),
			record(`{"name":"a","type":"int"},{"name":"customerTier","type":["null","string"],"default":null},{"name":"c","type":"bytes"}`), []string{
				`added field "customerTier" (union of null and string; default null)`,
				`added field "c" (bytes)`,
				`removed field "b" (int; default 1)`}},
		{"a field's type", record(`{"name":"amount","type":"int"}`), record(`{"name":"amount","type":"double"}`), []string{
			`type of "amount": int → double`}},
		{"a field made optional", record(`{"name":"a","type":{"type":"record","name":"S","fields":[]}}`),
			record(`{"name":"a","type":["null",{"type":"record","name":"S","fields":[{"name":"b","type":"int"}]}]}`), []string{
				`type of "a": record x.S → union of null and record x.S`,
				`added field "a.b" (int)`}},
		{"a field made mandatory", record(`{"name":"a","type":["null",{"type":"fixed","name":"F","size":1}]}`), record(`{"name":"a","type":{"type":"fixed","name":"F","size":2}}`), []string{
			`type of "a": union of null and fixed x.F of 1 bytes → fixed x.F of 2 bytes`,
			`size of fixed x.F: 1 → 2 bytes`}},
		{"a field renamed", record(`{"name":"a","type":"int"}`), record(`{"name":"b","type":"long","aliases":["a","z"]}`), []string{
			`renamed field "a" to "b", with an alias`,
			`type of "b": int → long`,
			`added alias "z" to "b"`}},
		{"a field whose alias is another field", record(`{"name":"a","type":"int"}`), record(`{"name":"a","type":"int"},{"name":"b","type":"int","aliases":["a"]}`), []string{
			`added field "b" (int)`}},
		{"fields in another order", record(`{"name":"a","type":"int"},{"name":"b","type":"int"}`), record(`{"name":"b","type":"int"},{"name":"a","type":"int"}`), []string{
			`fields of record x.R are in another order`}},
		{"defaults", record(`{"name":"a","type":"int"},{"name":"b","type":"int","default":1},{"name":"c","type":"int","default":2}`),
			record(`{"name":"a","type":"int","default":0},{"name":"b","type":"int"},{"name":"c","type":"int","default":3}`), []string{
				`added default of "a": 0`, `removed default of "b": 1`, `default of "c": 2 → 3`}},
		{"what a field says of itself", record(`{"name":"a","type":"int","doc":"old","aliases":["z"],"pii":true,"n":1.0}`), record(`{"name":"a","type":"int","order":"ignore","doc":"new","pii":false,"owner":"me","n":1e0}`), []string{
			`sort order of "a": ascending → ignore`, `removed alias "z" from "a"`, `documentation of "a": "old" → "new"`,
			`added property "owner" of "a": "me"`, `property "pii" of "a": true → false`}},
		{"what a record says of itself", `{"type":"record","name":"R","doc":"old","fields":[]}`, `{"type":"record","name":"x.S","aliases":["R"],"owner":"me","fields":[]}`, []string{
			`name of record: R → x.S`, `added alias "x.R" to record x.S`, `removed documentation of record x.S: "old"`, `added property "owner" of record x.S: "me"`}},
		{"a namespace", `{"type":"fixed","name":"R","size":1}`, `{"type":"fixed","name":"x.R","size":1}`, []string{`namespace of fixed R: none → x`}},
		{"symbols", enum(`"symbols":["A","B","C"]`), enum(`"symbols":["C","A","D"],"default":"D"`), []string{
			`added symbol "D" to enum E`, `removed symbol "B" from enum E`, `symbols of enum E are in another order`, `added default of enum E: "D"`}},
		{"a symbol as default", enum(`"symbols":["A","B"],"default":"A"`), enum(`"symbols":["A","B"],"default":"B"`), []string{`default of enum E: "A" → "B"`}},
		{"branches", `["null","int",{"type":"fixed","name":"x.F","size":1}]`, `[{"type":"fixed","name":"y.F","size":1},"null","string"]`, []string{
			`namespace of fixed F: x → y`, `added string to the types of the schema`, `removed int from the types of the schema`,
			`types of the schema are in another order: union of null, int and fixed x.F of 1 bytes → union of fixed y.F of 1 bytes, null and string`}},
		{"one branch that two may have come from", `[{"type":"fixed","name":"x.F","size":1}]`, `[{"type":"fixed","name":"y.F","size":1},{"type":"fixed","name":"z.F","size":1}]`, []string{
			`namespace of fixed F: x → y`, `added fixed z.F of 1 bytes to the types of the schema`}},
		{"one that an alias and a short name point at", `[{"type":"fixed","name":"x.F","size":1}]`, `[{"type":"fixed","name":"y.F","size":1},{"type":"fixed","name":"G","size":1,"aliases":["x.F"]}]`, []string{
			`added fixed y.F of 1 bytes to the types of the schema`, `name of fixed: x.F → G`, `added alias "x.F" to fixed G of 1 bytes`}},
		{"logical types", record(`{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}},{"name":"b","type":"long"}`),
			record(`{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}},{"name":"b","type":{"type":"long","logicalType":"timestamp-millis"}}`), []string{
				`logical type of "a": decimal 4,2 → decimal 4,1`, `logical type of "b": none → timestamp-millis`}},
		{"items and values", record(`{"name":"a","type":{"type":"array","items":{"type":"map","values":"int"}}}`), record(`{"name":"a","type":{"type":"array","items":{"type":"map","values":"long"}}}`), []string{
			`type of "a[]{}": int → long`}},
		{"a type that contains itself, told once", record(`{"name":"a","type":["null","R"]},{"name":"b","type":["null","R"]}`), record(`{"name":"a","type":["null","R"]},{"name":"b","type":["null","R"]},{"name":"c","type":"R"}`), []string{
			`added field "c" (record x.R)`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			changes, err := avro.Diff(parse(t, test.from), parse(t, test.to))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.Text())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestDiffsMissNothing holds generated pairs together: schemas that write other
// bytes differ, one is no different from itself, and each change is where it says.
func TestDiffsMissNothing(t *testing.T) {
	differing := 0
	for _, pair := range generatedPairs(t, 10_000) {
		from, to := parse(t, pair.reader), parse(t, pair.writer)
		if changes, err := avro.Diff(from, from); err != nil || len(changes) > 0 {
			t.Fatalf("%s differs from itself: %v, %v", pair.reader, changes, err)
		}
		changes, err := avro.Diff(from, to)
		if err != nil {
			t.Fatal(err)
		}
		if from.Canonical() != to.Canonical() {
			differing++
			if len(changes) == 0 {
				t.Fatalf("no difference between\n%s\n%s", pair.reader, pair.writer)
			}
		}
		for _, c := range changes {
			if err := misplaced(c.Old, from); err != nil {
				t.Fatalf("%s: before, %v\n%s\n%s", c.Text(), err, pair.reader, pair.writer)
			}
			if err := misplaced(c.New, to); err != nil {
				t.Fatalf("%s: after, %v\n%s\n%s", c.Text(), err, pair.reader, pair.writer)
			}
			if c.Old == c.New && c.Old == (avro.Place{}) {
				t.Fatalf("%+v has no place", c)
			}
		}
	}
	if differing < 3000 {
		t.Errorf("only %d pairs differ", differing)
	}
}

// misplaced tells what is wrong with a place, if it is one.
func misplaced(p avro.Place, s *avro.Schema) error {
	if p == (avro.Place{}) {
		return nil
	}
	if line, column := s.Position(p.Pointer); line != p.Line || column != p.Column {
		return fmt.Errorf("%s is at %d:%d, not at %d:%d", p.Pointer, line, column, p.Line, p.Column)
	}
	return nil
}
