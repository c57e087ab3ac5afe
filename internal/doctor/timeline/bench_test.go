package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/timeline"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// benchRecords is how many records of 1 KiB the topic has; EVTCTL_BENCH_RECORDS changes
// it.
func benchRecords() int {
	if n, err := strconv.Atoi(os.Getenv("EVTCTL_BENCH_RECORDS")); err == nil {
		return n
	}
	return 500_000
}

// BenchmarkSearch reads a topic of six partitions for an id on the real broker, and once
// with a bare client for comparison.
func BenchmarkSearch(b *testing.B) {
	n := benchRecords()
	c := kafkatest.Real(b)
	topic := c.Topic(b, 6, "retention.ms=-1")
	fillOrders(b, c, topic, n)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	}
	bare := func(b *testing.B) {
		for range b.N {
			cl := c.Client(b, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
			for got := 0; got < n; {
				got += cl.PollFetches(b.Context()).NumRecords()
			}
			cl.Close()
		}
		rate(b)
	}
	b.Run("bare client", bare)
	for name, q := range map[string]timeline.Query{
		"one reading":        {NoFollow: true, All: true},
		"two, following":     {},
		"the key's, no more": {Key: true, NoFollow: true},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := &timeline.Searcher{Client: c.Client(b), Timeout: time.Minute}
			var peak uint64
			for range b.N {
				q.ID, q.Topics = "order-1-123456", []string{topic}
				r, err := s.Search(b.Context(), q)
				if err != nil || len(r.Events) != 1 {
					b.Fatalf("%v, %+v", err, r)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapSys)
			}
			rate(b)
			b.ReportMetric(float64(peak>>20), "MiB-heap")
		})
	}
	b.Run("bare client again", bare)
}

func fillOrders(b *testing.B, c *kafkatest.Cluster, topic string, n int) {
	b.Helper()
	cl := c.Client(b, kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(50_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	pad := make([]byte, 860)
	for i := range pad {
		pad[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[i*7%36]
	}
	var failed atomic.Value
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		id := fmt.Sprintf("order-1-%06d", i)
		rec := record(topic, 0, id, 0, fmt.Sprintf(`{"orderId":%q,"amount":12.5,"pad":%q}`, id, pad), envelope("OrderPlacedEvent", fmt.Sprintf("6f1c1ee0-53c9-4a0e-9f0e-%012d", i), fmt.Sprintf("%016x", i+1))...)
		rec.Headers[2].Value = fmt.Appendf(nil, "00-%016x%016x-%016x-01", rng.Uint64(), rng.Uint64(), rng.Uint64())
		rec.Headers = rec.Headers[:3]
		cl.Produce(b.Context(), rec, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(err)
			}
		})
	}
	if err := cl.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
}
