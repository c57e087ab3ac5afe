package dlq_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newReader(t testing.TB, c *kafkatest.Cluster, opts ...kgo.Opt) *dlq.Reader {
	t.Helper()
	return &dlq.Reader{Client: c.Client(t, opts...), Dialects: dialects(t)}
}

// springLetter is a record as Spring Kafka writes it.
func springLetter(topic string, partition int32, n int, class string) *kgo.Record {
	return &kgo.Record{
		Topic: topic, Partition: partition, Timestamp: noon.Add(time.Duration(n) * time.Second),
		Key: fmt.Appendf(nil, "k%d", n), Value: fmt.Appendf(nil, `{"n":%d,"big":9007199254740993}`, n),
		Headers: []kgo.RecordHeader{
			{Key: "kafka_dlt-original-topic", Value: []byte("orders")},
			{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(partition))},
			{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(n))},
			{Key: "kafka_dlt-exception-fqcn", Value: []byte("org.springframework.kafka.listener.ListenerExecutionFailedException")},
			{Key: "kafka_dlt-exception-cause-fqcn", Value: []byte(class)},
			{Key: "kafka_dlt-exception-message", Value: fmt.Appendf(nil, "order ord-%d not found", n)},
		},
	}
}

func read(t testing.TB, r *dlq.Reader, q dlq.Query) ([]*dlq.Letter, *dlq.ReadResult) {
	t.Helper()
	var letters []*dlq.Letter
	result, err := r.Read(t.Context(), q, func(l *dlq.Letter) error { letters = append(letters, l); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return letters, result
}

func keys(letters []*dlq.Letter) string {
	var all []string
	for _, l := range letters {
		all = append(all, string(l.Key))
	}
	return strings.Join(all, " ")
}

func TestPagesBeginWithTheOldestOrTheNewestOfAllPartitions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 3, "retention.ms=-1")
		var recs []*kgo.Record
		for n := range 300 {
			recs = append(recs, springLetter(topic, int32(n%3), n, "a.B"))
		}
		c.Produce(t, recs...)
		r := newReader(t, c)
		letters, result := read(t, r, dlq.Query{Topic: topic, Limit: 4, Order: dlq.Newest})
		if got := keys(letters); got != "k299 k298 k297 k296" || !result.More {
			t.Errorf("newest = %s, more %v", got, result.More)
		}
		letters, result = read(t, r, dlq.Query{Topic: topic, Limit: 4, Order: dlq.Oldest})
		if got := keys(letters); got != "k0 k1 k2 k3" || !result.More {
			t.Errorf("oldest = %s, more %v", got, result.More)
		}
		where, err := dlq.NewWhere(`.origin.offset < 7`)
		if err != nil {
			t.Fatal(err)
		}
		letters, result = read(t, r, dlq.Query{Topic: topic, Limit: 10, Order: dlq.Newest, Where: where})
		if got := keys(letters); got != "k6 k5 k4 k3 k2 k1 k0" || result.More {
			t.Errorf("newest that fit = %s, more %v; want all, from far back", got, result.More)
		}
		if letters, result = read(t, r, dlq.Query{Topic: topic, Limit: 300, Order: dlq.Newest}); len(letters) != 300 || result.More {
			t.Errorf("a page for all has %d letters, more %v", len(letters), result.More)
		}
	})
}

func TestAStreamHasEveryLetterOnceInTheOrderOfItsPartition(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 3, "retention.ms=-1")
		var recs []*kgo.Record
		for n := range 3000 {
			recs = append(recs, springLetter(topic, int32(n%3), n, "a.B"))
		}
		c.Produce(t, recs...)
		r := newReader(t, c)
		next := map[int32]int64{}
		letters, result := read(t, r, dlq.Query{Topic: topic})
		for _, l := range letters {
			at := l.Coordinates
			if at.Offset != next[at.Partition] {
				t.Fatalf("%s comes after offset %d", at, next[at.Partition]-1)
			}
			next[at.Partition]++
		}
		if len(letters) != 3000 || result.Scanned != 3000 || result.Matched != 3000 || result.More || len(result.Faults) != 0 {
			t.Errorf("%d letters, %+v", len(letters), result)
		}
		letters, result = read(t, r, dlq.Query{Topic: topic, Limit: 10})
		if len(letters) != 10 || !result.More {
			t.Errorf("with a limit of 10 there are %d, more %v", len(letters), result.More)
		}
		letters, _ = read(t, r, dlq.Query{Topic: topic, Since: noon.Add(time.Minute), Until: noon.Add(2 * time.Minute)})
		if len(letters) != 60 {
			t.Errorf("a minute has %d letters, want 60", len(letters))
		}
		letters, _ = read(t, r, dlq.Query{Topic: topic, Partitions: []int32{1}, From: map[int32]int64{1: 5}, To: map[int32]int64{1: 8}})
		if got := keys(letters); got != "k16 k19 k22" {
			t.Errorf("offsets 5 to 7 of partition 1 = %s", got)
		}
		if _, err := r.Read(t.Context(), dlq.Query{Topic: topic, Partitions: []int32{3}}, nil); err == nil || !strings.Contains(err.Error(), "no partition 3") {
			t.Errorf("error = %v", err)
		}
		stop := errors.New("stop")
		if _, err := r.Read(t.Context(), dlq.Query{Topic: topic}, func(*dlq.Letter) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("error = %v, want that of the visitor", err)
		}
	})
}

