package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kgo"
)

// event is a record with a key and an event id, minutes after noon.
func event(topic string, partition int32, key, id string, minute int) *kgo.Record {
	r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Timestamp: noon.Add(time.Duration(minute) * time.Minute)}
	if id != "" {
		r.Headers = []kgo.RecordHeader{{Key: "event-id", Value: []byte(id)}}
	}
	return r
}

func TestACutThatIsNotCleanIsTold(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 2, "retention.ms=-1"), c.Name(t, "group")
		c.Produce(t, event(topic, 0, "k", "a", 1), event(topic, 0, "k", "b", 5), event(topic, 0, "k", "c", 2), event(topic, 0, "k", "b", 6))
		c.Commit(t, group, topic, map[int32]int64{0: 4})
		look := func(to string) *replay.Plan {
			p := plan(t, c, request(t, group, to))
			if err := p.Look(t.Context(), c.Client(t), "event-id"); err != nil {
				t.Fatal(err)
			}
			return p
		}
		p := look("@2026-03-02T12:04:00Z")
		want := fmt.Sprintf("such as %s:0:2 of 2026-03-02T12:02:00Z", topic)
		if p.Looked.Records != 3 || p.Looked.EarlierTotal != 1 || p.Looked.DuplicateIDs != 1 || !strings.Contains(strings.Join(p.Warnings, ";"), want) {
			t.Errorf("looked %+v, warnings %q; want %q", p.Looked, p.Warnings, want)
		}
		if p = look("2"); p.Looked.EarlierTotal != 0 || len(p.Warnings) != 0 {
			t.Errorf("at an offset there is no cut by time: %+v, %q", p.Looked, p.Warnings)
		}
		if at := p.Moves[0].NewTime; at == nil || !at.Equal(noon.Add(2*time.Minute)) {
			t.Errorf("the first record is of %v, want two past noon", at)
		}
	})
}

func check(t *testing.T, c *kafkatest.Cluster, req replay.CheckRequest) *replay.Check {
	t.Helper()
	k, err := replay.CheckIdempotent(t.Context(), c.Client(t), c.Admin(t), req)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func findings(k *replay.Check) string {
	return fmt.Sprintf("%d records, %d twice, %d without, %d disorder, %d spread, %d not remembered, safe %t",
		k.Records, k.Duplicates.Count, k.WithoutID.Count, k.OutOfOrder.Count, k.Spread.Count, k.NotRemembered, k.Safe)
}

func TestWhatASecondReadingTripsOverIsCounted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 2, "retention.ms=-1"), c.Name(t, "group")
		c.Produce(t, event(topic, 0, "k", "a", 1), event(topic, 0, "l", "b", 5), event(topic, 0, "k", "a", 2), event(topic, 0, "l", "", 3),
			event(topic, 1, "k", "c", 9), event(topic, 1, "k", "d", 8))
		c.Commit(t, group, topic, map[int32]int64{0: 2})
		until := position(t, "2")
		for name, test := range map[string]struct {
			req  replay.CheckRequest
			want string
		}{
			"all":            {replay.CheckRequest{}, "6 records, 1 twice, 1 without, 2 disorder, 1 spread, 0 not remembered, safe false"},
			"one partition":  {replay.CheckRequest{Partitions: []int32{1}}, "2 records, 0 twice, 0 without, 1 disorder, 0 spread, 0 not remembered, safe false"},
			"up to there":    {replay.CheckRequest{Partitions: []int32{0}, Until: &until}, "2 records, 0 twice, 0 without, 0 disorder, 0 spread, 0 not remembered, safe true"},
			"a group's":      {replay.CheckRequest{Group: group}, "2 records, 0 twice, 0 without, 0 disorder, 0 spread, 0 not remembered, safe true"},
			"another header": {replay.CheckRequest{IDHeader: "id", Until: &until, Partitions: []int32{0}}, "2 records, 0 twice, 2 without, 0 disorder, 0 spread, 0 not remembered, safe false"},
			"little memory":  {replay.CheckRequest{Remember: 1}, "6 records, 1 twice, 1 without, 1 disorder, 1 spread, 5 not remembered, safe false"},
		} {
			test.req.Topic = topic
			if got := findings(check(t, c, test.req)); got != test.want {
				t.Errorf("%s: %s; want %s", name, got, test.want)
			}
		}
		k := check(t, c, replay.CheckRequest{Topic: topic})
		twice := k.Duplicates.Examples[0]
		if twice.Coordinates != topic+":0:2" || twice.Before.Coordinates != topic+":0:0" {
			t.Errorf("example %+v before %+v", twice, twice.Before)
		}
		var asked *replay.RequestError
		if _, err := replay.CheckIdempotent(t.Context(), c.Client(t), c.Admin(t), replay.CheckRequest{Topic: "nothing"}); !errors.As(err, &asked) {
			t.Errorf("an unknown topic: %v", err)
		}
	})
}

// Aborted records and markers take offsets, at the end of a log, too.
func TestAbortedTransactionsAreLeftOutAndKeepNobodyWaiting(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1")
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for _, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), event(topic, 0, "k", "a", 1)).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(t.Context(), commit); err != nil {
				t.Fatal(err)
			}
		}
		k := check(t, c, replay.CheckRequest{Topic: topic})
		if got, want := findings(k), "1 records, 0 twice, 0 without, 0 disorder, 0 spread, 0 not remembered, safe true"; got != want || k.Spans[0].Reached != 4 {
			t.Errorf("%s, %+v; want %s up to 4", got, k.Spans, want)
		}
	})
}
