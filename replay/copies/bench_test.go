package copies_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// benchRecords are enough that planning and the first transactions, which are small, count
// for little.
const benchRecords = 400_000

// BenchmarkCopy copies records of 1 KiB exactly once, and beside it in a plain loop of
// the same client, without any promise. Each operation does both, one after the other,
// so that a busy machine slows down both. The figures are medians of the operations.
func BenchmarkCopy(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	from := c.Topic(b, 3, "retention.ms=-1")
	fill(b, c, from)
	var all [7][]float64
	for b.Loop() {
		j := newJob(b, c, 3)
		j.from = from
		before, began := workOf(c), time.Now()
		if got := j.run(b); got.Done != benchRecords {
			b.Fatalf("%+v", got)
		}
		e, between := benchRecords/time.Since(began).Seconds(), workOf(c)
		p := plainRate(b, c, from)
		ours, theirs := between.since(before), workOf(c).since(between)
		for i, figure := range [...]float64{e, p, e / p, ours.client, ours.broker, theirs.client, theirs.broker} {
			all[i] = append(all[i], figure)
		}
	}
	for i, unit := range [...]string{"exact/s", "plain/s", "exact/plain", "µs-client", "µs-broker", "µs-client-plain", "µs-broker-plain"} {
		b.ReportMetric(median(all[i]), unit)
	}
	b.ReportMetric(0, "ns/op")
}

// work is how long processors have worked, in microseconds for each record. Rates are of
// one moment of one machine; this isn't.
type work struct{ client, broker float64 }

func workOf(c *kafkatest.Cluster) work {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it can't fail with these arguments
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / benchRecords }
	return work{per(time.Duration(usage.Utime.Nano() + usage.Stime.Nano())), per(c.CPU())}
}

func (w work) since(before work) work {
	return work{w.client - before.client, w.broker - before.broker}
}

// fill writes values that compress about as well as JSON does.
func fill(b *testing.B, c *kafkatest.Cluster, topic string) {
	random := rand.New(rand.NewPCG(1, 1))
	for n := 0; n < benchRecords; n += 20_000 {
		records := make([]*kgo.Record, 20_000)
		for i := range records {
			v := make([]byte, 0, 1100)
			for len(v) < 1024 {
				v = fmt.Appendf(v, `{"id":%d,"amount":%d,"state":"paid"},`, random.Uint64(), random.Uint32())
			}
			records[i] = &kgo.Record{Topic: topic, Partition: int32(i % 3), Key: fmt.Appendf(nil, "%d", i%101), Value: v[:1024]}
		}
		c.Produce(b, records...)
	}
}

func plainRate(b *testing.B, c *kafkatest.Cluster, from string) float64 {
	to := c.Topic(b, 3)
	producer := c.Client(b, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer producer.Close()
	consumer := c.Client(b, kgo.ConsumeTopics(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer consumer.Close()
	began := time.Now()
	for left := benchRecords; left > 0; {
		fetches := consumer.PollFetches(b.Context())
		if err := fetches.Err(); err != nil {
			b.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			left--
			copied := &kgo.Record{Topic: to, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers}
			producer.Produce(b.Context(), copied, func(_ *kgo.Record, err error) {
				if err != nil {
					b.Error(err)
				}
			})
		})
	}
	if err := producer.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return benchRecords / time.Since(began).Seconds()
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
