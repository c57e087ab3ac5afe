package kafkatest

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Child is the test's own program in a process of its own, which a test may kill. It
// says what it does in lines on its output.
type Child struct {
	Said []string // the lines that were read so far
	// Cmd is for signals, and for how it ended.
	Cmd *exec.Cmd

	lines chan string // of its output; closed at its end
}

// StartChild starts the test's program again, with an order as JSON in a variable of its
// environment. TestMain has to look for that. The child ends with the test at the latest.
func StartChild(t testing.TB, variable string, order any) *Child {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	c := &Child{Cmd: exec.Command(os.Args[0]), lines: make(chan string, 10_000)}
	c.Cmd.Env = append(os.Environ(), variable+"="+string(text))
	c.Cmd.Stderr = os.Stderr
	out, err := c.Cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	return c
}

// Await reads the output up to a line that begins so, and tells whether it came before
// the end, and before three minutes in which nothing was said.
func (c *Child) Await(begin string) (string, bool) {
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				return "", false
			}
			if c.Said = append(c.Said, line); strings.HasPrefix(line, begin) {
				return line, true
			}
		case <-time.After(3 * time.Minute):
			return "", false
		}
	}
}

// Outcome waits for the end, and gives what the line "outcome: …" says.
func (c *Child) Outcome(t testing.TB) string {
	t.Helper()
	line, ok := c.Await("outcome: ")
	if !ok {
		t.Fatalf("the process ended, or said nothing for long, without an outcome; the last of its %d lines are %q", len(c.Said), c.Said[max(0, len(c.Said)-5):])
	}
	_ = c.Cmd.Wait() // its exit code goes with the outcome
	return strings.TrimPrefix(line, "outcome: ")
}

// Kill ends it with SIGKILL, if it hasn't ended, and waits for that.
func (c *Child) Kill() {
	_ = c.Cmd.Process.Kill() // it may have ended
	_ = c.Cmd.Wait()
}

// KillBrokers kills a node of the cluster with -9 so many times, each time while a child
// writes: it says "writing" then. Every second time the child is killed too, while leaders
// are being elected; else it has to end with "done", or to say that there was no progress.
func KillBrokers(t testing.TB, c *Cluster, random *rand.Rand, kills int, begin func() *Child) {
	t.Helper()
	for kill := range kills {
		ch := begin()
		ch.Await("writing")
		time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
		node := random.IntN(len(c.Brokers()))
		c.KillNode(t, node)
		time.Sleep(time.Duration(random.IntN(8000)) * time.Millisecond)
		if kill%2 == 0 {
			ch.Kill()
		}
		c.StartNode(t, node)
		if kill%2 != 0 {
			if got := ch.Outcome(t); !strings.HasPrefix(got, "done") && !strings.Contains(got, "no progress") {
				t.Errorf("kill %d: it ended with %q", kill, got)
			}
		}
		Eventually(t, time.Minute, "all replicas in sync", func() (bool, string) { return c.InSync(t) })
	}
}
