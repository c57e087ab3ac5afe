//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
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
	onceEach(t, away, there, 2000)
	away.Settled(t, "evtctl.dlq.audit")
	history := must(t, home, 0, "dlq", "history", j.dlq, "--to-context", "away", "--config", config, "--limit", "10000", "-o", "jsonl").out
	if len(history) != 2000 {
		t.Errorf("the ledger in the other cluster tells of %d letters", len(history))
	}
	if own := must(t, home, 0, "dlq", "history", j.dlq, "-o", "jsonl").out; len(own) > 0 {
		t.Errorf("the letters' own cluster has a ledger of %d of them", len(own))
	}
	readsTheOtherLedger(t, home, j.dlq, "--to-context", "away", "--config", config)
	importsThere(t, j, away, "--to-context", "away", "--config", config)
}

// readsTheOtherLedger wants what became of letters from the ledger of the cluster that they
// were sent to, and nothing from that of their own.
func readsTheOtherLedger(t *testing.T, home *kafkatest.Cluster, topic string, there ...string) {
	t.Helper()
	for _, test := range []struct {
		args             []string
		own, fromAnother string
	}{
		{[]string{"list", topic, "-o", "jsonl"}, `"undisposed":2000,`, `"undisposed":0,`},
		{[]string{"stats", topic, "--top", "1", "-o", "json"}, `"undisposed": 2000,`, `"undisposed": 0,`},
		{[]string{"browse", topic, "--limit", "1", "-o", "json"}, `"disposition": null`, `"state": "replayed"`},
		{[]string{"show", topic + ":0:0", "-o", "json"}, `"disposition": null`, `"state": "replayed"`},
	} {
		for want, more := range map[string][]string{test.own: nil, test.fromAnother: there} {
			out := strings.Join(must(t, home, 0, slices.Concat([]string{"dlq"}, test.args, more)...).out, "")
			if !strings.Contains(out, want) {
				t.Errorf("dlq %s %s has no %s: %.2000s", test.args, more, want, out)
			}
		}
	}
}

// importsThere wants a file of letters in the other cluster, each once, with the ledger
// there. Their own cluster need not be there.
func importsThere(t *testing.T, j *lettersJob, away *kafkatest.Cluster, there ...string) {
	t.Helper()
	to, file := away.Topic(t, jobPartitions), j.exported(t)
	for _, want := range []int64{2000, 0} {
		e := must(t, j.c, 0, slices.Concat([]string{"dlq", "import", file, "--to", to, "--brokers", "127.0.0.1:1", "--all", "--yes", "-o", "jsonl"}, there)...)
		if receipt, _ := e.told(); receipt.Done != want {
			t.Errorf("%d letters were imported, want %d", receipt.Done, want)
		}
	}
	onceEach(t, away, to, 2000)
}
