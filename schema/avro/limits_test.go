package avro_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema/avro"
)

// soon fails the test if f takes long: a bomb that goes off takes hours.
func soon(t *testing.T, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

func TestBombsAreRefusedByParse(t *testing.T) {
	nested := func(open, shut string, n int) string {
		return strings.Repeat(open, n) + `"int"` + strings.Repeat(shut, n)
	}
	for _, test := range []struct {
		name, text, want string
	}{
		{"40 MB of blanks", strings.Repeat(" ", 40<<20), "it has 40 MB; a schema has at most 8 MB"},
		{"100,000 nested arrays", nested(`{"type":"array","items":`, `}`, 100_000), "nested deeper than 1000 levels"},
		{"100,000 nested unions", nested(`[`, `]`, 100_000), "nested deeper than 1000 levels"},
		{"100,000 nested brackets that never close", strings.Repeat(`[`, 100_000), "nested deeper than 1000 levels"},
		{"4 million values", "[" + strings.Repeat("1,", 3_900_000) + "1]", "it has more than 500000 values"},
		{"a name of 7 MB", `{"type":"fixed","size":1,"name":"` + strings.Repeat("a", 7<<20) + `-"}`, "neither a letter, a digit nor an underscore"},
		{"7 MB of comments", strings.Repeat("/**/", 7<<18) + "5", "isn't a schema"},
	} {
		t.Run(test.name, func(t *testing.T) {
			soon(t, func() {
				_, err := avro.Parse([]byte(test.text))
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %.200v, want %s", err, test.want)
				}
				if len(err.Error()) > 1000 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
			})
		})
	}
}

// records are n records R0…, each with the fields that f gives.
func records(n int, f func(i int) string) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[%s]}`, i, f(i))
	}
	return texts
}

func unionOf(types []string) string { return "[" + strings.Join(types, ",") + "]" }

// recordOf is a record with a field for each of the types.
func recordOf(types []string) string {
	fields := make([]string, len(types))
	for i, typ := range types {
		fields[i] = fmt.Sprintf(`{"name":"f%d","type":%s}`, i, typ)
	}
	return `{"type":"record","name":"Top","fields":[` + strings.Join(fields, ",") + `]}`
}

func TestLargeSchemasAreHandled(t *testing.T) {
	// Each record has the next one twice.
	twice := func(last string) string {
		return recordOf(records(30, func(i int) string {
			if i == 29 {
				return `{"name":"a","type":"` + last + `"}`
			}
			return fmt.Sprintf(`{"name":"a","type":"R%d"},{"name":"b","type":"R%d"}`, i+1, i+1)
		}))
	}
	// Each default leaves out two fields whose defaults do the same, in a circle.
	defaults := unionOf(records(30, func(i int) string {
		next := (i + 1) % 30
		return fmt.Sprintf(`{"name":"a","type":"R%d","default":{}},{"name":"b","type":"R%d","default":{}}`, next, next)
	}))
	// Each default leaves out all fields of all records before it, while one type is
	// still to come.
	early := recordOf(append(records(15_000, func(i int) string {
		return fmt.Sprintf(`{"name":"a","type":"R%d","default":{}}`, max(i-1, 0))
	}), `{"type":"record","name":"Last","fields":[{"name":"first","type":["null","R0"],"default":null}]}`))
	events := unionOf(records(500, func(i int) string {
		fields := make([]string, 10)
		for j := range fields {
			fields[j] = fmt.Sprintf(`{"name":"f%d_%d","type":"int"}`, i, j)
		}
		return strings.Join(fields, ",")
	}))
	wide := recordOf(slices.Repeat([]string{`"int"`}, 60_000))
	for _, test := range []struct {
		name           string
		reader, writer string
		problems       int
	}{
		{"2^29 ways to one difference", twice("int"), twice("string"), 1},
		{"defaults that go on for ever", defaults, defaults, 0},
		{"defaults that lead far", early, early, 0},
		{"unions of 500 records", events, strings.ReplaceAll(events, "f499_", "g499_"), 1},
		{"60,000 fields of another type", wide, strings.ReplaceAll(wide, `"int"`, `"string"`), 60_000},
		{"60,000 new fields", wide, strings.ReplaceAll(wide, `"name":"f`, `"name":"g`), 60_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			soon(t, func() {
				if got := len(checked(t, test.reader, test.writer)); got != test.problems {
					t.Errorf("%d problems, want %d", got, test.problems)
				}
				changes, err := avro.Diff(parse(t, test.writer), parse(t, test.reader))
				if err != nil || len(changes) < test.problems {
					t.Errorf("%d changes and %v, want at least one for each problem", len(changes), err)
				}
			})
		})
	}
}

// TestDefaultsThatTakeTooLongAreNotChecked has 500 records, any of which may be in
// each, and a default of 900 of them within each other that in the end fits none.
func TestDefaultsThatTakeTooLongAreNotChecked(t *testing.T) {
	names := make([]string, 500)
	for i := range names {
		names[i] = fmt.Sprintf(`"R%d"`, i)
	}
	all := records(len(names), func(int) string { return `{"name":"f","type":` + unionOf(names) + `}` })
	text := strings.TrimSuffix(recordOf(all), "]}") +
		`,{"name":"last","type":"R0","default":` + strings.Repeat(`{"f":`, 900) + "1" + strings.Repeat("}", 900) + `}]}`
	soon(t, func() {
		warnings := parse(t, text).Warnings()
		if len(warnings) != 1 || !strings.Contains(warnings[0].Reason, "too many") {
			t.Errorf("warnings: %+v", warnings)
		}
	})
}

func TestComparisonsThatWouldNeverEndAreGivenUp(t *testing.T) {
	ring := func(n int) string {
		return unionOf(records(n, func(i int) string { return fmt.Sprintf(`{"name":"next","type":"R%d"}`, (i+1)%n) }))
	}
	longNames := recordOf(records(7000, func(i int) string {
		return fmt.Sprintf(`{"name":"%s","type":"R%d"},{"name":"x","type":"int"}`, strings.Repeat("n", 500), (i+1)%7000)
	}))
	for _, test := range []struct {
		name           string
		reader, writer string
	}{
		{"two rings that meet after 90 million steps", ring(9973), ring(9001)},
		{"every record against every other",
			unionOf(records(20_000, func(int) string { return `{"name":"a","type":"int"}` })),
			unionOf(records(20_000, func(int) string { return "" }))},
		{"a chain of long names, each with a difference", longNames, strings.ReplaceAll(longNames, `"int"`, `"string"`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader, writer := parse(t, test.reader), parse(t, test.writer)
			soon(t, func() {
				before := allocated()
				if _, err := avro.Check(reader, writer); !errors.Is(err, avro.ErrTooComplex) {
					t.Errorf("the error is %v, want ErrTooComplex", err)
				}
				// Telling what changed can be possible where comparing isn't.
				if _, err := avro.Diff(reader, writer); err != nil && !errors.Is(err, avro.ErrTooComplex) {
					t.Errorf("the difference: %v", err)
				}
				if mb := (allocated() - before) >> 20; mb > 2048 {
					t.Errorf("it took %d MB", mb)
				}
			})
		})
	}
}

// allocated is how many bytes were ever allocated, an upper bound of any memory use.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
