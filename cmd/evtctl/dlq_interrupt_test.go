//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
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

// A transaction is held open by a target that wants more replicas than there are.
func TestASecondInterruptAbortsTheTransactionAtOnce(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	for range 5 {
		j := newLettersJob(t, c, 2000)
		e := j.replay(t, "--rate", "400/s")
		e.writing()
		j.demandReplicas(t, "2")
		j.refused(t)
		before := len(committed(t, c, j.target))
		j.stuck(t, before)
		e.signal(os.Interrupt)
		e.says("interrupted: what is under way is finished first; Ctrl-C again ends at once")
		if err := e.cmd.Process.Signal(os.Interrupt); errors.Is(err, os.ErrProcessDone) {
			t.Log("it had ended in order already")
			continue
		}
		if code := e.ended(); code != 130 || !strings.Contains(e.stderr(), "left; the same command again goes on from there") {
			t.Errorf("it ended with %d: %s", code, e.stderr())
		}
		if state := j.transaction(t); state == "Ongoing" {
			t.Errorf("its transaction is %s", state)
		}
		receipt, done := e.told()
		if there := int64(len(committed(t, c, j.target))); !receipt.Interrupted || receipt.Done != done || there != done || there != int64(before) {
			t.Errorf("the receipt is %+v, %d letters were told; %d were in the target before and %d are now", receipt, done, before, there)
		}
		j.demandReplicas(t, "1")
		if code := j.replay(t).ended(); code != 0 {
			t.Errorf("the same again ended with %d", code)
		}
		j.verify(t)
		return
	}
	t.Error("no second interrupt came in time")
}

func (j *lettersJob) demandReplicas(t *testing.T, n string) {
	t.Helper()
	altered, err := j.c.Admin(t).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "min.insync.replicas", Value: &n}}, j.target)
	if err == nil {
		err = altered[0].Err
	}
	if err != nil {
		t.Fatal(err)
	}
}

// refused waits until the target takes nothing any more. It leaves no records.
func (j *lettersJob) refused(t *testing.T) {
	t.Helper()
	kafkatest.Eventually(t, time.Minute, "a target that takes nothing", func() (bool, string) {
		cl := j.c.Client(t, kgo.TransactionalID(j.target+"-probe"), kgo.RecordRetries(0), kgo.DefaultProduceTopic(j.target))
		defer cl.Close()
		if err := cl.BeginTransaction(); err != nil {
			return false, err.Error()
		}
		err := cl.ProduceSync(t.Context(), kgo.StringRecord("probe")).FirstErr()
		_ = cl.EndTransaction(t.Context(), kgo.TryAbort) // that of a failed one fails too
		return errors.Is(err, kerr.NotEnoughReplicas) || errors.Is(err, kgo.ErrRecordRetries), fmt.Sprint(err)
	})
}

// stuck waits until one transaction is open for some time, and nothing more arrives.
func (j *lettersJob) stuck(t *testing.T, before int) {
	t.Helper()
	var since time.Time
	var of int64
	kafkatest.Eventually(t, time.Minute, "a transaction that doesn't end", func() (bool, string) {
		state, began := j.ongoing(t)
		if state != "Ongoing" || began != of {
			since, of = time.Now(), began
		}
		return state == "Ongoing" && time.Since(since) > time.Second, state
	})
}

func (j *lettersJob) transaction(t *testing.T) string {
	state, _ := j.ongoing(t)
	return state
}

// ongoing is the state of the run's newest transaction, and when that began.
func (j *lettersJob) ongoing(t *testing.T) (state string, began int64) {
	t.Helper()
	adm := j.c.Admin(t)
	defer adm.Close()
	all, err := adm.ListTransactions(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, id := range all.TransactionalIDs() {
		if strings.HasPrefix(id, "evtctl.dlq.") {
			ids = append(ids, id)
		}
	}
	described, err := adm.DescribeTransactions(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range described.Sorted() {
		if d.State == "Ongoing" {
			return d.State, d.StartTimestamp
		}
		state = d.State
	}
	return state, 0
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
