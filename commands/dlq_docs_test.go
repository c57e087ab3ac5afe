package commands_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestThePageOnDeadLettersHasCommandsThatExist runs each against a broker that isn't
// there: what is asked wrongly ends with 2 before that is known.
func TestThePageOnDeadLettersHasCommandsThatExist(t *testing.T) {
	page, err := os.ReadFile("../docs/dead-letters.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			words := shellWords(strings.TrimSpace(line))
			if words[0] != "evtctl" {
				t.Errorf("%q is no command of evtctl", line)
				continue
			}
			found++
			if len(words) > 3 && words[2] == "import" { // of a file that is there
				words[3] = "dlq_docs_test.go"
			}
			r := run(t, nil, append(words[1:], "-b", "127.0.0.1:1", "--timeout", "1s")...)
			if r.code != 1 || !strings.Contains(r.stderr, "127.0.0.1:1") {
				t.Errorf("%q ends with %d: %s", line, r.code, r.stderr)
			}
		}
	}
	if found < 10 {
		t.Errorf("the page has %d commands", found)
	}
	if lines := strings.Count(string(page), "\n"); lines > 200 {
		t.Errorf("the page has %d lines", lines)
	}
}
