package copies_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

// forget deletes what is kept of copies, as far as one copy can tell: the real broker
// is shared, and other tests copy meanwhile. A null value deletes an entry.
func forget(t testing.TB, j *job, partitions int) {
	t.Helper()
	var deleted []*kgo.Record
	for partition := range partitions {
		deleted = append(deleted, &kgo.Record{Topic: copies.Topic, Key: fmt.Appendf(nil, "%s/%d", j.id(t), partition)})
	}
	j.c.Produce(t, deleted...)
}

// id is that of the copy, also where the plan is refused.
func (j *job) id(t testing.TB) string {
	t.Helper()
	p, err := j.plan(t)
	if p == nil {
		t.Fatal(err)
	}
	return p.Copy
}

// expire makes the cluster forget that the copy has committed, as it does in time.
func (j *job) expire(t testing.TB) {
	t.Helper()
	for _, suffix := range []string{"", ".2"} {
		cl := j.c.Client(t, kgo.TransactionalID("evtctl.copy."+j.id(t)+suffix))
		if _, _, err := cl.ProducerID(t.Context()); err != nil {
			t.Fatal(err)
		}
		cl.Close()
	}
}

// noise are records of somebody else.
func noise(t testing.TB, j *job, partitions, n int) {
	t.Helper()
	j.c.Produce(t, orders(j.to, partitions, n)...)
}

func TestALedgerThatWasDeletedIsNoticedByTheTarget(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for _, test := range []struct {
			name           string
			before, behind int // records of others in the target
		}{
			{"by the oldest records", 0, 2000},
			{"by the newest records", 2000, 0},
		} {
			t.Run(test.name, func(t *testing.T) {
				j := newJob(t, c, 2)
				c.Produce(t, orders(j.from, 2, 100)...)
				noise(t, j, 2, test.before)
				j.run(t)
				j.expire(t)
				forget(t, j, 2)
				noise(t, j, 2, test.behind)
				j.isLost(t, " is a copy of, "+j.from+":")
			})
		}
	})
}

// The fake remembers no commits.
func TestALedgerThatWasDeletedIsNoticedWhileTheTransactionalIDIsRemembered(t *testing.T) {
	j := newJob(t, kafkatest.Real(t), 2)
	j.c.Produce(t, orders(j.from, 2, 100)...)
	noise(t, j, 2, 2000)
	j.run(t)
	noise(t, j, 2, 2000)
	forget(t, j, 2)
	j.isLost(t, `transactions of "evtctl.copy.`)
}

// isLost sees that nothing is copied again, and that there is a way out.
func (j *job) isLost(t *testing.T, want string) {
	t.Helper()
	plan, err := j.plan(t)
	var lost *copies.LostError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), want) || !strings.Contains(lost.Hint(), "--verify") {
		t.Fatalf("%v", err)
	}
	if r, err := j.newWriter(t).Apply(t.Context(), plan); !errors.As(err, &lost) || r.Done != 0 || r.Left != 100 {
		t.Errorf("applied: %s, %v", said(r), err)
	}
	if v, err := plan.Verify(t.Context(), func(string) {}); err != nil || !v.Equal || v.Found != 100 {
		t.Errorf("%+v, %v", v, err)
	}
	j.c.Produce(t, orders(j.from, 2, 10)...) // these are not there yet
	plan, _ = j.plan(t)
	if v, err := plan.Verify(t.Context(), func(string) {}); err != nil || v.Equal || v.Found != 100 || v.Expected != 110 || len(v.Differences) != 10 {
		t.Errorf("%+v, %v", v, err)
	}
	j.to = j.c.Topic(t, 2)
	if got := j.run(t); got.Done != 110 {
		t.Errorf("to another topic: %s", said(got))
	}
}

// An older ledger is found by the newest record that it doesn't know.
func TestALedgerThatWasPutBackIsNoticed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		c.Produce(t, orders(j.from, 1, 100)...)
		j.change = func(r *copies.Request) { r.Limit = 40 }
		j.run(t)
		var old *kgo.Record
		for _, r := range c.Committed(t, copies.Topic) {
			if string(r.Key) == j.id(t)+"/0" {
				old = r
			}
		}
		j.run(t)
		c.Produce(t, &kgo.Record{Topic: copies.Topic, Key: old.Key, Value: old.Value})
		for range 600 { // others write there, too: what was copied is no more among the newest
			c.Produce(t, &kgo.Record{Topic: j.to, Value: []byte("somebody else's")})
		}
		var lost *copies.LostError
		if _, err := j.plan(t); !errors.As(err, &lost) || !strings.Contains(err.Error(), j.from+":0:") {
			t.Errorf("%v", err)
		}
	})
}

func TestALedgerThatIsDeletedBeforeAPlanIsAppliedIsNoticed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 1)
		c.Produce(t, orders(j.from, 1, 100)...)
		j.change = func(r *copies.Request) { r.Limit = 40 }
		j.run(t)
		plan := j.mustPlan(t)
		forget(t, j, 1)
		var lost *copies.LostError
		if r, err := j.newWriter(t).Apply(t.Context(), plan); !errors.As(err, &lost) || r.Done != 0 {
			t.Errorf("%s, %v", said(r), err)
		}
		if got := len(c.Committed(t, j.to)); got != 40 {
			t.Errorf("%d records are there", got)
		}
	})
}

// Records of this copy that somebody invented, or that another run is just writing, are
// no reason to refuse.
func TestALedgerThatIsWholeIsNotTakenForLost(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 2)
		c.Produce(t, orders(j.from, 2, 4000)...)
		j.change = func(r *copies.Request) { r.Limit = 1000 }
		j.run(t)
		j.change = func(*copies.Request) {}
		slow := j.newWriter(t)
		copies.SetMaxRecords(slow, 50)
		plan := j.mustPlan(t)
		done := make(chan error)
		go func() { _, err := slow.Apply(t.Context(), plan); done <- err }()
		for planned := 0; ; planned++ {
			if _, err := j.plan(t); err != nil {
				t.Errorf("planned %d times beside it: %v", planned, err)
			}
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				j.same(t)
				return
			default:
			}
		}
	})
}
