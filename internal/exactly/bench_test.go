package exactly_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// BenchmarkExactlyOnce reads letters of 1 KiB and writes them exactly once, with
// ledger and audit, and beside it copies the same letters with the same client and
// without any of that. Each operation does both, one after the other, so that a busy
// machine slows down both. The figures are medians of the operations.
func BenchmarkExactlyOnce(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	dlq := c.Topic(b, dlqPartitions)
	fill(b, c, dlq)
	var all [8][]float64
	for b.Loop() {
		before := workOf(c)
		e, a := exactRate(b, c, dlq)
		between := workOf(c)
		p := copyRate(b, c, dlq)
		after := workOf(c)
		ours, theirs := between.since(before), after.since(between)
		for i, figure := range [...]float64{e, p, e / p, a, ours.client, ours.broker, theirs.client, theirs.broker} {
			all[i] = append(all[i], figure)
		}
	}
	for i, unit := range [...]string{"exact/s", "copy/s", "exact/copy", "s-to-go-on", "µs-client", "µs-broker", "µs-client-copy", "µs-broker-copy"} {
		b.ReportMetric(median(all[i]), unit)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkGoingOnAfterAKill kills a replay while it writes, and takes the time from
// the start of another process until that has committed what was left open.
func BenchmarkGoingOnAfterAKill(b *testing.B) {
	c := kafkatest.RealNodes(b, 1, kafkatest.WithHeap(1024))
	var took []float64
	for b.Loop() {
		j := newJob(b, c, 3)
		o := j.order(50_000)
		o.MaxRecords = 2000
		for range 2 {
			began := time.Now()
			ch := startReplay(b, o)
			if _, ok := ch.Await("writing"); !ok {
				b.Fatalf("it ended before it wrote: %q", ch.Said)
			}
			took = append(took, time.Since(began).Seconds())
			ch.Kill()
		}
		took = append(took[:len(took)-2], took[len(took)-1]) // the second went on after the first
	}
	b.ReportMetric(median(took), "s-to-go-on")
	b.ReportMetric(0, "ns/op")
}

// benchLetters are enough that the first transactions, which are small, count for little.
const benchLetters = 240_000

// work is how long processors have worked, in microseconds for each letter. Rates are
// of one moment of one machine; this isn't, where both share the cores.
type work struct{ client, broker float64 }

func workOf(c *kafkatest.Cluster) work {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it can't fail with these arguments
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / benchLetters }
	return work{per(time.Duration(usage.Utime.Nano() + usage.Stime.Nano())), per(c.CPU())}
}

func (w work) since(before work) work {
	return work{w.client - before.client, w.broker - before.broker}
}

func fill(b *testing.B, c *kafkatest.Cluster, topic string) {
	records := make([]*kgo.Record, benchLetters)
	for n, v := range randomValues(benchLetters) {
		records[n] = &kgo.Record{Topic: topic, Partition: int32(n % dlqPartitions), Key: fmt.Appendf(nil, "%d", n%101), Value: v}
	}
	c.Produce(b, records...)
}

// read consumes all letters.
func read(b *testing.B, c *kafkatest.Cluster, topic string, each func(*kgo.Record) bool) {
	cl := c.Client(b, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer cl.Close()
	for left := benchLetters; left > 0; {
		fetches := cl.PollFetches(b.Context())
		if err := fetches.Err(); err != nil {
			b.Error(err)
			return
		}
		for it := fetches.RecordIter(); !it.Done(); left-- {
			if !each(it.Next()) {
				return
			}
		}
	}
}

// randomValues compress about as well as JSON does.
func randomValues(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 1))
	values := make([][]byte, n)
	for i := range values {
		v := make([]byte, 0, 1100)
		for len(v) < 1024 {
			v = fmt.Appendf(v, `{"id":%d,"amount":%d,"state":"paid"},`, random.Uint64(), random.Uint32())
		}
		values[i] = v[:1024]
	}
	return values
}

// exactRate is also how long a run takes that finds everything done: initialising and
// reading the ledger, which is what going on after a crash takes at most.
func exactRate(b *testing.B, c *kafkatest.Cluster, dlq string) (rate, again float64) {
	target := c.Topic(b, 3)
	source, err := ledger.SourceOf(b.Context(), c.Client(b), dlq)
	if err != nil {
		b.Fatal(err)
	}
	source.Cluster = c.Name(b, "run") // so that each operation begins anew
	topics, err := ledger.Create(b.Context(), c.Client(b))
	if err != nil {
		b.Fatal(err)
	}
	run := func(letters bool) (*exactly.Receipt, float64) {
		book := topics.NewBook(source, ledger.Run{Job: c.Name(b, "job"), Who: "alice", Why: "a benchmark"})
		cfg := exactly.Config{Client: []kgo.Opt{kgo.SeedBrokers(c.Brokers()...)}, TransactionalID: source.TransactionalID(), Ledger: book}
		began := time.Now()
		receipt, err := exactly.Run(b.Context(), cfg, func(context.Context) iter.Seq2[exactly.Item, error] {
			return func(yield func(exactly.Item, error) bool) {
				if letters {
					read(b, c, dlq, func(r *kgo.Record) bool { return yield(replayed(book, source, target, r), nil) })
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		return receipt, time.Since(began).Seconds()
	}
	receipt, took := run(true)
	if receipt.Written != benchLetters {
		b.Fatalf("%+v", receipt)
	}
	_, again = run(false)
	return benchLetters / took, again
}

func replayed(book *ledger.Book, s ledger.Source, target string, r *kgo.Record) exactly.Item {
	id := s.ReplayID(r.Partition, r.Offset, 1)
	return book.Item(ledger.Letter{
		Partition: r.Partition, Offset: r.Offset, Disposition: ledger.Replayed, Attempt: 1, ReplayID: id,
		Record: &kgo.Record{
			Topic: target, Partition: r.Partition, Key: r.Key, Value: r.Value,
			Headers: []kgo.RecordHeader{{Key: replayID, Value: []byte(id)}},
		},
	})
}

func copyRate(b *testing.B, c *kafkatest.Cluster, dlq string) float64 {
	target := c.Topic(b, 3)
	cl := c.Client(b, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer cl.Close()
	began := time.Now()
	read(b, c, dlq, func(r *kgo.Record) bool {
		cl.Produce(b.Context(), &kgo.Record{Topic: target, Partition: r.Partition, Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
		return true
	})
	if err := cl.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return benchLetters / time.Since(began).Seconds()
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
