//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lettersJob is a dead-letter topic, and a topic that its letters are sent to.
type lettersJob struct {
	c           *kafkatest.Cluster
	dlq, target string
	letters     int
	told        int64 // of those, as done
}

const jobPartitions = 3

// newLettersJob writes letters of two causes, in a ratio of two to one.
func newLettersJob(t *testing.T, c *kafkatest.Cluster, letters int) *lettersJob {
	t.Helper()
	j := &lettersJob{c: c, dlq: c.Topic(t, jobPartitions), target: c.Topic(t, jobPartitions), letters: letters}
	j.add(t, 0, letters)
	return j
}

func (j *lettersJob) add(t *testing.T, from, to int) {
	t.Helper()
	header := func(key, value string) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "__connect.errors." + key, Value: []byte(value)}
	}
	padding := strings.Repeat("x", 500)
	var recs []*kgo.Record
	for n := from; n < to; n++ {
		class := "com.shop.Timeout"
		if n%3 == 0 {
			class = "com.shop.NoStock"
		}
		p := n % jobPartitions
		recs = append(recs, &kgo.Record{
			Topic: j.dlq, Partition: int32(p), Key: fmt.Appendf(nil, "key-%d", n), Value: fmt.Appendf(nil, `{"n":%d,"padding":%q}`, n, padding),
			Headers: []kgo.RecordHeader{
				header("topic", j.target), header("partition", fmt.Sprint(p)), header("offset", fmt.Sprint(n)),
				header("exception.class.name", class), header("exception.message", "it died"),
			},
		})
	}
	j.c.Produce(t, recs...)
}

// evtctl is a process of its own, that can be killed, stopped and interrupted.
type evtctl struct {
	t    *testing.T
	cmd  *exec.Cmd
	line chan string // of its output; closed at its end

	mu   sync.Mutex
	out  []string
	errs bytes.Buffer
}

// Write takes what it says on stderr.
func (e *evtctl) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.errs.Write(b)
}

func (e *evtctl) stderr() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.errs.String()
}

func start(t *testing.T, c *kafkatest.Cluster, args ...string) *evtctl {
	t.Helper()
	e := &evtctl{t: t, cmd: exec.Command("evtctl", args...), line: make(chan string, 100_000)}
	e.cmd.Env = append(os.Environ(), "EVTCTL_BROKERS="+strings.Join(c.Brokers(), ","), "HOME="+t.TempDir())
	e.cmd.Stderr = e
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.cmd.Process.Kill(); _ = e.cmd.Wait() })
	go func() {
		defer close(e.line)
		r := bufio.NewReader(out)
		for {
			text, err := r.ReadString('\n')
			if text != "" {
				e.line <- text
			}
			if err != nil {
				return
			}
		}
	}()
	return e
}

// replay is a replay of the job's letters, whose output has a line for each of them.
func (j *lettersJob) replay(t *testing.T, args ...string) *evtctl {
	t.Helper()
	return start(t, j.c, append([]string{"dlq", "replay", j.dlq, "--to", j.target, "--yes", "-o", "jsonl"}, args...)...)
}

// writing waits for the first letters to be told, and tells whether they were.
func (e *evtctl) writing() bool {
	select {
	case text, ok := <-e.line:
		e.out = append(e.out, text)
		return ok
	case <-time.After(2 * time.Minute):
		e.t.Fatalf("it says nothing: %s", e.stderr())
		return false
	}
}

// says waits for words on stderr; false: it ended without them.
func (e *evtctl) says(words string) (said bool) {
	e.t.Helper()
	kafkatest.Eventually(e.t, 2*time.Minute, words, func() (bool, string) {
		said = strings.Contains(e.stderr(), words)
		return said || e.cmd.Process.Signal(syscall.Signal(0)) != nil, e.stderr()
	})
	return said
}

func (e *evtctl) signal(s os.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(s); err != nil {
		e.t.Fatal(err)
	}
}

// ended waits for the end, and gives the exit code: -1 after a kill.
func (e *evtctl) ended() int {
	e.t.Helper()
	late := time.AfterFunc(5*time.Minute, func() { _ = e.cmd.Process.Kill() })
	defer late.Stop()
	for text := range e.line {
		e.out = append(e.out, text)
	}
	_ = e.cmd.Wait() // the code says it
	return e.cmd.ProcessState.ExitCode()
}

// told is the receipt, and how many letters were told as done.
func (e *evtctl) told() (receipt struct {
	Planned, Done, Skipped, Failed int64
	Interrupted                    bool
}, done int64) {
	e.t.Helper()
	if len(e.out) == 0 {
		e.t.Fatalf("no receipt: %s", e.stderr())
	}
	if err := json.Unmarshal([]byte(e.out[len(e.out)-1]), &receipt); err != nil {
		e.t.Fatalf("the last line is no receipt: %v\n%s", err, e.out[len(e.out)-1])
	}
	return receipt, e.done()
}

// done is how many letters it told as done, whatever became of its receipt.
func (e *evtctl) done() (n int64) {
	for _, text := range e.out {
		if strings.Contains(text, `"result":"done"`) {
			n++
		}
	}
	return n
}

// over tells whether it has ended: its output is closed then.
func (e *evtctl) over() bool {
	for {
		select {
		case text, ok := <-e.line:
			if !ok {
				return true
			}
			e.out = append(e.out, text)
		default:
			return false
		}
	}
}

// must runs evtctl to its end.
func must(t *testing.T, c *kafkatest.Cluster, code int, args ...string) *evtctl {
	t.Helper()
	e := start(t, c, args...)
	if got := e.ended(); got != code {
		t.Fatalf("evtctl %q ended with %d, want %d: %s", args, got, code, e.stderr())
	}
	return e
}

// committed gives what readers of committed records see of a topic: how often each value.
func committed(t *testing.T, c *kafkatest.Cluster, topic string) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for _, r := range c.Committed(t, topic) {
		seen[string(r.Value)]++
	}
	return seen
}

// verify wants each letter once in the target and once in the history.
func (j *lettersJob) verify(t *testing.T) {
	t.Helper()
	values := committed(t, j.c, j.target)
	doubled := 0
	for _, times := range values {
		if times > 1 {
			doubled++
		}
	}
	if len(values) != j.letters || doubled > 0 {
		t.Errorf("%d of %d letters are in the target, %d of them more than once", len(values), j.letters, doubled)
	}
	j.c.Settled(t, "evtctl.dlq.audit")
	entries := map[string]int{}
	for _, text := range must(t, j.c, 0, "dlq", "history", j.dlq, "--limit", "1000000", "-o", "jsonl").out {
		var entry struct {
			Disposition       string
			Partition, Offset int64
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil || entry.Disposition != "replayed" {
			t.Fatalf("%v: %s", err, text)
		}
		entries[fmt.Sprintf("%d:%d", entry.Partition, entry.Offset)]++
	}
	if most := slices.Max(append(slices.Collect(maps.Values(entries)), 0)); len(entries) != j.letters || most != 1 {
		t.Errorf("the history has %d of %d letters, one of them %d times", len(entries), j.letters, most)
	}
}
