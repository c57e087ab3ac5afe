package copies_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/evtctl/evtctl/replay/copies"
)

func TestARecordThatTheTargetRefusesDoesNotStopTheOthers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for _, test := range []struct {
			name, config string
			bad          *kgo.Record
			why          string
		}{
			{"too large", "max.message.bytes=2000", &kgo.Record{Key: []byte("k"), Value: make([]byte, 3000)}, "max.message.bytes"},
			{"without a key", "cleanup.policy=compact", &kgo.Record{Value: []byte("v")}, "is compacted and takes no record without a key"},
		} {
			t.Run(test.name, func(t *testing.T) {
				j := newJob(t, c, 1, test.config)
				records := orders(j.from, 1, 40)
				test.bad.Topic = j.from
				c.Produce(t, records[:20]...)
				c.Produce(t, test.bad)
				c.Produce(t, records[20:]...)
				r := j.run(t)
				if got := said(r); got != "planned 41 done 40 skipped 0 failed 1 none 0 left 0" {
					t.Error(got)
				}
				if len(r.Items) != 1 || r.Items[0].Coordinates != j.from+":0:20" || !strings.Contains(r.Items[0].Reason, test.why) {
					t.Errorf("%+v", r.Items)
				}
				// The next run tries that one again, and nothing else.
				if got := said(j.run(t)); got != "planned 1 done 0 skipped 0 failed 1 none 0 left 0" {
					t.Error(got)
				}
				v, err := j.mustPlan(t).Verify(t.Context(), func(string) {})
				if err != nil || v.Equal || v.NotCopied != 1 || len(v.Differences) != 0 || v.Found != 40 {
					t.Errorf("%+v, %v", v, err)
				}
				key, value, _ := strings.Cut(strings.NewReplacer("=2000", "=100000", "=compact", "=delete").Replace(test.config), "=")
				_, err = c.Admin(t).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: key, Value: &value}}, j.to)
				if err != nil {
					t.Fatal(err)
				}
				if got := said(j.run(t)); got != "planned 1 done 1 skipped 0 failed 0 none 0 left 0" {
					t.Error(got)
				}
				v, err = j.mustPlan(t).Verify(t.Context(), func(string) {})
				if err != nil || !v.Equal || v.Found != 41 {
					t.Errorf("%+v, %v", v, err)
				}
			})
		}
	})
}

func TestAnInterruptedCopyEndsWithWhatItHasDoneAndGoesOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for _, way := range []string{"once", "twice"} {
			t.Run(way, func(t *testing.T) {
				j := newJob(t, c, 3)
				c.Produce(t, orders(j.from, 3, 3000)...)
				ctx, interrupt := context.WithCancel(t.Context())
				hard, end := context.WithCancel(t.Context())
				defer end()
				w := j.newWriter(t)
				copies.SetMaxRecords(w, 50)
				w.Hard, w.Progress = hard, func(offsets int64) {
					if offsets >= 200 {
						if interrupt(); way == "twice" {
							end()
						}
					}
				}
				r, err := w.Apply(ctx, j.mustPlan(t))
				if way == "once" && err != nil || way == "twice" && !errors.Is(err, exactly.ErrAborted) && err != nil {
					t.Errorf("it ended with %v", err)
				}
				if !r.Interrupted || r.Done < 200 || r.Done > 2900 || r.Done+r.Left != 3000 {
					t.Errorf("%+v", r)
				}
				if got := j.run(t); got.Done != r.Left || got.Left != 0 {
					t.Errorf("the next: %s, after %s", said(got), said(r))
				}
				j.same(t)
			})
		}
	})
}

func TestMarkersAndHolesAreNoRecords(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		for i, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
			cl := c.Client(t, kgo.TransactionalID(c.Name(t, fmt.Sprint(i))))
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), orders(j.from, 1, 5)...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			cl.Close()
		}
		if got := said(j.run(t)); got != "planned 18 done 10 skipped 0 failed 0 none 8 left 0" {
			t.Error(got)
		}
		j.same(t)
	})
}

