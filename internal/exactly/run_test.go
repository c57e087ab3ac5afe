package exactly_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestRunWritesEachItemOnceAndASecondRunNothing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		receipt, results := j.run(t, j.letters(0, 2500))
		if receipt.Written != 2500 || receipt.Records != 2500 || receipt.Transactions != 2 || receipt.Failed+receipt.Skipped != 0 || receipt.Interrupted {
			t.Errorf("the first run's receipt is %+v", receipt)
		}
		for _, r := range results {
			if r.Outcome != exactly.Written || len(r.Placed) != 1 {
				t.Fatalf("%s: %+v", r.Key, r)
			}
		}
		receipt, results = j.run(t, j.letters(0, 2500))
		if receipt.Skipped != 2500 || receipt.Written+receipt.Failed+receipt.Transactions != 0 {
			t.Errorf("the second run's receipt is %+v", receipt)
		}
		if got := results[0].Why; got != "already replayed" {
			t.Errorf("a letter was skipped because %q", got)
		}
		j.verify(t, 2500)
	})
}

func TestABadRecordFailsAloneAndIsInTheReceipt(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, test := range map[string]struct {
			configs []string
			spoil   func(*kgo.Record)
			why     string
		}{
			"too large":               {[]string{"max.message.bytes=5000"}, func(r *kgo.Record) { r.Value = make([]byte, 6000) }, "max.message.bytes"},
			"no key, compacted topic": {[]string{"cleanup.policy=compact"}, func(r *kgo.Record) { r.Key = nil }, "takes no record without a key"},
			"no such partition":       {nil, func(r *kgo.Record) { r.Partition = 7 }, "has no partition 7, only 3"},
			"no such topic":           {nil, func(r *kgo.Record) { r.Topic = "nowhere" }, "nowhere"},
		} {
			t.Run(name, func(t *testing.T) {
				j := newJob(t, c, 3, test.configs...)
				j.spoilt(t, test.spoil, test.why, 42)
			})
		}
	})
}

func TestRecordsThatOnlyTheBrokerRefusesFailAlone(t *testing.T) {
	c := kafkatest.Real(t) // the fake takes any time
	for name, spoilt := range map[string][]int{"one": {42}, "several": {0, 1, 50, 99}} {
		t.Run(name, func(t *testing.T) {
			j := newJob(t, c, 3, "message.timestamp.after.max.ms=3600000")
			j.spoilt(t, func(r *kgo.Record) { r.Timestamp = time.Now().Add(48 * time.Hour) }, "INVALID_TIMESTAMP", spoilt...)
		})
	}
}

// spoilt runs 100 letters of which some are spoilt.
func (j *job) spoilt(t *testing.T, spoil func(*kgo.Record), why string, which ...int) {
	t.Helper()
	items := j.letters(0, 100)
	bad := map[string]bool{}
	for _, i := range which {
		bad[items[i].Key] = true
		spoil(items[i].Records[0])
	}
	receipt, results := j.run(t, items)
	if int(receipt.Written) != 100-len(bad) || int(receipt.Failed) != len(bad) {
		t.Errorf("the receipt is %+v", receipt)
	}
	for _, r := range results {
		if failed := r.Outcome == exactly.Failed; failed != bad[r.Key] || failed && !strings.Contains(r.Why, why) {
			t.Errorf("%s is %s: %s", r.Key, r.Outcome, r.Why)
		}
	}
	j.verify(t, 100-len(bad))
}

func TestAnItemNamedTwiceIsWrittenOnce(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		receipt, _ := j.run(t, append(j.letters(0, 10), j.letters(5, 10)...))
		if receipt.Written != 15 || receipt.Skipped != 5 {
			t.Errorf("the receipt is %+v", receipt)
		}
		j.verify(t, 15)
	})
}

func TestADiscardIsOnlyALedgerEntryAndARestoreTakesItBack(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		as := func(d ledger.Disposition) exactly.Receipt {
			receipt, _ := j.run(t, []exactly.Item{j.book.Item(ledger.Letter{Offset: 1, Disposition: d})})
			return *receipt
		}
		for _, step := range []struct {
			do            ledger.Disposition
			written, left int64
		}{{ledger.Discarded, 1, 0}, {ledger.Discarded, 0, 1}, {ledger.Restored, 1, 0}, {ledger.Restored, 0, 1}} {
			if got := as(step.do); got.Written != step.written || got.Skipped != step.left || got.Records != 0 {
				t.Errorf("%s gives %+v", step.do, got)
			}
		}
		if receipt, _ := j.run(t, j.letters(0, 3)); receipt.Written != 3 {
			t.Errorf("after the restore the receipt is %+v", receipt)
		}
		j.verify(t, 3)
	})
}

