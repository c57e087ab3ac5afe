package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
)

// rereading makes two topics that an isolated group has read half of. In what it was
// planned to read, the ids b and x are there twice.
func rereading(t *testing.T, c *kafkatest.Cluster) (topic, other string, p *replay.Plan) {
	t.Helper()
	topic, other = c.Topic(t, 2, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
	group := c.Name(t, "group")
	c.Produce(t, event(topic, 0, "k", "a", 0), event(topic, 0, "k", "a", 1), event(topic, 0, "k", "b", 2), event(topic, 0, "k", "b", 3),
		event(topic, 0, "k", "b", 4), event(topic, 1, "k", "", 5), event(topic, 1, "k", "b", 6), event(topic, 1, "k", "c", 7))
	c.Produce(t, event(other, 0, "k", "b", 0), event(other, 0, "k", "x", 1), event(other, 0, "k", "x", 2))
	c.Commit(t, group, topic, map[int32]int64{0: 5, 1: 3})
	c.Commit(t, group, other, map[int32]int64{0: 3})
	one, start := position(t, "1"), position(t, "start")
	req := request(t, group, "start")
	req.Topics = []replay.Selection{{Topic: topic, Partitions: []int32{0}, To: &one}, {Topic: topic, Partitions: []int32{1}, To: &start}, {Topic: other, To: &start}}
	p = plan(t, c, req)
	apply(t, c, p)
	c.Commit(t, p.Group, topic, map[int32]int64{0: 4, 1: 2})
	c.Commit(t, p.Group, other, map[int32]int64{0: 3})
	return topic, other, p
}

func reread(t *testing.T, c *kafkatest.Cluster, p, began *replay.Plan, req replay.CheckRequest) string {
	t.Helper()
	s, err := replay.Follow(t.Context(), c.Admin(t), p.Group, p.From)
	if err != nil {
		t.Fatal(err)
	}
	if s.Duplicates != nil {
		t.Error("nobody asked for duplicates")
	}
	if err := s.CountDuplicates(t.Context(), c.Client(t), c.Admin(t), began, req); err != nil {
		t.Fatal(err)
	}
	d := s.Duplicates
	return fmt.Sprintf("%d records since %s, %d twice, %d without, %d not looked at, %d unread", d.Records, d.Since, d.Duplicates.Count, d.WithoutID.Count, d.Left, len(d.Unread))
}

func TestWhatAGroupHasReadTwiceIsCounted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, _, p := rereading(t, c)
		minute2 := position(t, "@2026-03-02T12:02:00Z")
		for name, test := range map[string]struct {
			plan *replay.Plan
			req  replay.CheckRequest
			want string
		}{
			"by the plan":       {p, replay.CheckRequest{}, "8 records since plan, 3 twice, 1 without, 0 not looked at, 0 unread"},
			"from the start":    {nil, replay.CheckRequest{}, "9 records since start, 4 twice, 1 without, 0 not looked at, 0 unread"},
			"from a time":       {nil, replay.CheckRequest{From: &minute2}, "5 records since @2026-03-02T12:02:00Z, 2 twice, 1 without, 0 not looked at, 0 unread"},
			"by another header": {p, replay.CheckRequest{IDHeader: "id"}, "8 records since plan, 0 twice, 8 without, 0 not looked at, 0 unread"},
			"no time":           {p, replay.CheckRequest{MaxTime: time.Nanosecond}, "0 records since plan, 0 twice, 0 without, 8 not looked at, 0 unread"},
		} {
			if got := reread(t, c, p, test.plan, test.req); got != test.want {
				t.Errorf("%s: %s; want %s", name, got, test.want)
			}
		}
		for _, max := range []int64{2, 7} { // within a topic, and in the second one
			got := reread(t, c, p, p, replay.CheckRequest{MaxRecords: max})
			begin, end := fmt.Sprintf("%d records ", max), fmt.Sprintf(" %d not looked at, 0 unread", 8-max)
			if !strings.HasPrefix(got, begin) || !strings.HasSuffix(got, end) {
				t.Errorf("at most %d: %s; want %s…%s", max, got, begin, end)
			}
		}
		s, err := replay.Follow(t.Context(), c.Admin(t), p.Group, p.From)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CountDuplicates(t.Context(), c.Client(t), c.Admin(t), p, replay.CheckRequest{}); err != nil {
			t.Fatal(err)
		}
		places := map[string]bool{}
		for _, d := range s.Duplicates.Duplicates.Examples {
			places[d.Coordinates] = true
		}
		if !places[topic+":0:3"] || !places[topic+":1:1"] || len(places) != 3 {
			t.Errorf("examples %v", places)
		}
		var asked *replay.RequestError
		p.Group = "another"
		if err := s.CountDuplicates(t.Context(), c.Client(t), c.Admin(t), p, replay.CheckRequest{}); !errors.As(err, &asked) {
			t.Errorf("another group's plan: %v", err)
		}
	})
}

func TestACheckEndsEarlyAndSaysSo(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 2, "retention.ms=-1")
	c.Produce(t, event(topic, 0, "k", "a", 1), event(topic, 0, "k", "b", 2), event(topic, 1, "l", "c", 3))
	for max, want := range map[int64]string{1: "1 records, stopped true, safe false, reached 1 0", 2: "2 records, stopped true, safe false, reached 2 0",
		3: "3 records, stopped false, safe true, reached 2 1"} {
		k := check(t, c, replay.CheckRequest{Topic: topic, MaxRecords: max})
		if got := fmt.Sprintf("%d records, stopped %t, safe %t, reached %d %d", k.Records, k.Stopped, k.Safe, k.Spans[0].Reached, k.Spans[1].Reached); got != want {
			t.Errorf("at most %d: %s; want %s", max, got, want)
		}
	}
}