func TestAnOpenTransactionIsWaitedForAndSaid(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		c.Produce(t, orders(j.from, 1, 5)...)
		open := c.Client(t, kgo.TransactionalID(c.Name(t, "open")))
		if err := open.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := open.ProduceSync(t.Context(), orders(j.from, 1, 5)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		c.Produce(t, orders(j.from, 1, 5)...)
		told := make(chan string, 100)
		j.writer = func(w *copies.Writer) { w.Notice = func(text string) { told <- text } }
		done := make(chan *copies.Receipt)
		go func() { done <- j.run(t) }()
		select {
		case text := <-told:
			if !strings.Contains(text, "open") || !strings.Contains(text, "which holds back "+j.from+":0") {
				t.Errorf("said: %s", text)
			}
		case r := <-done:
			t.Fatalf("it didn't wait: %s", said(r))
		}
		if err := open.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		if got := said(<-done); got != "planned 15 done 15 skipped 0 failed 0 none 0 left 0" && got != "planned 16 done 15 skipped 0 failed 0 none 1 left 0" {
			t.Error(got)
		}
	})
}

func TestAPlanThatDoesNotHoldAnyMoreIsRefused(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		recreate := func(t *testing.T, topic string) {
			adm := c.Admin(t)
			if _, err := adm.DeleteTopics(t.Context(), topic); err != nil {
				t.Fatal(err)
			}
			kafkatest.Eventually(t, soon, "the topic made anew", func() (bool, string) {
				made, err := adm.CreateTopic(t.Context(), 2, 1, nil, topic)
				return err == nil && made.Err == nil, fmt.Sprint(err, made.Err)
			})
		}
		grow := func(t *testing.T, topic string) {
			if _, err := c.Admin(t).CreatePartitions(t.Context(), 1, topic); err != nil {
				t.Fatal(err)
			}
		}
		for _, test := range []struct {
			name   string
			change func(*testing.T, *job)
			want   string
		}{
			{"the source made anew", func(t *testing.T, j *job) { recreate(t, j.from) }, "was made anew"},
			{"the target made anew", func(t *testing.T, j *job) { recreate(t, j.to) }, "was made anew"},
			{"the source with more partitions", func(t *testing.T, j *job) { grow(t, j.from); grow(t, j.to) }, "has 3 partitions now, and had 2"},
			{"the target with more partitions", func(t *testing.T, j *job) { grow(t, j.to) }, "has 3 partitions now, and had 2"},
			{"records deleted", func(t *testing.T, j *job) { deleteBefore(t, c, j.from, 0, 3) }, "begins at offset 3 now: what was at offset 0 is deleted"},
		} {
			t.Run(test.name, func(t *testing.T) {
				j := newJob(t, c, 2)
				c.Produce(t, orders(j.from, 2, 20)...)
				path := filepath.Join(t.TempDir(), "plan.json")
				plan := j.mustPlan(t)
				if err := plan.Save(path); err != nil {
					t.Fatal(err)
				}
				test.change(t, j)
				saved, err := copies.LoadPlan(path)
				if err != nil {
					t.Fatal(err)
				}
				view := copies.Look(c.Client(t))
				var changed *copies.ChangedError
				kafkatest.Eventually(t, soon, "all brokers to know", func() (bool, string) {
					_, err := saved.Renew(t.Context(), view, view, copies.Request{Now: time.Now()})
					return errors.As(err, &changed) && strings.Contains(changed.What, test.want), fmt.Sprint(err)
				})
				if _, err := j.newWriter(t).Apply(t.Context(), plan); !errors.As(err, &changed) {
					t.Errorf("applied at once: %v", err)
				}
				if got := c.Committed(t, j.to); len(got) != 0 {
					t.Errorf("%d records were written", len(got))
				}
			})
		}
	})
}

func deleteBefore(t *testing.T, c *kafkatest.Cluster, topic string, partition int32, at int64) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset(topic, partition, at, -1)
	if _, err := c.Admin(t).DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
}

func TestAPlanOfAnotherClusterIsRefused(t *testing.T) {
	one, other := kafkatest.Fake(t), kafkatest.Fake(t)
	j := newJob(t, one, 1)
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := j.mustPlan(t).Save(path); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{j.from, j.to} {
		if _, err := other.Admin(t).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	saved, err := copies.LoadPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	view := copies.Look(other.Client(t))
	var changed *copies.ChangedError
	if _, err := saved.Renew(t.Context(), view, view, copies.Request{Now: time.Now()}); !errors.As(err, &changed) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked *copies.RequestError
	if _, err := copies.LoadPlan(path); !errors.As(err, &asked) {
		t.Errorf("%v", err)
	}
}

// Records that are deleted while they are copied end the copy: what follows would be
// taken for all there is.
func TestRecordsThatAreDeletedWhileTheyAreCopiedEndTheCopy(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		for range 30 { // more than one answer has
			c.Produce(t, big(j.from, 200)...)
		}
		w := j.newWriter(t)
		copies.SetMaxRecords(w, 10)
		deleted := false
		w.Progress = func(int64) {
			if !deleted {
				deleted = true
				deleteBefore(t, c, j.from, 0, 5990)
			}
		}
		r, err := w.Apply(t.Context(), j.mustPlan(t))
		var ended *copies.EndedError
		if !errors.As(err, &ended) || !errors.Is(err, kerr.OffsetOutOfRange) || r.Done == 0 || r.Left == 0 || !r.Interrupted {
			t.Errorf("%s: %v", said(r), err)
		}
	})
}

