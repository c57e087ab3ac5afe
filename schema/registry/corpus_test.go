package registry_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/registry"
)

// TestApicurioOnTheCorpus asks the real registry about every Avro case of other
// projects' suites, each version apart as the product does it.
func TestApicurioOnTheCorpus(t *testing.T) {
	r, c, w := apicurio(t)
	for _, test := range corpus(t) {
		t.Run(test.Case, func(t *testing.T) {
			if strings.HasPrefix(test.Candidate, nameless) {
				_, err := w.Register(t.Context(), r.Subject(t, "value"), registry.Candidate{Schema: test.Candidate})
				wantError(t, err, registry.ErrInvalid)
				return
			}
			var versions []registry.Candidate
			for _, schema := range test.Versions {
				versions = append(versions, registry.Candidate{Schema: schema})
			}
			subject := subjectWith(t, r, w, test.Mode, versions...)
			numbers := must[[]int](t)(c.Versions(t.Context(), subject, registry.Live))
			if !strings.HasSuffix(test.Mode, "_TRANSITIVE") {
				numbers = numbers[len(numbers)-1:]
			}
			verdicts := must[[]registry.Verdict](t)(c.CheckEach(t.Context(), subject, numbers, registry.Candidate{Schema: test.Candidate}))
			compatible := !slices.ContainsFunc(verdicts, func(v registry.Verdict) bool { return !v.Compatible })
			if compatible != test.Expected {
				t.Errorf("%s of %s: compatible is %t, and its suite expects %t", test.Mode, test.Source, compatible, test.Expected)
			}
		})
	}
}

// nameless begins two cases whose suite builds records without a name in code,
// which is no valid schema.
const nameless = `{"type":"record","fields"`

type corpusCase struct {
	Mode      string   `json:"mode"`
	Versions  []string `json:"versions"` // oldest first
	Candidate string   `json:"candidate"`
	Expected  bool     `json:"expected"`
	Source    string   `json:"source"`
	Case      string   `json:"case"`
}

func corpus(t *testing.T) (cases []corpusCase) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "testdata", "compat-corpus", "avro.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
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
