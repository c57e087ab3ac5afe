package copies_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

const benchRecords = 200_000

// BenchmarkCopy copies records of 1 KiB exactly once, and beside it in a plain loop of
// the same client, without any promise. Each operation does both, one after the other,
// so that a busy machine slows down both. The figures are medians of the operations.
func BenchmarkCopy(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	from := c.Topic(b, 3, "retention.ms=-1")
	fill(b, c, from)
	var exact, plain, share []float64
	for b.Loop() {
		j := newJob(b, c, 3)
		j.from = from
		began := time.Now()
		if got := j.run(b); got.Done != benchRecords {
			b.Fatalf("%+v", got)
		}
		e, p := benchRecords/time.Since(began).Seconds(), plainRate(b, c, from)
		exact, plain, share = append(exact, e), append(plain, p), append(share, e/p)
	}
	b.ReportMetric(median(exact), "exact/s")
	b.ReportMetric(median(plain), "plain/s")
	b.ReportMetric(median(share), "exact/plain")
	b.ReportMetric(0, "ns/op")
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
