//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// TestLettersAreSentToAnotherClusterExactlyOnce kills a replay from one real cluster to
// another, has two more at once, and looks for the ledger.
func TestLettersAreSentToAnotherClusterExactlyOnce(t *testing.T) {
	home, away := kafkatest.Real(t), kafkatest.RealNodes(t, 1)
	j := newLettersJob(t, home, 2000)
	there := away.Topic(t, jobPartitions)
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := "contexts:\n  away:\n    brokers: [" + strings.Join(away.Brokers(), ", ") + "]\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(more ...string) *evtctl {
		return start(t, home, append([]string{"dlq", "replay", j.dlq, "--to", there, "--to-context", "away", "--config", config, "--yes", "-o", "jsonl"}, more...)...)
	}
	killed := send("--rate", "200/s")
	killed.writing()
	killed.signal(syscall.SIGKILL)
	killed.ended()
	first := send("--rate", "200/s")
	first.writing()
	oneIsFenced(t, first, send())
	if rest := send(); rest.ended() != 0 {
		t.Errorf("the rest ended with %s", rest.stderr())
	}
	again := send()
	if code := again.ended(); code != 0 {
		t.Errorf("the same again ended with %d: %s", code, again.stderr())
	}
	if receipt, _ := again.told(); receipt.Done != 0 {
		t.Errorf("the same again did %d letters", receipt.Done)
	}
	values := committed(t, away, there)
	doubled := 0
	for _, times := range values {
		if times > 1 {
			doubled++
		}
	}
	if len(values) != 2000 || doubled > 0 {
		t.Errorf("%d of 2000 letters are in the other cluster, %d of them more than once", len(values), doubled)
	}
	away.Settled(t, "evtctl.dlq.audit")
	history := must(t, home, 0, "dlq", "history", j.dlq, "--to-context", "away", "--config", config, "--limit", "10000", "-o", "jsonl").out
	if len(history) != 2000 {
		t.Errorf("the ledger in the other cluster tells of %d letters", len(history))
	}
	if own := must(t, home, 0, "dlq", "history", j.dlq, "-o", "jsonl").out; len(own) > 0 {
		t.Errorf("the letters' own cluster has a ledger of %d of them", len(own))
	}
}
