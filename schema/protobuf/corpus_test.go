package protobuf_test

import (
	"bufio"
	"encoding/json"
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

func TestTmp(t *testing.T) {
	n := map[string][2]int{}
	for _, c := range corpus(t) {
		ok := true
		var all []string
		for _, p := range c.pairs() {
			r, err := protobuf.Parse([]byte(p[0]))
			if err != nil {
				t.Errorf("PARSE %s %v %s", c.Case, err, p[0])
				continue
			}
			w, err := protobuf.Parse([]byte(p[1]))
			if err != nil {
				t.Errorf("PARSE %s %v %s", c.Case, err, p[1])
				continue
			}
			ps := protobuf.Check(r, w)
			ok = ok && len(ps) == 0
			for _, p := range ps {
				all = append(all, string(p.Rule)+" "+p.Path+" "+p.Detail()+" "+p.Reader.Text)
			}
		}
		src := c.Source[:12]
		x := n[src]
		x[1]++
		if ok == c.Expected {
			x[0]++
		} else {
			t.Errorf("%s %s: %s: got %t\n   %s\n   %s\n   %s", src, c.Mode, c.Case, ok, c.Versions[len(c.Versions)-1], c.Candidate, strings.Join(all, "\n   "))
		}
		n[src] = x
	}
	t.Log(n)
}