// big are records that make answers full.
func big(topic string, n int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		value := make([]byte, 8<<10)
		for k := range value {
			value[k] = byte(i * k * 7919 >> 3)
		}
		records[i] = &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "k%d", i), Value: value}
	}
	return records
}

func TestOldTimesAreSaidAndRefusedOneByOne(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1, "message.timestamp.before.max.ms=3600000", "retention.ms=7200000")
		now := time.Now()
		for i, age := range []time.Duration{3 * time.Hour, 90 * time.Minute, time.Minute} {
			c.Produce(t, &kgo.Record{Topic: j.from, Key: fmt.Appendf(nil, "k%d", i), Timestamp: now.Add(-age)})
		}
		j.change = func(r *copies.Request) { r.KeepTime = true }
		p := j.mustPlan(t)
		if all := strings.Join(p.Warnings, "\n"); !strings.Contains(all, "older than 2h (retention.ms): up to 1 of these") ||
			!strings.Contains(all, "older than 1h (message.timestamp.before.max.ms): up to 2 of these ("+j.from+":0 from offset 0 to 1)") || p.Spans[0].TooOld != 2 {
			t.Errorf("%s, %+v", all, p.Spans)
		}
		if got := said(j.run(t)); got != "planned 3 done 1 skipped 0 failed 2 none 0 left 0" {
			t.Error(got)
		}
		kept := c.Committed(t, j.to)
		if len(kept) != 1 || kept[0].Timestamp.UnixMilli() != now.Add(-time.Minute).UnixMilli() {
			t.Errorf("%+v", kept)
		}
		j.change = func(*copies.Request) {}
		if got := said(j.run(t)); got != "planned 3 done 3 skipped 0 failed 0 none 0 left 0" { // another copy
			t.Error(got)
		}
	})
}

func TestTooManySingleFailuresEndTheCopy(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	c.Produce(t, orders(j.from, 1, 12_000)...)
	j.change = func(r *copies.Request) { r.Edit, r.Set = &odd{}, "." }
	r, err := j.newWriter(t).Apply(t.Context(), j.mustPlan(t))
	var ended *copies.EndedError
	if !errors.As(err, &ended) || len(r.Items) > copies.MaxItems {
		t.Errorf("%s: %v", said(r), err)
	}
}

// odd fails at every second record.
type odd struct{}

func (*odd) Edit(_ context.Context, rec *kgo.Record) error {
	for _, h := range rec.Headers {
		if len(h.Value) > 0 && h.Value[len(h.Value)-1]%2 == 1 {
			return errors.New("odd")
		}
	}
	return nil
}

func TestACopyIsAskedForWrongly(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 2)
	for name, change := range map[string]func(*copies.Request){
		"no source":       func(r *copies.Request) { r.From.Topic = "" },
		"unknown":         func(r *copies.Request) { r.From.Topic = "nowhere" },
		"no target":       func(r *copies.Request) { r.To = "" },
		"the source":      func(r *copies.Request) { r.To = r.From.Topic },
		"kept by Kafka":   func(r *copies.Request) { r.To = "__transaction_state" },
		"kept by evtctl":  func(r *copies.Request) { r.To = "evtctl.dlq.audit" },
		"no partition":    func(r *copies.Request) { r.From.Partitions = []int32{2} },
		"a negative size": func(r *copies.Request) { r.Limit = -1 },
		"ends first":      func(r *copies.Request) { r.Start, r.Until = replay.AtTime(noon.Add(time.Hour)), replay.AtTime(noon) },
	} {
		t.Run(name, func(t *testing.T) {
			j.change = change
			_, err := j.plan(t)
			var asked *copies.RequestError
			var other *replay.RequestError
			if !errors.As(err, &asked) && !errors.As(err, &other) {
				t.Errorf("%v", err)
			}
		})
	}
}