func TestATopicThatIsNotThereIsAnError(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		_, err := newReader(t, c).Read(t.Context(), dlq.Query{Topic: "no-such.DLQ"}, nil)
		var missing *dlq.TopicNotFoundError
		if !errors.As(err, &missing) || missing.Topic != "no-such.DLQ" {
			t.Errorf("error = %v", err)
		}
	})
}

// produceIn writes records in one transaction and ends it.
func produceIn(t *testing.T, c *kafkatest.Cluster, end kgo.TransactionEndTry, recs ...*kgo.Record) {
	t.Helper()
	cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	c.Settled(t, recs[0].Topic)
}

func TestOnlyCommittedLettersAreReadAndMarkersAtTheEndAreNotWaitedFor(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1")
		produceIn(t, c, kgo.TryCommit, springLetter(topic, 0, 1, "a.B"), springLetter(topic, 0, 2, "a.B"))
		produceIn(t, c, kgo.TryAbort, springLetter(topic, 0, 3, "a.B"))
		produceIn(t, c, kgo.TryCommit, springLetter(topic, 0, 4, "a.B"))
		r := newReader(t, c)
		var letters []*dlq.Letter
		kafkatest.Eventually(t, 20*time.Second, "markers", func() (bool, string) {
			letters, _ = read(t, r, dlq.Query{Topic: topic})
			return keys(letters) == "k1 k2 k4", keys(letters)
		})
		for offset, want := range map[int64]dlq.Absence{2: dlq.Marker, 3: dlq.Aborted, 7: dlq.BeyondEnd} {
			_, err := r.Get(t.Context(), dlq.Coordinates{Topic: topic, Offset: offset})
			var absent *dlq.NoRecordError
			if !errors.As(err, &absent) || absent.Absence != want {
				t.Errorf("offset %d: %v, want %s", offset, err, want)
			}
		}
		found, err := r.Find(t.Context(), dlq.FindRequest{Topics: []string{topic}})
		if err != nil {
			t.Fatal(err)
		}
		if q := found.Queues[0]; q.Letters != 7 || q.Exact {
			t.Errorf("%d letters, exact %v; want the bound of 7", q.Letters, q.Exact)
		}
		if found, err = r.Find(t.Context(), dlq.FindRequest{Topics: []string{topic}, Count: true}); err != nil {
			t.Fatal(err)
		}
		if q := found.Queues[0]; q.Letters != 3 || !q.Exact {
			t.Errorf("%d letters, exact %v; want 3, counted", q.Letters, q.Exact)
		}
	})
}

// What a producer commits after it has aborted is committed, though the answer to one
// fetch tells of both.
func TestWhatAProducerWritesAfterItAbortedIsRead(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1")
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for n := range 8 {
			end := kgo.TryCommit
			if n%3 == 1 {
				end = kgo.TryAbort
			}
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			for range 2 { // batches
				if err := cl.ProduceSync(t.Context(), springLetter(topic, 0, n, "a.B")).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			if err := cl.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
		r, want := newReader(t, c), "k0 k0 k2 k2 k3 k3 k5 k5 k6 k6"
		kafkatest.Eventually(t, 20*time.Second, "markers", func() (bool, string) {
			letters, result := read(t, r, dlq.Query{Topic: topic})
			return keys(letters) == want && len(result.Faults) == 0, keys(letters)
		})
	})
}

