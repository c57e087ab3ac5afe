//go:build unix

package main

import (
	"encoding/base64"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAnInterruptedReplayHasItsReceiptAndGoesOn(t *testing.T) {
	c := kafkatest.Real(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			j := newLettersJob(t, c, 2000)
			e := j.replay(t, "--rate", "200/s")
			e.writing()
			e.signal(signal)
			if code := e.ended(); code != 130 || !strings.Contains(e.stderr(), "left; the same command again goes on from there") {
				t.Errorf("it ended with %d: %s", code, e.stderr())
			}
			receipt, done := e.told()
			there := int64(len(committed(t, c, j.target)))
			if !receipt.Interrupted || receipt.Done != done || receipt.Done != there || done == 0 || done == 2000 {
				t.Errorf("the receipt is %+v, %d letters were told, and %d are in the target", receipt, done, there)
			}
			rest := j.replay(t)
			if code := rest.ended(); code != 0 {
				t.Errorf("the same again ended with %d: %s", code, rest.stderr())
			}
			if more, _ := rest.told(); more.Done != 2000-done {
				t.Errorf("the same again did %d, after %d of 2000", more.Done, done)
			}
			j.verify(t)
		})
	}
}

// A process is stopped within a transaction, and has both signals when it wakes up.
func TestASecondInterruptAbortsTheTransactionAtOnce(t *testing.T) {
	c := kafkatest.Real(t)
	j := newLettersJob(t, c, 3000)
	aborted := false
	for n := 0; n < 20 && !aborted; n++ {
		e := j.replay(t, "--rate", "2000/s")
		e.writing()
		if !e.stopWithin(func() string { return j.transaction(t) }) { // it had done all before
			e.ended()
			j.told += e.done()
			j.add(t, j.letters, j.letters+1000)
			j.letters += 1000
			continue
		}
		e.signal(os.Interrupt)
		e.signal(syscall.SIGTERM)
		e.signal(syscall.SIGCONT)
		if code := e.ended(); code != 130 || !strings.Contains(e.stderr(), "left; the same command again goes on from there") {
			t.Fatalf("it ended with %d: %s", code, e.stderr())
		}
		state := j.transaction(t)
		if state == "Ongoing" {
			t.Fatal("its transaction is still open")
		}
		aborted = strings.HasSuffix(state, "Abort")
		// Whatever became of it, the receipt has what is in the target.
		if receipt, done := e.told(); !receipt.Interrupted || receipt.Done != done {
			t.Errorf("the receipt is %+v, and %d letters were told", receipt, done)
		}
		j.told += e.done()
		if there := int64(len(committed(t, c, j.target))); there != j.told {
			t.Fatalf("%d letters were told, and %d are in the target", j.told, there)
		}
	}
	if !aborted {
		t.Error("no transaction was aborted")
	}
	if code := j.replay(t).ended(); code != 0 {
		t.Errorf("the same again ended with %d", code)
	}
	j.verify(t)
}

// stopWithin stops a process while it has a transaction open; false: it ended before.
func (e *evtctl) stopWithin(transaction func() string) bool {
	e.t.Helper()
	for {
		if e.cmd.Process.Signal(syscall.SIGSTOP) != nil || e.over() {
			return false
		}
		if transaction() == "Ongoing" {
			return true
		}
		e.signal(syscall.SIGCONT)
	}
}

// transaction is the state of the run's transactions.
func (j *lettersJob) transaction(t *testing.T) string {
	t.Helper()
	adm := j.c.Admin(t)
	defer adm.Close()
	topics, err := adm.ListTopics(t.Context(), j.dlq)
	if err != nil {
		t.Fatal(err)
	}
	id := topics[j.dlq].ID
	return transactionState(t, j.c, func(one string) bool { return strings.Contains(one, base64.RawURLEncoding.EncodeToString(id[:])) })
}

// transactionState is that of an open transaction of some ids, else of the newest.
func transactionState(t *testing.T, c *kafkatest.Cluster, mine func(id string) bool) string {
	t.Helper()
	adm := c.Admin(t)
	defer adm.Close()
	all, err := adm.ListTransactions(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, one := range all.TransactionalIDs() {
		if mine(one) {
			ids = append(ids, one)
		}
	}
	if len(ids) == 0 {
		return "none"
	}
	described, err := adm.DescribeTransactions(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	state, newest := "none", int64(-1)
	for _, d := range described.Sorted() {
		if d.State == "Ongoing" {
			return d.State
		}
		if d.StartTimestamp > newest {
			state, newest = d.State, d.StartTimestamp
		}
	}
	return state
}

func TestARetryDaemonEndsInOrder(t *testing.T) {
	c := kafkatest.Real(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			j := newLettersJob(t, c, 20)
			var sources []*kgo.Record
			for n := range 20 * jobPartitions { // where they came from
				sources = append(sources, &kgo.Record{Topic: j.target, Partition: int32(n % jobPartitions)})
			}
			c.Produce(t, sources...)
			e := start(t, c, "dlq", "retry", j.dlq, "--after", "1s", "--every", "1s", "--daemon", "--yes")
			e.writing() // its receipt
			e.says("no letter is due")
			e.signal(signal)
			if code := e.ended(); code != 130 || len(e.out) != 2 || !strings.HasPrefix(e.out[1], "in all: retried ") {
				t.Errorf("it ended with %d and %q: %s", code, e.out, e.stderr())
			}
		})
	}
}
