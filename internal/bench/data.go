package main

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const (
	recordBytes = 300
	// batchBytes is what Java's producer makes by default (batch.size).
	batchBytes = 16 << 10
)

// data is one topic, and groups that have committed in all of its partitions. They
// have no members.
type data struct {
	scale
	topic string
	adm   *kadm.Client
}

// newData writes the records: one a second in each partition, the last one now.
func newData(ctx context.Context, t testing.TB, c *kafkatest.Cluster, s scale) *data {
	t.Helper()
	d := &data{scale: s, topic: c.Topic(t, int32(s.partitions)), adm: c.Admin(t)}
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(batchBytes), kgo.MaxBufferedRecords(s.partitions*s.records), kgo.ProducerLinger(100*time.Millisecond))
	defer cl.Close()
	value, now := bytes.Repeat([]byte("x"), recordBytes), time.Now()
	var records []*kgo.Record
	for i := range s.records {
		for p := range s.partitions {
			records = append(records, &kgo.Record{
				Topic: d.topic, Partition: int32(p), Value: value, Timestamp: now.Add(time.Duration(i-s.records) * time.Second),
			})
		}
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		t.Fatalf("writing records: %v", err)
	}
	return d
}

func (d *data) String() string {
	return fmt.Sprintf("one topic of %d partitions with %d records each, one a second; a record has %d bytes, a batch up to %d KiB, uncompressed; groups without members",
		d.partitions, d.records, recordBytes, batchBytes>>10)
}

// placement is where groups stand in the log.
type placement int

const (
	nowhere placement = iota
	spread            // over the whole log: every partition lags
	nearEnd           // as groups stand that keep up: every third partition lags, by 1 to 3
	atEnd             // nothing lags
)

func (at placement) String() string {
	return [...]string{"not there", "spread over the log", "within 3 records of the end", "at the end"}[at]
}

// behind is a group's lag in a partition. The factors are there for neighbours to
// differ.
func (d *data) behind(group, partition int, at placement) int {
	mixed := 7*group + 13*partition
	switch at {
	case spread:
		return 1 + mixed%d.records
	case nearEnd:
		return max(0, mixed%10-6)
	default:
		return 0
	}
}

// positions counts the places where the groups lag: one offset of one partition,
// however many groups stand there. Each costs the reading of a record to whoever
// wants to know the time lag.
func (d *data) positions(groups int, at placement) int {
	seen := map[[2]int]bool{}
	for g := range groups {
		for p := range d.partitions {
			if n := d.behind(g, p, at); n > 0 {
				seen[[2]int{p, n}] = true
			}
		}
	}
	return len(seen)
}

func groupName(i int) string { return fmt.Sprintf("order-service-%04d", i) }

// commit puts groups somewhere; those that don't exist come into being by it.
func (d *data) commit(ctx context.Context, groups int, at placement) error {
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(16)
	for g := range groups {
		eg.Go(func() error {
			var offsets kadm.Offsets
			for p := range d.partitions {
				offsets.AddOffset(d.topic, int32(p), int64(d.records-d.behind(g, p, at)), -1)
			}
			if err := d.adm.CommitAllOffsets(ctx, groupName(g), offsets); err != nil {
				return fmt.Errorf("committing for group %q: %w", groupName(g), err)
			}
			return nil
		})
	}
	return eg.Wait()
}
