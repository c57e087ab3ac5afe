package dispose_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestANullValueIsSentOnlyWhereTheSourceHadNoneOrOnRequest(t *testing.T) {
	c := kafkatest.Fake(t)
	p := newPair(t, c, c)
	tombstone := &kgo.Record{Topic: p.orders, Key: []byte("gone"), Timestamp: noon}
	c.Produce(t, tombstone)
	null := func(origin int64) *kgo.Record {
		rec := letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders, Offset: origin}, "k", "")
		rec.Value = nil
		return rec
	}
	c.Produce(t, null(tombstone.Offset), null(1), letter(p.dlt, 0, dlq.Coordinates{Topic: p.orders}, "k", ""))
	plan := p.plan(t, p.replay())
	if plan.Planned != 2 || reasons(plan.LeftOut) != "null-value 1" || reasons(plan.Warnings) != "tombstone 1" {
		t.Errorf("%d planned, left out %s, warnings %s", plan.Planned, reasons(plan.LeftOut), reasons(plan.Warnings))
	}
	req := p.replay()
	req.AllowTombstones = true
	if plan := p.plan(t, req); plan.Planned != 3 {
		t.Errorf("on request %d planned", plan.Planned)
	}
	req.Payload = dispose.Original
	p.apply(t, p.plan(t, req))
	if recs := sent(t, c, p.orders); len(recs) != 3 || recs[0].Value != nil || string(recs[1].Value) != "first" {
		t.Errorf("the sources' are %v", recs)
	}
}

func TestOtherGroupsThatReadTheTopicAreNamed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		p := newPair(t, c, c)
		p.die(t, 1, "k1", "v")
		c.Commit(t, c.Name(t, "shipping"), p.orders, map[int32]int64{0: 5})
		if plan := p.plan(t, p.replay()); reasons(plan.Warnings) != "other-groups 1" {
			t.Errorf("warnings %s", reasons(plan.Warnings))
		}
	})
}