func TestInterruptedItFinishesWhatIsUnderWayAndReturnsTheReceiptSoFar(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		ctx, interrupt := context.WithCancel(t.Context())
		cfg := j.config()
		cfg.MaxRecords = 10
		cfg.Report = func(exactly.Result) { interrupt() }
		receipt, err := exactly.Run(ctx, cfg, exactly.Items(j.letters(0, 100)...))
		// The next transaction was begun while the first was being committed.
		if err != nil || !receipt.Interrupted || receipt.Written > 20 || receipt.Written != 10*receipt.Transactions {
			t.Errorf("interrupted: %+v, %v", receipt, err)
		}
		j.verify(t, int(receipt.Written))
		j.run(t, j.letters(0, 100))
		j.verify(t, 100)
	})
}

func TestStoppedHardTheTransactionUnderWayIsAborted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		hard, stop := context.WithCancel(t.Context())
		cfg := j.config()
		cfg.MaxRecords = 10
		cfg.Hard = hard
		cfg.Ledger = stopsAt{cfg.Ledger, 3, stop, new(int)}
		receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 100)...))
		if err != exactly.ErrAborted || receipt.Written != 20 || !receipt.Interrupted {
			t.Errorf("stopped in its third transaction: %+v, %v", receipt, err)
		}
		j.verify(t, 20)
		j.run(t, j.letters(0, 100))
		j.verify(t, 100)
	})
}

// stopsAt is a ledger that ends the run within its nth transaction.
type stopsAt struct {
	exactly.Ledger
	n    int
	stop func()
	seen *int
}

func (s stopsAt) Entries(done []exactly.Done) ([]*kgo.Record, error) {
	if *s.seen++; *s.seen == s.n {
		s.stop()
	}
	return s.Ledger.Entries(done)
}

func TestAForeignTransactionInTheLedgerIsWaitedOutAndNamed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		j.run(t, j.letters(0, 10))
		stranger := c.Name(t, "stranger")
		cl := c.Client(t, kgo.TransactionalID(stranger), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		var open []*kgo.Record
		for p := range int32(8) {
			open = append(open, &kgo.Record{Topic: ledger.Topic, Partition: p, Key: []byte("theirs"), Value: []byte("{}")})
		}
		if err := cl.ProduceSync(t.Context(), open...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		j.renew(t)
		cfg := j.config()
		var named string
		cfg.Notice = func(n exactly.Notice) {
			if n.Blocked == nil || named != "" {
				return
			}
			named = n.Blocked.TransactionalID
			if err := cl.EndTransaction(context.Background(), kgo.TryAbort); err != nil {
				t.Error(err)
			}
		}
		receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 20)...))
		if err != nil || receipt.Written != 10 || receipt.Skipped != 10 {
			t.Errorf("%+v, %v", receipt, err)
		}
		if named != stranger {
			t.Errorf("it waited for the transaction of %q, want %q", named, stranger)
		}
		j.verify(t, 20)
	})
}

func TestTheRateIsKept(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	cfg := j.config()
	cfg.Rate = 200
	receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 200)...))
	if err != nil || receipt.Written != 200 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	// The first transaction has no wait before it: 150 of 200 items wait.
	if s := receipt.Elapsed.Seconds(); s < 0.74 || receipt.Transactions != 4 {
		t.Errorf("200 items at 200 a second took %.2f s in %d transactions", s, receipt.Transactions)
	}
}

func TestASourceThatFailsEndsTheRunAfterWhatCameBefore(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	broken := fmt.Errorf("the letters can't be read")
	receipt, err := exactly.Run(t.Context(), j.config(), func(context.Context) iter.Seq2[exactly.Item, error] {
		return func(yield func(exactly.Item, error) bool) {
			for _, item := range j.letters(0, 5) {
				if !yield(item, nil) {
					return
				}
			}
			yield(exactly.Item{}, broken)
		}
	})
	if err != broken || receipt.Written != 5 || !receipt.Interrupted {
		t.Errorf("%+v, %v", receipt, err)
	}
	j.verify(t, 5)
}

// deleteTopic deletes a topic and waits until it is gone.
func deleteTopic(t *testing.T, adm *kadm.Client, topic string) {
	t.Helper()
	if _, err := adm.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, soon, "topic "+topic+" to be gone", func() (bool, string) {
		topics, err := adm.ListTopics(t.Context())
		return err == nil && !topics.Has(topic), fmt.Sprint(err)
	})
}
