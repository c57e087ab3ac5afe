package dispose_test

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

const patience = 30 * time.Second

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sample is a record of testdata/letters.
type sample struct {
	Topic       string
	Partition   int32
	Offset      int64
	TimestampMS int64   `json:"timestamp_ms"`
	Key         *string `json:"key_b64"`
	Value       *string `json:"value_b64"`
	Headers     []struct {
		Key string
		B64 *string
	}
	Original *sample
}

func (s *sample) record(t testing.TB) *kgo.Record {
	t.Helper()
	bytes := func(text *string) []byte {
		if text == nil {
			return nil
		}
		b, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	rec := &kgo.Record{Topic: s.Topic, Partition: s.Partition, Offset: s.Offset, Timestamp: time.UnixMilli(s.TimestampMS), Key: bytes(s.Key), Value: bytes(s.Value)}
	for _, h := range s.Headers {
		rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: h.Key, Value: bytes(h.B64)})
	}
	return rec
}

func samples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("../../testdata/letters/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var all []sample
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			var s sample
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, s)
		}
	}
	return all
}

// office is somebody who deals with letters.
type office struct {
	*kafkatest.Cluster
	reader *dlq.Reader
	to     *kafkatest.Cluster
	jobs   int
	report func(dispose.Item)
	rate   float64
	least  bool
}

func newOffice(t testing.TB, from, to *kafkatest.Cluster) *office {
	t.Helper()
	d, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	return &office{Cluster: from, to: to, reader: &dlq.Reader{Client: from.Client(t), Dialects: d}}
}

func (o *office) plan(t testing.TB, req dispose.Request) *dispose.Plan {
	t.Helper()
	req.Now = func() time.Time { return noon }
	p, err := dispose.NewPlan(t.Context(), o.reader, dispose.Look(o.to.Client(t)), req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (o *office) writer(t testing.TB) *dispose.Writer {
	o.jobs++
	return &dispose.Writer{
		Client: o.to.Client(t), Options: []kgo.Opt{kgo.SeedBrokers(o.to.Brokers()...)}, Who: "ops", Job: fmt.Sprintf("job-%d", o.jobs),
		Rate: o.rate, AtLeastOnce: o.least, Report: o.report, Now: func() time.Time { return noon },
	}
}

func (o *office) apply(t testing.TB, p *dispose.Plan) *dispose.Receipt {
	t.Helper()
	receipt, err := o.writer(t).Apply(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Done+receipt.Skipped+receipt.Failed != receipt.Planned {
		t.Fatalf("the receipt doesn't add up: %+v", receipt)
	}
	return receipt
}

// letter is a record as Spring Kafka writes it.
func letter(topic string, partition int32, origin dlq.Coordinates, key, value string, own ...kgo.RecordHeader) *kgo.Record {
	headers := append(slices.Clone(own),
		kgo.RecordHeader{Key: "kafka_dlt-original-topic", Value: []byte(origin.Topic)},
		kgo.RecordHeader{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(origin.Partition))},
		kgo.RecordHeader{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(origin.Offset))},
		kgo.RecordHeader{Key: "kafka_dlt-original-consumer-group", Value: []byte("billing")},
		kgo.RecordHeader{Key: "kafka_dlt-exception-fqcn", Value: []byte("java.lang.IllegalStateException")})
	return &kgo.Record{Topic: topic, Partition: partition, Timestamp: noon.Add(-time.Hour), Key: []byte(key), Value: []byte(value), Headers: headers}
}

// records reads all committed records of a topic, in the order of their partitions.
func records(t testing.TB, c *kafkatest.Cluster, topic string) []*kgo.Record {
	t.Helper()
	d, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	r := &dlq.Reader{Client: c.Client(t), Dialects: d}
	var all []*kgo.Record
	if _, err := r.Read(t.Context(), dlq.Query{Topic: topic}, func(l *dlq.Letter) error {
		all = append(all, &kgo.Record{
			Topic: topic, Partition: l.Coordinates.Partition, Offset: l.Coordinates.Offset, Key: l.Key, Value: l.Value, Headers: l.RecordHeaders(),
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// sent are the records of a topic that were sent back.
func sent(t testing.TB, c *kafkatest.Cluster, topic string) []*kgo.Record {
	t.Helper()
	c.Settled(t, topic)
	return slices.DeleteFunc(records(t, c, topic), func(r *kgo.Record) bool {
		return !slices.ContainsFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == dispose.HeaderID })
	})
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func values(recs []*kgo.Record) string {
	var all []string
	for _, r := range recs {
		all = append(all, string(r.Value))
	}
	return strings.Join(all, " ")
}

// deleteBefore does what retention does.
func deleteBefore(t testing.TB, c *kafkatest.Cluster, topic string, offset int64) {
	t.Helper()
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, 0, offset, -1)
	if _, err := c.Admin(t).DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
}
