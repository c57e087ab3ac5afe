package dlq_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What is a large batch is taken apart in pieces, some of which are a single record; and
// each record is the same as if it had come by itself, or told to be missing.
func TestALargeBatchIsReadPieceByPiece(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, codec := range map[string]kgo.CompressionCodec{
			"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
		} {
			topic := c.Topic(t, 1, "retention.ms=-1", "max.message.bytes=20000000")
			records := swollen(topic)
			cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(16<<20),
				kgo.ProducerLinger(time.Minute), kgo.MaxBufferedRecords(len(records)+1))
			results := make(chan error, len(records))
			for _, rec := range records { // one batch
				cl.Produce(t.Context(), rec, func(_ *kgo.Record, err error) { results <- err })
			}
			if err := cl.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range records {
				if err := <-results; err != nil {
					t.Fatal(err)
				}
			}
			i := 0
			result, err := newReader(t, c, kgo.MaxDecompressBatchBytes(12<<20)).Read(t.Context(), dlq.Query{Topic: topic}, func(l *dlq.Letter) error {
				if i == 5001 {
					i++
				}
				want := records[i]
				if l.Coordinates.Offset != int64(i) || !bytes.Equal(l.Key, want.Key) || !bytes.Equal(l.Value, want.Value) || len(l.Headers) != len(want.Headers) || !l.Timestamp.Equal(want.Timestamp) {
					return fmt.Errorf("letter %s isn't record %d", l.Coordinates, i)
				}
				i++
				return nil
			})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want := []dlq.Fault{{From: 5001, To: 5002, Reason: "it has more headers than are read"}}; i != len(records) || !slices.Equal(result.Faults, want) {
				t.Errorf("%s: %d of %d records, faults %+v", name, i, len(records), result.Faults)
			}
		}
	})
}

// swollen are records that take much more memory than their bytes, with small ones around.
func swollen(topic string) (records []*kgo.Record) {
	for i := range 10_003 {
		rec := &kgo.Record{Topic: topic, Timestamp: noon.Add(time.Duration(i) * time.Millisecond), Key: fmt.Appendf(nil, "k%d", i)}
		switch i {
		case 5000:
			rec.Value = bytes.Repeat([]byte("large"), 1<<20)
		case 5001:
			rec.Headers = make([]kgo.RecordHeader, 50_001)
		case 5002:
			rec.Headers = make([]kgo.RecordHeader, 50_000)
		}
		records = append(records, rec)
	}
	return records
}

// A page of large letters has fewer of them, and those that it has are the first, or the
// last, of all partitions.
func TestAPageOfLargeLettersHasThoseThatComeFirst(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 3, "retention.ms=-1", "max.message.bytes=20000000")
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(16<<20))
	for n := range 12 {
		rec := springLetter(topic, int32(n%3), n, "a.B")
		rec.Value = make([]byte, 5<<20)
		if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	r := newReader(t, c)
	for order, want := range map[dlq.Order]string{dlq.Oldest: "k0 k1 k2", dlq.Newest: "k11 k10 k9"} {
		letters, result := read(t, r, dlq.Query{Topic: topic, Limit: 10, Order: order})
		if keys(letters) != want || !result.More {
			t.Errorf("order %d: letters %s, more %t", order, keys(letters), result.More)
		}
		letters, result = read(t, r, dlq.Query{Topic: topic, Limit: 12, Order: order, Brief: true})
		if len(letters) != 12 || result.More || letters[0].Value != nil || letters[0].Cause.Fingerprint == "" {
			t.Errorf("order %d: a list has %d letters, more %t", order, len(letters), result.More)
		}
	}
}

func TestLettersAreWrittenInPiecesAsTheyAreEncoded(t *testing.T) {
	odd := &kgo.Record{Topic: "t", Key: []byte("\x00\xff"), Value: bytes.Repeat([]byte("aé€𝄞\"\n\u2028<"), 10_000), Headers: []kgo.RecordHeader{{Key: "a"}, {Key: "\xff", Value: []byte{}}}}
	for name, rec := range map[string]*kgo.Record{
		"odd text": odd, "null": {Topic: "t"}, "bytes": {Topic: "t", Value: bytes.Repeat([]byte{0xff, 1}, 100_001)},
		"continued": {Topic: "t", Key: bytes.Repeat([]byte{0x80}, 70_000), Value: bytes.Repeat([]byte("€"), 70_000)},
		"json":      {Topic: "t", Value: []byte(`{"list": [` + strings.Repeat("1, ", 50_000) + `2]}`)},
	} {
		l := dialects(t).Parse(rec)
		l.Decode(t.Context(), nil, rec.Headers)
		var whole, pieces, compact bytes.Buffer
		encoder := json.NewEncoder(&whole)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(l); err != nil {
			t.Fatal(err)
		}
		if err := l.WriteJSON(&pieces); err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&compact, pieces.Bytes()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if compact.WriteByte('\n'); !bytes.Equal(whole.Bytes(), compact.Bytes()) {
			t.Errorf("%s: in pieces it is another letter", name)
		}
	}
}
