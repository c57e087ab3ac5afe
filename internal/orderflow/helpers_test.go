package orderflow_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// unhurried is far more than any run here takes, and ends one that hangs.
const unhurried = time.Minute

// config is a run of 200 orders that nobody slows down, under names of its own.
func config(t testing.TB, c *kafkatest.Cluster) orderflow.Config {
	return orderflow.Config{
		Open:     opener(c.Brokers()...),
		Orders:   200,
		Seed:     1,
		Capacity: orderflow.Capacity{Analytics: 100_000}, // the others are without limit
		Prefix:   c.Name(t, "") + ".",
	}
}

func opener(brokers ...string) func(context.Context, ...kgo.Opt) (*kgo.Client, error) {
	return func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
		return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, opts...)...)
	}
}

func run(t testing.TB, c orderflow.Config) *orderflow.Summary {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), unhurried)
	defer cancel()
	summary, err := orderflow.Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// records reads a topic from its start to its present end, in order within each
// partition.
func records(t testing.TB, c *kafkatest.Cluster, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), unhurried)
	defer cancel()
	ends, err := c.Admin(t).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	left := make(map[int32]int64)
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var all []*kgo.Record
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset >= left[r.Partition] {
				return // written since
			}
			all = append(all, r)
			if r.Offset == left[r.Partition]-1 {
				delete(left, r.Partition)
			}
		})
	}
	return all
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func decode[E any](t testing.TB, r *kgo.Record) E {
	t.Helper()
	var e E
	if err := json.Unmarshal(r.Value, &e); err != nil {
		t.Fatalf("record %s:%d:%d: %v", r.Topic, r.Partition, r.Offset, err)
	}
	return e
}

// group finds a group of a summary by the end of its name.
func group(t testing.TB, s *orderflow.Summary, i int) orderflow.GroupSummary {
	t.Helper()
	if len(s.Groups) != 3 || s.Groups[i].Lag == nil {
		t.Fatalf("the summary has groups %+v, want three with a lag each", s.Groups)
	}
	return s.Groups[i]
}

// Where each group is in a summary.
const (
	inventory = iota
	notification
	analytics
)

// when returns a progress function that calls f once, when cond first holds, and
// a channel that is closed then.
func when(cond func(orderflow.Progress) bool, f func()) (func(orderflow.Progress), <-chan struct{}) {
	var once sync.Once
	reached := make(chan struct{})
	return func(p orderflow.Progress) {
		if cond(p) {
			once.Do(func() { close(reached); f() })
		}
	}, reached
}

// openClients counts a client as open until it is closed.
type openClients struct{ n *atomic.Int64 }

func (o openClients) OnClientClosed(*kgo.Client) { o.n.Add(-1) }

func countingOpener(brokers []string, n *atomic.Int64) func(context.Context, ...kgo.Opt) (*kgo.Client, error) {
	open := opener(brokers...)
	return func(ctx context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
		n.Add(1)
		return open(ctx, append(opts, kgo.WithHooks(openClients{n}))...)
	}
}
