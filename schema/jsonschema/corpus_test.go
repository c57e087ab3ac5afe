package jsonschema_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/jsonschema"
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
	file, err := os.Open("../testdata/compat-corpus/json.jsonl")
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

// pairs are the comparisons that a case's mode asks for: reader and writer.
func (c corpusCase) pairs() [][2]string {
	versions := c.Versions
	mode, transitive := strings.CutSuffix(c.Mode, "_TRANSITIVE")
	if !transitive {
		versions = versions[len(versions)-1:]
	}
	var pairs [][2]string
	for _, version := range versions {
		if mode != "FORWARD" {
			pairs = append(pairs, [2]string{c.Candidate, version})
		}
		if mode != "BACKWARD" {
			pairs = append(pairs, [2]string{version, c.Candidate})
		}
	}
	return pairs
}

// deviation is what the corpus expects otherwise than the rules say. The registries
// disagree; where a case is another registry's, ours may be right and still differ.
type deviation struct {
	of, name string // the source's repository, and the case
	cases    int    // how many of that name
	why      string
}

const (
	karapace = "Aiven-Open/karapace"
	apicurio = "Apicurio/apicurio-registry"
	axonops  = "axonops/axonops-schema-registry"
)

// agreement is how many of a source's cases get the verdict that it expects.
var agreement = map[string]string{axonops: "51 of 51", apicurio: "128 of 143", karapace: "116 of 151"}

var deviations = []deviation{
	{karapace, "test_true_schema_is_compatible_with_object : compatibility with schema registry", 31,
		"the reader accepts anything: to Confluent that is compatible with any writer, to Karapace with objects only"},
	{karapace, "test_extra_field_with_closed_model_is_incompatible : The reader is a false schema which _rejects_ every value", 1,
		"the writer is false and writes nothing: compatible with any reader"},
	{karapace, "test_true_and_false_schemas : compatibility with schema registry", 2, "likewise"},
	{karapace, "test_object_properties : The reader changed restricted field and only accept a subset of the writer's values", 1,
		"a new property that accepts anything does no harm in an open content model"},
	{apicurio, "Number: exclusiveMinimum 1", 1, "a limit is compared with the one of the same keyword only: minimum is new"},
	{apicurio, "Number: exclusiveMinimum 2", 1, "likewise"},
	{apicurio, "Number: exclusiveMinimum 3", 1, "likewise"},
	{apicurio, "Number: exclusiveMaximum 1", 1, "likewise"},
	{apicurio, "Number: exclusiveMaximum 2", 1, "likewise"},
	{apicurio, "Object: required", 1, "required is compared for properties that both schemas describe; here none is described"},
	{apicurio, "Object: patternProperties 2", 1, "patternProperties aren't compared with each other"},
	{apicurio, "Array: contains", 1, "contains isn't compared"},
	{apicurio, "Enum 1", 1, "a string with an enum is a combination of two, and one that becomes a plain string has changed its type"},
	{apicurio, "Enum 4", 2, "an enum without values is refused: by the metaschema it has at least one"},
	{apicurio, "String: contentEncoding 2", 1, "contentEncoding isn't compared"},
	{apicurio, "String: contentMediaType 2", 1, "contentMediaType isn't compared"},
	{apicurio, "String: contentMediaType 3", 1, "likewise"},
	{apicurio, "Conditional: else", 1, "if, then and else aren't compared"},
}

// notParsed are cases with a schema that isn't one.
var notParsed = map[string]bool{"Enum 4": true}

func TestTheCorpusGetsTheVerdictsOfItsSuites(t *testing.T) {
	type key struct{ of, name string }
	differ, total, agree := map[key]int{}, map[string]int{}, map[string]int{}
	for _, c := range corpus(t) {
		of, _, _ := strings.Cut(c.Source, "@")
		total[of]++
		if compatible, ok := c.verdict(t); ok && compatible == c.Expected {
			agree[of]++
		} else {
			differ[key{of, c.Case}]++
		}
	}
	for _, d := range deviations {
		if got := differ[key{d.of, d.name}]; got != d.cases {
			t.Errorf("%s, %s: %d cases differ, and %d are known to: %s", d.of, d.name, got, d.cases, d.why)
		}
		delete(differ, key{d.of, d.name})
	}
	for k, n := range differ {
		t.Errorf("%s, %s: %d cases differ from what is expected", k.of, k.name, n)
	}
	for of, want := range agreement {
		if got := fmt.Sprintf("%d of %d", agree[of], total[of]); got != want {
			t.Errorf("%s: %s agree, want %s", of, got, want)
		}
	}
}

// verdict is compatible or not; not ok when a schema can't be parsed.
func (c corpusCase) verdict(t *testing.T) (compatible, ok bool) {
	compatible = true
	for _, pair := range c.pairs() {
		reader, err := jsonschema.Parse([]byte(pair[0]))
		writer, err2 := jsonschema.Parse([]byte(pair[1]))
		if err := errors.Join(err, err2); err != nil {
			if !notParsed[c.Case] {
				t.Errorf("%s: %v", c.Case, err)
			}
			return false, false
		}
		problems, err := jsonschema.Check(reader, writer)
		if err != nil {
			t.Errorf("%s: %v", c.Case, err)
		}
		compatible = compatible && len(problems) == 0
	}
	return compatible, true
}