func TestALetterOfAnOpenTransactionIsNotThereYet(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1")
		c.Produce(t, springLetter(topic, 0, 0, "a.B"))
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), springLetter(topic, 0, 1, "a.B")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		r := newReader(t, c)
		letters, result := read(t, r, dlq.Query{Topic: topic})
		if keys(letters) != "k0" || result.Open != 1 {
			t.Errorf("letters %s, %d open", keys(letters), result.Open)
		}
		_, err := r.Get(t.Context(), dlq.Coordinates{Topic: topic, Offset: 1})
		var absent *dlq.NoRecordError
		if !errors.As(err, &absent) || absent.Absence != dlq.Uncommitted {
			t.Errorf("error = %v", err)
		}
		if err := cl.EndTransaction(context.WithoutCancel(t.Context()), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASingleLetterOrWhyItIsNotThere(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 2, "retention.ms=-1")
		for n := range 5 {
			c.Produce(t, springLetter(topic, 1, n, "a.B"))
		}
		var before kadm.Offsets
		before.Add(kadm.Offset{Topic: topic, Partition: 1, At: 2})
		if _, err := c.Admin(t).DeleteRecords(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		r := newReader(t, c)
		l, err := r.Get(t.Context(), dlq.Coordinates{Topic: topic, Partition: 1, Offset: 3})
		if err != nil {
			t.Fatal(err)
		}
		if string(l.Key) != "k3" || l.Decoded == nil || l.Decoded.Value.Format != "json" || l.ExpiresAt != nil {
			t.Errorf("letter = %+v", l)
		}
		for _, test := range []struct {
			at   dlq.Coordinates
			want dlq.Absence
			text string
		}{
			{dlq.Coordinates{Topic: topic, Partition: 1, Offset: 1}, dlq.Expired, "retention has deleted it; it has offsets 2 to 4"},
			{dlq.Coordinates{Topic: topic, Partition: 1, Offset: 5}, dlq.BeyondEnd, "beyond the end of the partition; it has offsets 2 to 4"},
			{dlq.Coordinates{Topic: topic, Partition: 0, Offset: 0}, dlq.BeyondEnd, "the partition is empty"},
			{dlq.Coordinates{Topic: topic, Partition: 9, Offset: 0}, dlq.NoPartition, "no such partition; it has 2"},
		} {
			_, err := r.Get(t.Context(), test.at)
			var absent *dlq.NoRecordError
			if !errors.As(err, &absent) || absent.Absence != test.want || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s: %v, want %s", test.at, err, test.text)
			}
		}
	})
}

func TestABatchThatCannotBeDecompressedCostsNoOther(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1, "retention.ms=-1", "max.message.bytes=20000000")
		c.Produce(t, springLetter(topic, 0, 0, "a.B"))
		bomb := springLetter(topic, 0, 1, "a.B")
		bomb.Value = make([]byte, 3<<20)
		cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
			kgo.ProducerBatchMaxBytes(16<<20))
		if err := cl.ProduceSync(t.Context(), bomb).FirstErr(); err != nil {
			t.Fatal(err)
		}
		c.Produce(t, springLetter(topic, 0, 2, "a.B"))
		r := newReader(t, c, kgo.MaxDecompressBatchBytes(1<<20))
		letters, result := read(t, r, dlq.Query{Topic: topic})
		want := []dlq.Fault{{Partition: 0, From: 1, To: 2, Reason: "decompressed, its batch would be larger than is allowed"}}
		if keys(letters) != "k0 k2" || !slices.Equal(result.Faults, want) {
			t.Errorf("letters %s, faults %+v", keys(letters), result.Faults)
		}
		_, err := r.Get(t.Context(), dlq.Coordinates{Topic: topic, Offset: 1})
		var absent *dlq.NoRecordError
		if !errors.As(err, &absent) || absent.Absence != dlq.Damaged {
			t.Errorf("error = %v", err)
		}
	})
}

func TestAQueryOverATopicSeesHeadersStackTracesAndDecodedValues(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1, "retention.ms=-1")
	rec := springLetter(topic, 0, 7, "a.B")
	rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: "kafka_dlt-exception-stacktrace", Value: []byte("a.B: x\n\tat com.acme.Shop.sell(Shop.java:1)")})
	c.Produce(t, rec, springLetter(topic, 0, 8, "a.B"))
	for _, query := range []string{
		`.cause.stack | . != null and contains("Shop.java")`, `.cause | .stack != null`, `.cause["stack"] != null`, `any(.headers[]; .value == "a.B" and .key != "") and .cause.frame != null`,
		`.decoded.value.json.n == 7`, `.cause.frame == "com.acme.Shop.sell"`, `.value | fromjson | .n == 7`, `.key == "k7"`, `. as $l | $l.cause.stack`,
		`.origin.offset == 7 and .origin.topic == "orders"`, `(.cause).stack`, `.["cause"].stack`, `."cause"."stack"`, `.cause?.stack?`, `.cause as {stack: $s} | $s`,
	} {
		letters, result := read(t, newReader(t, c), dlq.Query{Topic: topic, Where: where(t, query)})
		if keys(letters) != "k7" || result.WhereErrors != 0 {
			t.Errorf("%s: letters %q, error %v", query, keys(letters), result.WhereError)
		}
	}
	letters, result := read(t, newReader(t, c), dlq.Query{Topic: topic, Where: where(t, `.key | fromjson`)})
	if len(letters) != 0 || result.WhereErrors != 2 || result.WhereError == nil {
		t.Errorf("a query that fails: %+v", result)
	}
}
