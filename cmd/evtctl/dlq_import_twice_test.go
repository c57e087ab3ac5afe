//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// exported is a file of a job's letters.
func (j *lettersJob) exported(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "letters.jsonl")
	must(t, j.c, 0, "dlq", "export", j.dlq, "--file", file)
	return file
}

// onceEach wants each letter once in a topic.
func onceEach(t *testing.T, c *kafkatest.Cluster, topic string, letters int) {
	t.Helper()
	values, doubled := committed(t, c, topic), 0
	for _, times := range values {
		if times > 1 {
			doubled++
		}
	}
	if len(values) != letters || doubled > 0 {
		t.Errorf("%d of %d letters are there, %d of them more than once", len(values), letters, doubled)
	}
}

func TestTwoImportsOfOneFileAtOnceDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	j := newLettersJob(t, c, 1500)
	file := j.exported(t)
	imported := func(more ...string) *evtctl {
		return start(t, c, append([]string{"dlq", "import", file, "--to", j.target, "--yes", "-o", "jsonl"}, more...)...)
	}
	first := imported("--rate", "200/s")
	first.writing()
	oneIsFenced(t, first, imported())
	if rest := imported(); rest.ended() != 0 {
		t.Errorf("the rest ended with %s", rest.stderr())
	}
	again := imported()
	if code := again.ended(); code != 0 {
		t.Errorf("the same again ended with %d: %s", code, again.stderr())
	}
	if receipt, _ := again.told(); receipt.Done != 0 || receipt.Skipped != 1500 {
		t.Errorf("the same again did %d letters, and skipped %d", receipt.Done, receipt.Skipped)
	}
	onceEach(t, c, j.target, 1500)
}
