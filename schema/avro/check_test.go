package avro_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/schema/avro"
)

func checked(t testing.TB, reader, writer string) []avro.Problem {
	t.Helper()
	problems, err := avro.Check(parse(t, reader), parse(t, writer))
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func TestDetailsSayWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name           string
		reader, writer string
		want           []string // path: detail
	}{
		{"schemas that are the same", `"int"`, `"int"`, nil},
		{"a promotion", `"double"`, `"int"`, nil},
		{"a type narrowed at the root", `"int"`, `"long"`, []string{
			`/: the schema: the reader has int, the writer long, and the one can't be read as the other`}},
		{"a field added without default, and another one's type changed",
			record(`{"name":"id","type":"string"},{"name":"tier","type":"string"},{"name":"amount","type":"int"}`),
			record(`{"name":"id","type":"string"},{"name":"amount","type":"double"}`), []string{
				`/fields/1: field "tier" (string) has no default, and the writer's record x.R has no such field`,
				`/fields/2/type: field "amount": the reader has int, the writer double, and the one can't be read as the other`}},
		{"a field within lists and maps", record(`{"name":"a","type":{"type":"array","items":{"type":"map","values":{"type":"record","name":"S","fields":[{"name":"b","type":"int"}]}}}}`),
			record(`{"name":"a","type":{"type":"array","items":{"type":"map","values":{"type":"record","name":"S","fields":[]}}}}`), []string{
				`/fields/0/type/items/values/fields/0: field "a[]{}.b" (int) has no default, and the writer's record x.S has no such field`}},
		{"an enum that relies on its own default",
			record(`{"name":"s","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}`), record(``), []string{
				`/fields/0/type: field "s" (enum x.E) is not in the writer's record x.R and has no default of its own; its enum's default is only for unknown symbols`}},
		{"symbols that the reader doesn't know", `{"type":"enum","name":"E","symbols":["B"]}`, `{"type":"enum","name":"E","symbols":["C","A","B"]}`, []string{
			`/symbols: the schema: the reader's enum E has neither A nor C, which the writer may write, nor a default for symbols it doesn't know`}},
		{"unknown symbols and a default", `{"type":"enum","name":"E","symbols":["B"],"default":"B"}`, `{"type":"enum","name":"E","symbols":["A"]}`, nil},
		{"other names and sizes", `{"type":"fixed","name":"x.F","size":1}`, `{"type":"fixed","name":"G","size":2}`, []string{
			`/name: the schema: the reader's fixed is called x.F and has no alias for the writer's, G`,
			`/size: the schema: fixed x.F has 1 bytes for the reader and 2 for the writer`}},
		{"another namespace only", `{"type":"fixed","name":"x.F","size":1}`, `{"type":"fixed","name":"y.F","size":1}`, nil},
		{"an alias", `{"type":"fixed","name":"x.F","size":1,"aliases":["y.G"]}`, `{"type":"fixed","name":"y.G","size":1}`, nil},
		{"an alias in the null namespace", `{"type":"fixed","name":"x.F","size":1,"aliases":[".G"]}`, `{"type":"fixed","name":"G","size":1}`, []string{
			`/name: the schema: the reader's fixed is called x.F and has no alias for the writer's, G; an alias without a namespace has no effect on a type that has one`}},
		{"a branch that is gone", `["null","string"]`, `["null","int"]`, []string{
			`/1: the schema: the reader's union of null and string has no branch for the writer's int`}},
		{"a branch that doesn't fit", `["null",` + record(`{"name":"a","type":"int"},{"name":"b","type":"int"}`) + `]`, `["null",` + record(`{"name":"a","type":"long"}`) + `]`, []string{
			`/1: the schema: the reader's union of null and record x.R has no branch for the writer's record x.R; the nearest doesn't fit: ` +
				`field "a": the reader has int, the writer long, and the one can't be read as the other (and 1 more)`}},
		{"the branch that comes nearest, by its name",
			`[{"type":"fixed","name":"x.A","size":1},{"type":"fixed","name":"x.B","size":2},{"type":"fixed","name":"x.C","size":3}]`, `{"type":"fixed","name":"y.B","size":4}`, []string{
				`/: the schema: the reader's union of fixed x.A of 1 bytes, fixed x.B of 2 bytes and fixed x.C of 3 bytes has no branch for the writer's fixed y.B of 4 bytes; ` +
					`the nearest doesn't fit: the schema: fixed x.B has 2 bytes for the reader and 4 for the writer`}},
		{"a union read as one type", `"int"`, `["null","int","string"]`, []string{
			`/0: the schema: the reader has int, the writer null, and the one can't be read as the other`,
			`/2: the schema: the reader has int, the writer string, and the one can't be read as the other`}},
		{"a union of nothing", `[]`, `"int"`, []string{`/: the schema: the reader's union of nothing has no branch for the writer's int`}},
		{"a field that matches two", record(`{"name":"a","type":"int","aliases":["b"]}`), record(`{"name":"a","type":"int"},{"name":"b","type":"int"}`), []string{
			`/fields/0: field "a" matches several fields of the writer's record x.R by its name and aliases: "a" and "b"`}},
		{"a field that is its own alias", record(`{"name":"a","type":"int","aliases":["a"]}`), record(`{"name":"a","type":"int"}`), []string{
			`/fields/0: field "a" has its own name among its aliases, or an alias twice, which Avro refuses`}},
		{"more symbols and branches than are worth telling", `["int","long","float","double","bytes","string","boolean","null",{"type":"array","items":"int"},{"type":"enum","name":"E","symbols":[]}]`,
			`{"type":"enum","name":"E","symbols":["A","B","C","D","E","F","G","H","I","J","K","L"]}`, []string{
				`/: the schema: the reader's union of int, long, float, double, bytes, string, boolean, null and 2 more has no branch for the writer's enum E; the nearest doesn't fit: ` +
					`the schema: the reader's enum E has neither A, B, C, D, E, F, G, H, I nor J nor 2 more, which the writer may write, nor a default for symbols it doesn't know`}},
		{"types within types within types", `"int"`, `{"type":"array","items":{"type":"array","items":{"type":"array","items":"int"}}}`, []string{
			`/: the schema: the reader has int, the writer array of array of array of …, and the one can't be read as the other`}},
		{"logical types, which don't count", `{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}`, `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, nil},
		{"the words for a decimal", `"int"`, `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, []string{
			`/: the schema: the reader has int, the writer bytes (decimal 4,2), and the one can't be read as the other`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range checked(t, test.reader, test.writer) {
				got = append(got, p.Path+": "+p.Detail())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestProblemsTellWhatWouldMendThem(t *testing.T) {
	for _, test := range []struct {
		name           string
		reader, writer string
		byDefault      bool
		aliases        []string
	}{
		{"a new field", record(`{"name":"a","type":"int"}`), record(``), true, nil},
		{"a field that may have been renamed", record(`{"name":"a","type":"long"}`), record(`{"name":"b","type":"string"},{"name":"c","type":"int"},{"name":"d","type":"long"}`), true, []string{"c", "d"}},
		{"an enum with new symbols", `{"type":"enum","name":"E","symbols":["A"]}`, `{"type":"enum","name":"E","symbols":["B"]}`, true, nil},
		{"an enum as a new field", record(`{"name":"s","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}`), record(``), true, nil},
		{"a renamed type", `{"type":"fixed","name":"x.F","size":1}`, `{"type":"fixed","name":"y.G","size":1}`, false, []string{"y.G"}},
		{"a type renamed into a namespace, for which no alias helps", `{"type":"fixed","name":"x.F","size":1}`, `{"type":"fixed","name":"G","size":1}`, false, nil},
		{"another type", `"int"`, `"string"`, false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := checked(t, test.reader, test.writer)[0]
			if p.DefaultMends != test.byDefault || !slices.Equal(p.Aliases, test.aliases) {
				t.Errorf("a default mends it: %t, want %t; aliases that do: %v, want %v", p.DefaultMends, test.byDefault, p.Aliases, test.aliases)
			}
		})
	}
}

// mend writes into the reader's schema what a problem says would mend it.
func mend(reader string, p avro.Problem) (string, bool) {
	at, with := p.Reader.Column-1, ""
	switch {
	case p.Rule == avro.NameMismatch && len(p.Aliases) > 0:
		at, with = at-len(`"name":`), fmt.Sprintf(`"aliases":[%q],`, p.Aliases[0])
	case p.Rule == avro.MissingEnumSymbols && p.DefaultMends:
		first := strings.Split(reader[at:], `"`)[1]
		at, with = at-len(`"symbols":`), fmt.Sprintf(`"default":%q,`, first)
	case p.Rule == avro.ReaderFieldMissingDefaultValue && len(p.Aliases) > 0:
		at, with = at+1, fmt.Sprintf(`"aliases":[%q],`, p.Aliases[0])
	case p.Rule == avro.ReaderFieldMissingDefaultValue && p.DefaultMends:
		at, with = at+1, `"default":null,`
	}
	return reader[:at] + with + reader[at:], with != ""
}

func TestWhatIsSaidToMendAProblemDoes(t *testing.T) {
	mended := make(map[avro.Rule]int)
	for _, pair := range generatedPairs(t, 10_000) {
		if strings.Contains(pair.reader, "aliases") {
			continue // a second list of aliases would only replace the first
		}
		for _, p := range checked(t, pair.reader, pair.writer) {
			with, ok := mend(pair.reader, p)
			if !ok {
				continue
			}
			mended[p.Rule]++
			for _, left := range checked(t, with, pair.writer) {
				if left.Rule == p.Rule && left.Reader.Pointer == p.Reader.Pointer && left.Writer.Pointer == p.Writer.Pointer {
					t.Fatalf("still %s\n%s\n%s", left.Detail(), with, pair.writer)
				}
			}
		}
	}
	for _, rule := range []avro.Rule{avro.NameMismatch, avro.MissingEnumSymbols, avro.ReaderFieldMissingDefaultValue} {
		if mended[rule] < 10 {
			t.Errorf("%s was mended %d times, which proves little", rule, mended[rule])
		}
	}
}

func TestCausesHavePlacesOfTheirOwn(t *testing.T) {
	reader := "[\"null\",\n{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n{\"name\":\"a\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}]}]}]"
	writer := strings.Replace(reader, `["A"]`, `["A","B"]`, 1)
	problems := checked(t, reader, writer)
	if len(problems) != 1 || len(problems[0].Causes) != 1 || len(problems[0].Causes[0].Causes) != 1 {
		t.Fatalf("%+v: want one problem with one cause with one cause", problems)
	}
	inner := problems[0].Causes[0].Causes[0]
	if inner.Rule != avro.MissingEnumSymbols || inner.Reader.Line != 3 || inner.Path != "/1/fields/0/type/1/symbols" || inner.Field != "a" {
		t.Errorf("the innermost cause is %+v", inner)
	}
}

func TestCausesAreNotWithoutEnd(t *testing.T) {
	var fields []string
	for i := range 30 {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":"int"}`, i))
	}
	problems := checked(t, `["null",`+record(strings.Join(fields, ","))+`]`, `["null",`+record("")+`]`)
	if len(problems) != 1 || len(problems[0].Causes) != 20 {
		t.Errorf("%d problems with %d causes, want 1 with 20", len(problems), len(problems[0].Causes))
	}
}

func TestASchemaMayBeUsedByManyAtOnce(t *testing.T) {
	schema, other := parse(t, positioned), parse(t, `"int"`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, checkErr := avro.Check(schema, other)
			_, diffErr := avro.Diff(schema, other)
			if line, _ := schema.Position("/fields/3/type/name"); line != 9 || checkErr != nil || diffErr != nil {
				t.Error(line, checkErr, diffErr)
			}
		})
	}
	all.Wait()
}

func TestProblemsComeInTheSameOrderEveryTime(t *testing.T) {
	for _, pair := range generatedPairs(t, 500) {
		first := checked(t, pair.reader, pair.writer)
		if diff := cmp.Diff(first, checked(t, pair.reader, pair.writer), cmp.AllowUnexported(avro.Problem{})); diff != "" {
			t.Fatalf("%s\n%s\n%s", pair.reader, pair.writer, diff)
		}
	}
}
