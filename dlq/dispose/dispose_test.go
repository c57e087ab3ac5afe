package dispose_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// pair is a topic with records in one partition, and its dead-letter topic.
type pair struct {
	*office
	orders, dlt string
}

func newPair(t *testing.T, from, to *kafkatest.Cluster) *pair {
	p := &pair{newOffice(t, from, to), from.Topic(t, 2, "retention.ms=-1"), from.Topic(t, 2, "retention.ms=-1")}
	var recs []*kgo.Record
	for i := range 10 {
		recs = append(recs, &kgo.Record{Topic: p.orders, Key: fmt.Appendf(nil, "k%d", i), Value: []byte("first"), Timestamp: noon})
	}
	p.Produce(t, recs...)
	return p
}

// die writes a letter that came from an offset of the topic's partition 0.
func (p *pair) die(t *testing.T, offset int64, key, value string, own ...kgo.RecordHeader) {
	p.Produce(t, letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders, Offset: offset}, key, value, own...))
}

func (p *pair) replay() dispose.Request {
	return dispose.Request{Action: dispose.Replay, Query: dlq.Query{Topic: p.dlt}}
}

// reasons are what a plan says of letters, by kind.
func reasons(tallies []dispose.Tally) string {
	var all []string
	for _, t := range tallies {
		all = append(all, fmt.Sprintf("%s %d", t.Kind, t.Count))
	}
	return strings.Join(all, ", ")
}

func TestOneBadLetterDoesNotFailTheOthers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		compact := c.Topic(t, 1, "cleanup.policy=compact", "max.message.bytes=2000")
		at := dlq.Coordinates{Topic: compact}
		c.Produce(t, &kgo.Record{Topic: compact, Key: []byte("x"), Value: []byte("x")})
		noKey := letter(p.dlt, 0, at, "", "no key")
		noKey.Key = nil
		gone := letter(p.dlt, 0, dlq.Coordinates{Topic: "no-such-topic"}, "k", "gone")
		internal := letter(p.dlt, 0, dlq.Coordinates{Topic: "__consumer_offsets"}, "k", "internal")
		self := letter(p.dlt, 1, dlq.Coordinates{Topic: p.dlt}, "k", "self")
		other := letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders, Partition: 7}, "k", "partition")
		anew := letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders, Offset: 500}, "k", "anew")
		bad := letter(p.dlt, 0, at, "k", "bad name")
		bad.Headers[0].Value = []byte("no topic/name")
		c.Produce(t, letter(p.dlt, 0, at, "k", "good"), noKey, letter(p.dlt, 0, at, "k", strings.Repeat("x", 3000)), gone, internal, self, other, anew, bad,
			&kgo.Record{Topic: p.dlt, Key: []byte("k"), Value: []byte("nothing known")}, letter(p.dlt, 1, at, "k2", "good too"))

		plan := p.plan(t, p.replay())
		for _, kind := range []string{"null-key", "too-large", "no-topic", "internal", "itself", "no-partition", "recreated", "bad-origin", "no-origin"} {
			if !strings.Contains(reasons(plan.LeftOut), kind+" 1") {
				t.Errorf("the plan doesn't leave out %s: %s", kind, reasons(plan.LeftOut))
			}
		}
		receipt := p.apply(t, plan)
		if receipt.Done != 2 || receipt.Failed != 9 || receipt.Planned != 11 {
			t.Errorf("%+v", receipt)
		}
		if got := values(sent(t, c, compact)); got != "good good too" {
			t.Errorf("sent %s", got)
		}
	})
}

func TestTheSameCommandAgainSendsNothingTwice(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		p.die(t, 1, "k1", "a")
		p.die(t, 2, "k2", "b")
		stale := p.plan(t, p.replay())
		first := p.plan(t, dispose.Request{Action: dispose.Replay, Query: dlq.Query{Topic: p.dlt}, Limit: 1})
		if r := p.apply(t, first); r.Done != 1 || r.Planned != 1 {
			t.Errorf("of one: %+v", r)
		}
		if r := p.apply(t, stale); r.Done != 1 || r.Skipped != 1 {
			t.Errorf("with a plan from before: %+v", r)
		}
		again := p.plan(t, p.replay())
		if again.Planned != 0 || again.Disposed != 2 {
			t.Errorf("a new plan: %d planned, %d done already", again.Planned, again.Disposed)
		}
		if got := values(sent(t, c, p.orders)); got != "a b" {
			t.Errorf("sent %s", got)
		}
	})
}

