package observe_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// join joins a group and reads until it is left or the test ends.
func join(t *testing.T, c *kafkatest.Cluster, opts ...kgo.Opt) (leave func()) {
	t.Helper()
	cl := c.Client(t, append([]kgo.Opt{kgo.AutoCommitInterval(100 * time.Millisecond), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart())}, opts...)...)
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

// produce writes records one after the other, of which the first is as old as said.
func produce(t *testing.T, c *kafkatest.Cluster, topic string, n int, age time.Duration) {
	t.Helper()
	cl := c.Client(t)
	for i := range n {
		r := &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", i), Timestamp: time.Now().Add(-age)}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// groups looks until what was seen is as wanted.
func groups(t *testing.T, c *kafkatest.Cluster, config observe.Config, ok func(*observe.Observation) bool) *observe.Observation {
	t.Helper()
	cl := c.Client(t)
	var o *observe.Observation
	kafkatest.Eventually(t, 60*time.Second, "observation", func() (bool, string) {
		var err error
		if o, err = observe.Groups(t.Context(), cl, config); err != nil {
			return false, err.Error()
		}
		return ok(o), fmt.Sprintf("%+v", o.Activities[config.Groups[0]])
	})
	return o
}

func TestAGroupThatReadsInPeace(t *testing.T) {
	for name, protocol := range map[string][]kgo.Opt{
		"classic":  {kgo.Balancers(kgo.CooperativeStickyBalancer())},
		"consumer": {kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer())},
	} {
		t.Run(name, func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				topic, group := c.Topic(t, 2), c.Name(t, "group")
				produce(t, c, topic, 4, time.Minute)
				join(t, c, append(protocol, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic))...)
				read := func(o *observe.Observation) bool {
					return o.Last.Groups[0].Lag == 0 && o.Last.Groups[0].State == "Stable"
				}
				groups(t, c, observe.Config{Groups: []string{group}}, read)
				o := groups(t, c, observe.Config{Groups: []string{group}, Window: time.Second}, read)
				a := o.Activities[group]
				if a.Looks < 3 || a.Changes != 0 || a.Joined+a.Left != 0 || a.Unsettled() != 0 || len(o.Still(group)) != 0 || o.Window() < time.Second {
					t.Errorf("%+v, still %v, %s", a, o.Still(group), o.Window())
				}
				latencies, err := o.Latencies(t.Context(), c.Client(t))
				if err != nil {
					t.Fatal(err)
				}
				l := latencies[group]
				if !c.IsReal() {
					if o.History.Problem == "" || a.Rebalances.Known() || l.Source != observe.FromLooks || l.Samples != 0 {
						t.Errorf("the fake keeps no past: %+v, %+v, %+v", o.History, a, l)
					}
					return
				}
				if o.History.Problem != "" || a.Rebalances < 1 || a.Rebalances > 2 {
					t.Errorf("%+v, %+v", o.History, a)
				}
				if l.Source != observe.FromCommits || l.Samples == 0 || l.Median < 60 || l.Max > 3600 || l.Ahead != 0 {
					t.Errorf("records a minute old when they were consumed, and the latency is %+v", l)
				}
			})
		})
	}
}

func TestAGroupWhoseMembersComeAndGo(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 3), c.Name(t, "group")
		opts := []kgo.Opt{kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.Balancers(kgo.RangeBalancer()), kgo.HeartbeatInterval(100 * time.Millisecond)}
		join(t, c, opts...)
		restless, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for restless.Err() == nil {
				cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.Brokers()...))...)
				if err != nil {
					return
				}
				polling, enough := context.WithTimeout(restless, 400*time.Millisecond)
				cl.PollFetches(polling)
				enough()
				cl.Close()
			}
		}()
		o := groups(t, c, observe.Config{Groups: []string{group}, Window: 2 * time.Second, Every: 50 * time.Millisecond}, func(o *observe.Observation) bool {
			a := o.Activities[group]
			return a.Changes >= 3 && a.Joined > 0 && a.Left > 0
		})
		stop()
		<-ended
		if a := o.Activities[group]; c.IsReal() && a.Rebalances < 3 {
			t.Errorf("%+v", a)
		}
	})
}

func TestAPartitionThatStandsStill(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		produce(t, c, topic, 3, 0)
		c.Commit(t, group, topic, map[int32]int64{0: 1})
		o := groups(t, c, observe.Config{Groups: []string{group}, Window: 300 * time.Millisecond, History: -1}, func(o *observe.Observation) bool { return o.Activities[group].Looks >= 2 })
		still := o.Still(group)
		if len(still) != 1 || still[0].Committed != 1 || still[0].Lag != 2 {
			t.Errorf("%+v", still)
		}
		if o.History.Problem != "not asked for" {
			t.Errorf("%+v", o.History)
		}
		// A window of no length has no movement.
		o = groups(t, c, observe.Config{Groups: []string{group}}, func(o *observe.Observation) bool { return o.First == o.Last })
		if len(o.Still(group)) != 0 {
			t.Errorf("%+v", o.Still(group))
		}
	})
}

func TestClocksThatDiffer(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		produce(t, c, topic, 2, -10*time.Minute) // from the future
		cl := c.Client(t)
		config := observe.Config{Groups: []string{group}, Window: 500 * time.Millisecond}
		c.Commit(t, group, topic, map[int32]int64{0: 1})
		config.Looked = func(done, _ int) {
			if done == 1 {
				c.Commit(t, group, topic, map[int32]int64{0: 2})
			}
		}
		o, err := observe.Groups(t.Context(), cl, config)
		if err != nil {
			t.Fatal(err)
		}
		if c.IsReal() && o.History.Problem != "" {
			t.Fatal(o.History.Problem)
		}
		latencies, err := o.Latencies(t.Context(), cl)
		if err != nil {
			t.Fatal(err)
		}
		if l := latencies[group]; l.Samples != 0 || l.Ahead != 1 || l.MaxAhead < 500 || l.Max.Known() {
			t.Errorf("%+v", l)
		}
	})
}

func TestAGroupThatIsNotThere(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		_, err := observe.Groups(t.Context(), c.Client(t), observe.Config{Groups: []string{"nobody"}})
		if err == nil || !strings.Contains(err.Error(), `"nobody": not found`) {
			t.Errorf("%v", err)
		}
	})
}

func TestThePastOfEveryGroup(t *testing.T) {
	c := kafkatest.Real(t)
	topic := c.Topic(t, 1)
	produce(t, c, topic, 2, 0)
	var names []string
	for _, name := range []string{"a", "b", "c", "d", "e"} { // each in a partition of its own, by Java's hash
		group := c.Name(t, name)
		names = append(names, group)
		c.Commit(t, group, topic, map[int32]int64{0: 1})
	}
	for _, group := range names {
		o, err := observe.Groups(t.Context(), c.Client(t), observe.Config{Groups: []string{group}})
		if err != nil {
			t.Fatal(err)
		}
		if a := o.Activities[group]; a == nil || len(a.Commits) != 1 || a.Commits[0].Offset != 1 || time.Since(a.Commits[0].At) > time.Hour {
			t.Errorf("%q: %+v %+v", group, o.History, a)
		}
	}
	o, err := observe.Groups(t.Context(), c.Client(t), observe.Config{MaxHistory: 1})
	if err != nil {
		t.Fatal(err)
	}
	if o.History.Problem == "" && len(o.Activities) > 1 {
		t.Errorf("%d groups, and one record tells all of their past", len(o.Activities))
	}
}
