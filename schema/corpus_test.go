package schema_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

// corpusCase is a case from another project's test suite; see the README beside the
// file.
type corpusCase struct {
	Mode      string   `json:"mode"`
	Versions  []string `json:"versions"` // oldest first
	Candidate string   `json:"candidate"`
	Expected  bool     `json:"expected"`
	Source    string   `json:"source"`
	Case      string   `json:"case"`
}

func corpus(t testing.TB, file string) []corpusCase {
	t.Helper()
	f, err := os.Open("testdata/compat-corpus/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []corpusCase
	lines := bufio.NewScanner(f)
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

// named gives a record a name whose suite builds it without one in code: no parser
// accepts that, Java's neither.
func named(text string) string {
	return strings.Replace(text, `{"type":"record","fields"`, `{"type":"record","name":"Nameless","fields"`, 1)
}

func TestTheFrontDoorAgreesWithTheAvroCorpus(t *testing.T) {
	cases := corpus(t, "avro.jsonl")
	if len(cases) < 150 {
		t.Fatalf("%d cases only", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) {
			for i := range c.Versions {
				c.Versions[i] = named(c.Versions[i])
			}
			mode, err := schema.ParseMode(c.Mode)
			if err != nil {
				t.Fatal(err)
			}
			r := one(t, named(c.Candidate), versions{mode, c.Versions})
			if r.Error != nil {
				t.Fatal(r.Error.Message)
			}
			if r.Compatible != c.Expected {
				t.Errorf("%s of %s: compatible is %t, and its suite expects %t: %+v", c.Mode, c.Source, r.Compatible, c.Expected, r.Problems)
			}
			for _, p := range r.Problems {
				if p.Fix == "" || p.Message == "" || p.Path == "" || p.Rule == "" {
					t.Errorf("a problem without words: %+v", p)
				}
			}
		})
	}
}