func TestWhatWasRestoredIsSentAgainUnderAnotherID(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		p.die(t, 1, "k1", "a")
		at := []dlq.Coordinates{{Topic: p.dlt}}
		do := func(action dispose.Action) *dispose.Receipt {
			return p.apply(t, p.plan(t, dispose.Request{Action: action, Query: dlq.Query{Topic: p.dlt}, Letters: at, Reason: "test"}))
		}
		for i, step := range []struct {
			action        dispose.Action
			done, skipped int64
		}{
			{dispose.Restore, 0, 1}, {dispose.Discard, 1, 0}, {dispose.Replay, 0, 1}, {dispose.Restore, 1, 0},
			{dispose.Replay, 1, 0}, {dispose.Discard, 0, 1}, {dispose.Restore, 1, 0}, {dispose.Replay, 1, 0},
		} {
			if r := do(step.action); r.Done != step.done || r.Skipped != step.skipped {
				t.Fatalf("step %d, %s: %+v", i, step.action, r)
			}
		}
		recs := sent(t, c, p.orders)
		if len(recs) != 2 || header(recs[0], dispose.HeaderID) == header(recs[1], dispose.HeaderID) || header(recs[1], dispose.HeaderCount) != "2" {
			t.Errorf("sent %v", recs)
		}
	})
}

func TestWhatCameBackTooOftenIsParked(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		for i, count := range []string{"", "1", "3", "junk"} {
			var own []kgo.RecordHeader
			if count != "" {
				own = []kgo.RecordHeader{{Key: dispose.HeaderID, Value: []byte("old")}, {Key: dispose.HeaderCount, Value: []byte(count)}, {Key: "mine", Value: nil}}
			}
			p.die(t, int64(i), fmt.Sprintf("k%d", i), fmt.Sprintf("v%d", i), own...)
		}
		plan := p.plan(t, p.replay())
		receipt := p.apply(t, plan)
		if plan.Parked != 1 || receipt.Done != 4 || receipt.Parked != 1 {
			t.Errorf("%d planned to be parked, %+v", plan.Parked, receipt)
		}
		recs := sent(t, c, p.orders)
		counts := map[string]string{}
		for _, r := range recs {
			counts[string(r.Value)] = header(r, dispose.HeaderCount)
			if header(r, dispose.HeaderID) == "old" {
				t.Errorf("%s has its old id", r.Value)
			}
		}
		if len(recs) != 3 || counts["v0"] != "1" || counts["v1"] != "2" || counts["v3"] != "1" {
			t.Errorf("sent %v", counts)
		}
	})
}

func TestTheOrderOfAKeyIsGuarded(t *testing.T) {
	for _, test := range []struct {
		order    dispose.Order
		sent     string
		warnings string
		left     string
	}{
		{dispose.Warn, "old stale lone", "overtaken 1", ""},
		{dispose.Force, "old stale lone", "", ""},
		{dispose.Skip, "old lone", "", "overtaken 1"},
		{dispose.LatestOnly, "lone", "", "overtaken 2"},
	} {
		t.Run(string(test.order), func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				p := newPair(t, c, c)
				// Of key k1 two records died, and no other is newer; of k2 a newer one lives.
				c.Produce(t, &kgo.Record{Topic: p.orders, Key: []byte("k1"), Value: []byte("died too"), Timestamp: noon},
					&kgo.Record{Topic: p.orders, Key: []byte("k2"), Value: []byte("newer"), Timestamp: noon})
				p.die(t, 1, "k1", "old")
				p.die(t, 2, "k2", "stale")
				p.die(t, 10, "k1", "lone")
				req := p.replay()
				req.Order = test.order
				plan := p.plan(t, req)
				if reasons(plan.Warnings) != test.warnings || reasons(plan.LeftOut) != test.left {
					t.Errorf("warnings %q, left out %q; want %q and %q", reasons(plan.Warnings), reasons(plan.LeftOut), test.warnings, test.left)
				}
				p.apply(t, plan)
				if got := values(sent(t, c, p.orders)); got != test.sent {
					t.Errorf("sent %s, want %s", got, test.sent)
				}
			})
		})
	}
}

