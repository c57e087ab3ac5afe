package lag_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consume joins a group and reads, in the way that opts say, until it is left or
// the test ends.
func consume(t *testing.T, c *kafkatest.Cluster, opts ...kgo.Opt) (leave func()) {
	t.Helper()
	cl := c.Client(t, opts...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cl.PollFetches(ctx)
		}
	}()
	leave = sync.OnceFunc(func() { cancel(); <-done; cl.Close() })
	t.Cleanup(leave)
	return leave
}

// behind waits until a group without members is three records behind.
func behind(t *testing.T, c *kafkatest.Cluster, group string) {
	t.Helper()
	g := eventually(t, c, group, func(g lag.Group) bool { return g.Lag == 3 && g.Members == 0 })
	if !g.Reasons.Has(lag.NoMember) || g.Verdict != lag.Warning || !g.TimeLag.Known() || g.TimeLag == 0 {
		t.Errorf("group = %+v, want a warning that nobody reads, and a time lag", g)
	}
}

// eventually collects until a group is as wanted.
func eventually(t *testing.T, c *kafkatest.Cluster, group string, ok func(lag.Group) bool) lag.Group {
	t.Helper()
	var g lag.Group
	cl := c.Client(t)
	kafkatest.Eventually(t, 30*time.Second, "group "+group, func() (bool, string) {
		r, err := lag.Collect(t.Context(), cl, lag.Request{Groups: []string{group}})
		if err != nil {
			return false, err.Error()
		}
		lag.Judge(r, lag.DefaultLimits)
		g = r.Groups[0]
		return ok(g), fmt.Sprintf("%+v", g)
	})
	return g
}

// read tells that a group has members and has read everything.
func read(g lag.Group) bool { return g.State == "Stable" && g.Members == 1 && g.Lag == 0 }

func TestMembersOfClassicAndConsumerGroups(t *testing.T) {
	protocols := map[string]struct {
		opts     []kgo.Opt
		kind     lag.Type
		assignor lag.Text
	}{
		"classic":          {[]kgo.Opt{kgo.Balancers(kgo.RangeBalancer())}, lag.Classic, "range"},
		"consumer KIP-848": {[]kgo.Opt{kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer())}, lag.Consumer, "uniform"},
	}
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				topic, group := topicOf(t, c, 2), c.Name(t, "group")
				produce(t, c, topic, 0, 5)
				produce(t, c, topic, 1, 5)
				leave := consume(t, c, append([]kgo.Opt{
					kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ClientID("worker-1"),
					kgo.AutoCommitInterval(100 * time.Millisecond),
					kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
				}, protocol.opts...)...)
				g := eventually(t, c, group, read)
				if g.Type != protocol.kind || g.Assignor != protocol.assignor || g.Coordinator == "" {
					t.Errorf("group = %s, assignor %q, coordinator %q; want %s, %q and an address", g.Type, g.Assignor, g.Coordinator, protocol.kind, protocol.assignor)
				}
				for _, p := range g.Partitions {
					if p.MemberID == "" || p.ClientID != "worker-1" || p.Host == "" || p.Verdict != lag.OK {
						t.Errorf("partition = %+v, want it held by worker-1 and ok", p)
					}
				}
				leave()
				produce(t, c, topic, 0, 3)
				behind(t, c, group)
			})
		})
	}
}

func TestAShareGroupCountsFromItsStartOffsets(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := topicOf(t, c, 1), c.Name(t, "share")
		setGroupConfig(t, c, group, "share.auto.offset.reset", "earliest")
		produce(t, c, topic, 0, 5)
		leave := consume(t, c, kgo.ShareGroup(group), kgo.ConsumeTopics(topic), kgo.ClientID("worker-1"))
		g := eventually(t, c, group, func(g lag.Group) bool {
			return g.Type == lag.Share && read(g) && g.Partitions[0].LogEnd == 5 && g.Partitions[0].Committed.Known()
		})
		if p := g.Partitions[0]; p.ClientID != "worker-1" {
			t.Errorf("partition = %+v, want it held by worker-1", p)
		}
		leave()
		produce(t, c, topic, 0, 3)
		if g := eventually(t, c, group, func(g lag.Group) bool { return g.Lag == 3 && g.Members == 0 }); g.Verdict != lag.Warning {
			t.Errorf("group = %+v, want a warning that nobody reads", g)
		}
	})
}

func TestAnOpenTransactionIsNamedWhereItHoldsTheGroup(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group, id := topicOf(t, c, 1), c.Name(t, "group"), c.Name(t, "tx")
		produce(t, c, topic, 0, 3)
		c.Commit(t, group, topic, map[int32]int64{0: 3})
		tx := c.Client(t, kgo.TransactionalID(id), kgo.DefaultProduceTopic(topic))
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := tx.ProduceSync(t.Context(), kgo.StringRecord("held")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		g := eventually(t, c, group, func(g lag.Group) bool { return g.Lag == 1 })
		p := g.Partitions[0]
		if p.Transaction == nil || p.Transaction.ID != lag.Text(id) || p.Transaction.ProducerID < 0 || !p.Reasons.Has(lag.OpenTransaction) {
			t.Fatalf("partition = %+v, transaction %+v; want the open transaction %s named", p, p.Transaction, id)
		}
		if !p.Transaction.Age.Known() || p.Transaction.Age > 60 {
			t.Errorf("transaction's age = %v, want less than a minute", p.Transaction.Age)
		}
		if err := tx.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		// Read past the record: only the commit marker is left.
		c.Commit(t, group, topic, map[int32]int64{0: 4})
		p = eventually(t, c, group, func(g lag.Group) bool {
			p := g.Partitions[0]
			return p.Transaction == nil && (p.Lag == 1 || !c.IsReal()) // kfake may write no marker
		}).Partitions[0]
		if p.TimeLag != 0 {
			t.Errorf("time lag = %v where no record is left, want 0", p.TimeLag)
		}
	})
}
func TestAStreamsGroupIsReadLikeTheOthers(t *testing.T) {
	c := kafkatest.Real(t) // the fake has no streams groups
	topic, out, group := topicOf(t, c, 2), topicOf(t, c, 2), c.Name(t, "streams")
	produce(t, c, topic, 0, 5)
	produce(t, c, topic, 1, 3)
	c.Java(t, "../internal/kafkatest/testdata/StreamsMember.java", c.Brokers()[0], group, topic, out)
	g := eventually(t, c, group, read)
	if g.Type != lag.Streams || g.Coordinator == "" {
		t.Errorf("group = %s with coordinator %q, want streams and an address", g.Type, g.Coordinator)
	}
	for _, p := range g.Partitions {
		if p.MemberID == "" || p.Topic != topic {
			t.Errorf("partition = %+v, want one of %s held by a member", p, topic)
		}
	}
}
