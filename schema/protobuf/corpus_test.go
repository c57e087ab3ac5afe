package protobuf_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/protobuf"
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
	file, err := os.Open("../testdata/compat-corpus/protobuf.jsonl")
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
	axonops  = "axonops/axonops-schema-registry"
)

// agreement is how many of a source's cases get the verdict that it expects.
var agreement = map[string]string{axonops: "52 of 52", karapace: "5 of 7"}

var deviations = []deviation{
	{karapace, "test_changing_field_number_is_incompatible", 1,
		"a field with another number is one that was removed and one that was added, and both is compatible; Karapace goes by names too"},
	{karapace, "test_compatibility_ordering_change_msg", 1, "a field with the number 0 is refused, as protoc does"},
}

// notParsed are cases with a schema that isn't one.
var notParsed = map[string]bool{"test_compatibility_ordering_change_msg": true}

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
		reader, err := protobuf.Parse([]byte(pair[0]))
		writer, err2 := protobuf.Parse([]byte(pair[1]))
		if err := errors.Join(err, err2); err != nil {
			if !notParsed[c.Case] {
				t.Errorf("%s: %v", c.Case, err)
			}
			return false, false
		}
		compatible = compatible && len(protobuf.Check(reader, writer)) == 0
	}
	return compatible, true
}
