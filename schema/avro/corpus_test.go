package avro_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

// corpusCase is a case from another project's test suite; see the README beside
// the file.
type corpusCase struct {
	Mode      string   `json:"mode"`
	Versions  []string `json:"versions"` // oldest first
	Candidate string   `json:"candidate"`
	Expected  bool     `json:"expected"`
	Source    string   `json:"source"`
	Case      string   `json:"case"`
}

func corpus(t testing.TB) []corpusCase {
	t.Helper()
	file, err := os.Open("../testdata/compat-corpus/avro.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []corpusCase
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c corpusCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// readerWriter is a pair of schema texts.
type readerWriter struct{ reader, writer string }

// pairs are the comparisons that a case's mode asks for.
func (c corpusCase) pairs() []readerWriter {
	versions := c.Versions
	mode, transitive := strings.CutSuffix(c.Mode, "_TRANSITIVE")
	if !transitive {
		versions = versions[len(versions)-1:]
	}
	var pairs []readerWriter
	for _, version := range versions {
		if mode != "FORWARD" {
			pairs = append(pairs, readerWriter{c.Candidate, version})
		}
		if mode != "BACKWARD" {
			pairs = append(pairs, readerWriter{version, c.Candidate})
		}
	}
	return pairs
}

// nameless are the cases whose suite builds records without a name in code. No
// parser accepts them, Java's neither, so here they get a name, the same on both
// sides, which is what no name on both sides comes to.
var nameless = map[string]bool{
	"TestSchemaCompatibility.validateSchemaNewField":               true,
	"TestSchemaCompatibility.validateSchemaPairMissingSecondField": true,
}

func named(schema string) string {
	return strings.Replace(schema, `{"type":"record","fields"`, `{"type":"record","name":"Nameless","fields"`, 1)
}

func TestTheCorpusGetsTheVerdictsOfItsSuites(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.Case, func(t *testing.T) {
			compatible := true
			for _, pair := range c.pairs() {
				if nameless[c.Case] {
					pair = readerWriter{named(pair.reader), named(pair.writer)}
				}
				problems, err := avro.Check(parse(t, pair.reader), parse(t, pair.writer))
				if err != nil {
					t.Fatal(err)
				}
				compatible = compatible && len(problems) == 0
			}
			if compatible != c.Expected {
				t.Errorf("%s of %s: compatible is %t, and its suite expects %t", c.Mode, c.Source, compatible, c.Expected)
			}
		})
	}
}

func parse(t testing.TB, text string, refs ...avro.Reference) *avro.Schema {
	t.Helper()
	s, err := avro.Parse([]byte(text), refs...)
	if err != nil {
		t.Fatalf("parsing %.1000s: %v", text, err)
	}
	return s
}
