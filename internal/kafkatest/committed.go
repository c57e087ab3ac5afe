package kafkatest

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Settled waits until all transactions in a topic have ended, and gives the ends of its
// partitions: that of a killed process ends by its time limit, and brokers write the
// markers of the others some time after they have said that they are committed.
func (c *Cluster) Settled(t testing.TB, topic string) kadm.ListedOffsets {
	t.Helper()
	adm := c.Admin(t)
	var ends kadm.ListedOffsets
	Eventually(t, 2*time.Minute, "no open transaction in "+topic, func() (bool, string) {
		stable, err := adm.ListCommittedOffsets(t.Context(), topic)
		if err != nil {
			return false, err.Error()
		}
		if ends, err = adm.ListEndOffsets(t.Context(), topic); err != nil {
			return false, err.Error()
		}
		closed := len(ends[topic]) > 0
		ends.Each(func(e kadm.ListedOffset) {
			s, _ := stable.Lookup(e.Topic, e.Partition)
			closed = closed && e.Err == nil && s.Err == nil && s.Offset == e.Offset
		})
		return closed, "an open transaction"
	})
	return ends
}

// Committed gives what readers of committed records see of a topic once it is settled,
// read with the client's own consumer: each partition in order.
func (c *Cluster) Committed(t testing.TB, topic string) (all []*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ends := c.Settled(t, topic)
	starts, err := c.Admin(t).ListStartOffsets(ctx, topic)
	if err != nil {
		t.Fatalf("reading %s: %v", topic, err)
	}
	from, left := map[int32]kgo.Offset{}, map[int32]int64{}
	ends.Each(func(e kadm.ListedOffset) {
		if s, _ := starts.Lookup(topic, e.Partition); e.Offset > s.Offset {
			from[e.Partition], left[e.Partition] = kgo.NewOffset().At(s.Offset), e.Offset
		}
	})
	if len(left) == 0 {
		return nil
	}
	cl := c.Client(t, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(200*time.Millisecond))
	defer cl.Close()
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading %s: %v, with %v left", topic, err, left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
			if r.Offset >= left[r.Partition]-1 {
				delete(left, r.Partition)
			}
		})
	}
	return all
}
