package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheReplayPageNamesCommandsThatThereAre parses each command of the page with its
// flags: --help ends it before it does something.
func TestTheReplayPageNamesCommandsThatThereAre(t *testing.T) {
	shown := 0
	for _, b := range blocks(t, "docs/replay.md") {
		if b.kind != "sh" {
			continue
		}
		for line := range strings.Lines(b.text) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "evtctl" {
				t.Errorf("no command: %q", line)
				continue
			}
			shown++
			out, err := exec.Command("evtctl", append(words[1:], "--help")...).CombinedOutput()
			if usage := "evtctl " + words[1] + " " + words[2] + " "; err != nil || !strings.Contains(string(out), "\n  "+usage) {
				t.Errorf("%q: %v\n%s", line, err, out)
			}
		}
	}
	if shown == 0 {
		t.Error("the page shows no command")
	}
}
