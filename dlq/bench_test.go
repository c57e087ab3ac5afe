package dlq_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// benchLetters is how many letters the topic of the benchmarks has, of 1 KiB values;
// EVTCTL_BENCH_LETTERS changes it.
func benchLetters(b *testing.B) int {
	if n, err := strconv.Atoi(os.Getenv("EVTCTL_BENCH_LETTERS")); err == nil {
		return n
	}
	return 500_000
}

// fill writes letters with 1 KiB values and short stack traces to six partitions.
func fill(b *testing.B, c *kafkatest.Cluster, n int) string {
	b.Helper()
	topic := c.Topic(b, 6, "retention.ms=-1")
	cl := c.Client(b, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(50_000))
	value := make([]byte, 1024)
	for i := range value {
		value[i] = "{}abcdefghijklmnopqrstuvwxyz0123456789"[i*7%38]
	}
	var failed atomic.Value
	for i := range n {
		rec := springLetter(topic, int32(i%6), i, fmt.Sprintf("com.acme.E%d", i%20))
		rec.Value, rec.Timestamp = value, noon.Add(time.Duration(i)*time.Millisecond)
		rec.Headers[2].Value = binary.BigEndian.AppendUint64(nil, uint64(i))
		rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: "kafka_dlt-exception-stacktrace", Value: fmt.Appendf(nil,
			"org.springframework.kafka.listener.ListenerExecutionFailedException: failed\n\tat org.springframework.kafka.A.b(A.java:1)\nCaused by: com.acme.E%d: order ord-%d not found\n\tat com.fasterxml.A.b(A.java:3)\n\tat com.acme.Orders.find(Orders.java:42)\n", i%20, i)})
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
	return topic
}

// BenchmarkReading reads all letters of a topic on the real broker, once with a bare
// client for comparison.
func BenchmarkReading(b *testing.B) {
	n := benchLetters(b)
	c := kafkatest.Real(b)
	topic := fill(b, c, n)
	r := newReader(b, c)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "letters/s")
	}
	b.Run("bare client", func(b *testing.B) {
		for range b.N {
			cl := c.Client(b, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
			for got := 0; got < n; {
				got += cl.PollFetches(b.Context()).NumRecords()
			}
			cl.Close()
		}
		rate(b)
	})
	b.Run("stats", func(b *testing.B) {
		for range b.N {
			s, err := r.Stats(b.Context(), dlq.Query{Topic: topic}, 100)
			if err != nil || s.Letters != int64(n) || len(s.Groups) != 20 {
				b.Fatalf("%v, %+v", err, s)
			}
		}
		rate(b)
	})
	for name, query := range map[string]string{"where origin": `.origin.offset == 77`, "where class": `.cause.class == "com.acme.E3" and .origin.offset < 100`} {
		b.Run(name, func(b *testing.B) {
			w, err := dlq.NewWhere(query)
			if err != nil {
				b.Fatal(err)
			}
			for range b.N {
				result, err := r.Read(b.Context(), dlq.Query{Topic: topic, Where: w}, func(*dlq.Letter) error { return nil })
				if err != nil || result.Scanned != int64(n) || result.Matched == 0 {
					b.Fatalf("%v, %+v", err, result)
				}
			}
			rate(b)
		})
	}
	b.Run("first page", func(b *testing.B) {
		for range b.N {
			result, err := r.Read(b.Context(), dlq.Query{Topic: topic, Limit: 100, Order: dlq.Newest}, func(*dlq.Letter) error { return nil })
			if err != nil || result.Matched != 100 {
				b.Fatal(err, result)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	rec := springLetter("orders.DLQ", 0, 1, "com.acme.OrderNotFound")
	d := dialects(b)
	b.ReportAllocs()
	for range b.N {
		d.Parse(rec)
	}
}

func BenchmarkWhere(b *testing.B) {
	l := dialects(b).Parse(springLetter("orders.DLQ", 0, 1, "com.acme.OrderNotFound"))
	w := where(b, `.cause.class == "com.acme.OrderNotFound" and .origin.offset < 100`)
	b.ReportAllocs()
	for range b.N {
		if ok, err := w.Match(b.Context(), l); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