func TestLettersGoToAnotherTopicAndAnotherCluster(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, from *kafkatest.Cluster) {
		to := kafkatest.Fake(t)
		p := newPair(t, from, to)
		p.die(t, 1, "k1", "a")
		if plan := p.plan(t, p.replay()); plan.Planned != 0 || reasons(plan.LeftOut) != "no-topic 1" {
			t.Errorf("to a cluster without the topic: %d planned, %s", plan.Planned, reasons(plan.LeftOut))
		}
		repaired := to.Topic(t, 1)
		req := p.replay()
		req.To = repaired
		if r := p.apply(t, p.plan(t, req)); r.Done != 1 {
			t.Errorf("%+v", r)
		}
		if got := values(sent(t, to, repaired)); got != "a" {
			t.Errorf("the other cluster has %q", got)
		}
		if plan := p.plan(t, req); plan.Disposed != 1 {
			t.Errorf("the other cluster's ledger doesn't have it: %+v", plan)
		}
		// The letters' own cluster knows nothing of it, and has ways of its own.
		home := newOffice(t, from, from)
		if r := home.apply(t, home.plan(t, p.replay())); r.Done != 1 {
			t.Errorf("at home: %+v", r)
		}
	})
}

func TestThePartitionIsTheOriginsUnlessAskedOtherwise(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		wide := c.Topic(t, 20)
		at := dlq.Coordinates{Topic: p.orders, Partition: 1}
		c.Produce(t, &kgo.Record{Topic: p.orders, Partition: 1, Value: []byte("x")})
		for i, test := range []struct {
			partition string
			want      int32
		}{{"original", 1}, {"key", 17}, {"5", 5}} {
			c.Produce(t, letter(p.dlt, 0, at, "k1", "v"))
			req := p.replay()
			req.To = wide
			var err error
			if req.Partition, err = dispose.ParsePartitioning(test.partition); err != nil {
				t.Fatal(err)
			}
			p.apply(t, p.plan(t, req))
			recs := sent(t, c, wide)
			found := false
			for _, r := range recs {
				found = found || r.Partition == test.want
			}
			if len(recs) != i+1 || !found {
				t.Errorf("%s: not in partition %d: %v", test.partition, test.want, recs)
			}
		}
	})
}

func TestTheSourcesBytesAreSentOnRequest(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		p.die(t, 3, "lost", "mangled")
		p.die(t, 99, "k", "nowhere")
		req := p.replay()
		req.Payload, req.To = dispose.Original, c.Topic(t, 1)
		req.Partition = dispose.Partitioning{ByKey: true}
		plan := p.plan(t, req)
		if r := p.apply(t, plan); r.Done != 1 || r.Failed != 1 || reasons(plan.LeftOut) != "source-recreated 1" {
			t.Errorf("%+v, left out %s", r, reasons(plan.LeftOut))
		}
		recs := sent(t, c, req.To)
		if len(recs) != 1 || string(recs[0].Key) != "k3" || string(recs[0].Value) != "first" {
			t.Errorf("sent %v", recs)
		}
	})
}

