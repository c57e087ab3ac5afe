package dlq_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sample is a line of testdata/letters.
type sample struct {
	Topic         string
	Partition     int32
	Offset        int64
	TimestampMS   int64   `json:"timestamp_ms"`
	TimestampType string  `json:"timestamp_type"`
	Key           *string `json:"key_b64"`
	Value         *string `json:"value_b64"`
	Headers       []struct {
		Key     string
		B64     *string
		Decoded any
		As      string
	}
	Original *sample
}

func (s *sample) record(t testing.TB) *kgo.Record {
	t.Helper()
	rec := &kgo.Record{
		Topic: s.Topic, Partition: s.Partition, Offset: s.Offset, Timestamp: time.UnixMilli(s.TimestampMS),
		Key: unbase(t, s.Key), Value: unbase(t, s.Value),
	}
	for _, h := range s.Headers {
		rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: h.Key, Value: unbase(t, h.B64)})
	}
	return rec
}

func unbase(t testing.TB, s *string) []byte {
	t.Helper()
	if s == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(*s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decoded is what the recorder made of a header: the first or the last of the name.
func (s *sample) decoded(key string, last bool) any {
	var found any
	for _, h := range s.Headers {
		if h.Key == key {
			if found = h.Decoded; !last {
				break
			}
		}
	}
	return found
}

func samples(t testing.TB) map[string][]sample {
	t.Helper()
	files, err := filepath.Glob("../testdata/letters/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	all := map[string][]sample{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			var s sample
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			base := strings.TrimSuffix(filepath.Base(name), ".jsonl")
			all[base] = append(all[base], s)
		}
		f.Close()
	}
	return all
}

func dialects(t testing.TB, own ...dlq.Dialect) dlq.Dialects {
	t.Helper()
	d, err := dlq.NewDialects(own...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