func TestACanaryThatComesBackIsSeen(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		for i := range 5 {
			p.die(t, int64(i), fmt.Sprintf("k%d", i), fmt.Sprintf("v%d", i))
		}
		plan := p.plan(t, p.replay())
		first, rest := plan.Split(2)
		watch, err := plan.NewWatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		receipt := p.apply(t, first)
		if receipt.Done != 2 {
			t.Fatalf("%+v", receipt)
		}
		p.die(t, 9, "k9", "somebody else's")
		if back, err := watch.For(t.Context(), receipt.Items, 0); back != nil || err != nil {
			t.Errorf("%v came back, %v", back, err)
		}
		c.Produce(t, letter(p.dlt, 1, *receipt.Items[1].Target, "k1", "v1")) // a framework that drops headers
		if back, err := watch.For(t.Context(), receipt.Items, 30*time.Second); err != nil || back == nil || back.Coordinates.Partition != 1 {
			t.Errorf("%v came back, %v", back, err)
		}
		more := p.apply(t, rest)
		receipt.Join(more)
		if receipt.Planned != 5 || receipt.Done != 5 || len(receipt.Items) != 5 {
			t.Errorf("together %+v", receipt)
		}
	})
}

func TestAPlanFromAFileIsRefusedWhenWhatItIsOfHasChanged(t *testing.T) {
	c := kafkatest.Fake(t)
	p := newPair(t, c, c)
	p.die(t, 1, "k1", "a")
	p.die(t, 2, "k2", "b")
	path := t.TempDir() + "/plan.json"
	if err := p.plan(t, p.replay()).Save(path); err != nil {
		t.Fatal(err)
	}
	p.die(t, 3, "k3", "not in the plan")
	saved, err := dispose.LoadPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	renew := func() (*dispose.Plan, error) {
		return saved.Renew(t.Context(), p.reader, dispose.Look(c.Client(t)), dispose.Request{})
	}
	plan, err := renew()
	if err != nil {
		t.Fatal(err)
	}
	adm := c.Admin(t)
	if _, err := adm.DeleteTopics(t.Context(), p.orders); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, patience, "the topic made anew", func() (bool, string) {
		_, err := adm.CreateTopic(t.Context(), 2, -1, nil, p.orders)
		return err == nil, fmt.Sprint(err)
	})
	var changed *dispose.ChangedError
	if _, err := p.writer(t).Apply(t.Context(), plan); !errors.As(err, &changed) {
		t.Errorf("applied to a topic made anew: %v", err)
	}
	if again, err := renew(); err != nil || again.Planned != 0 || reasons(again.LeftOut) != "recreated 2" {
		t.Errorf("renewed: %+v, %v", again, err)
	}
}

func TestALetterThatExpiresMeanwhileIsReportedAsFailed(t *testing.T) {
	c := kafkatest.Fake(t)
	p := newPair(t, c, c)
	for i := range 3 {
		p.die(t, int64(i), fmt.Sprintf("k%d", i), fmt.Sprintf("v%d", i))
	}
	plan := p.plan(t, p.replay())
	deleteBefore(t, c, p.dlt, 2)
	receipt := p.apply(t, plan)
	if receipt.Done != 1 || receipt.Failed != 2 || !strings.Contains(receipt.Items[0].Reason+receipt.Items[1].Reason+receipt.Items[2].Reason, "retention has deleted it") {
		t.Errorf("%+v", receipt)
	}
}

func TestAnInterruptedRunGivesItsReceiptAndGoesOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		var dead []*kgo.Record
		for i := range 50 {
			dead = append(dead, letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders, Offset: int64(i % 10)}, fmt.Sprintf("n%d", i), fmt.Sprintf("v%d", i)))
		}
		c.Produce(t, dead...)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := p.writer(t)
		w.Rate, w.Report = 20, func(dispose.Item) { cancel() }
		receipt, err := w.Apply(ctx, p.plan(t, p.replay()))
		if err != nil || !receipt.Interrupted || receipt.Done == 0 || receipt.Done == 50 {
			t.Fatalf("%+v, %v", receipt, err)
		}
		rest := p.apply(t, p.plan(t, p.replay()))
		if receipt.Done+rest.Done != 50 || len(sent(t, c, p.orders)) != 50 {
			t.Errorf("%d and %d done, %d sent", receipt.Done, rest.Done, len(sent(t, c, p.orders)))
		}
	})
}
