package consume_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// letter is a line of testdata/spring.jsonl.
type letter struct {
	Topic       string
	Partition   int32
	TimestampMS int64 `json:"timestamp_ms"`
	Key, Value  []byte
	Headers     []struct {
		Key string
		B64 []byte
	}
}

func letters(t *testing.T) []letter {
	t.Helper()
	text, err := os.ReadFile("testdata/spring.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []letter
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l letter
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

type declined struct{}

func (declined) Error() string          { return "could not process order ord-1000 – nächster Versuch" }
func (declined) ExceptionClass() string { return "SpringDlq$PaymentDeclinedException" }

// A letter of ours for the record that Spring's is about has the same headers, in
// the same order, with the same bytes; only messages and stack traces differ.
func TestALetterHasTheBytesThatSpringWrites(t *testing.T) {
	failures := []error{declined{}, &event.DecodeError{Err: os.ErrInvalid}}
	springs := letters(t)
	if len(springs) != len(failures) {
		t.Fatalf("%d samples", len(springs))
	}
	for i, spring := range springs {
		source := &kgo.Record{Key: spring.Key, Value: spring.Value}
		var want [][2]string
		var group string
		for _, h := range spring.Headers {
			value := string(h.B64)
			switch h.Key {
			case "kafka_dlt-original-topic":
				source.Topic = value
			case "kafka_dlt-original-partition":
				source.Partition = int32(number(h.B64))
			case "kafka_dlt-original-offset":
				source.Offset = number(h.B64)
			case "kafka_dlt-original-timestamp":
				source.Timestamp = time.UnixMilli(number(h.B64))
			case "kafka_dlt-original-consumer-group":
				group = value
			case "kafka_dlt-exception-message", "kafka_dlt-exception-stacktrace":
				value = "" // Java's own words
			}
			if !strings.HasPrefix(h.Key, "kafka_dlt-") {
				source.Headers = append(source.Headers, kgo.RecordHeader{Key: h.Key, Value: h.B64})
			}
			want = append(want, [2]string{h.Key, value})
		}
		ours := consume.DeadLetter(source, group, failures[i])
		var got [][2]string
		for _, h := range ours.Headers {
			value := string(h.Value)
			if strings.HasSuffix(h.Key, "-message") || strings.HasSuffix(h.Key, "-stacktrace") {
				if value == "" {
					t.Errorf("%s is empty", h.Key)
				}
				value = ""
			}
			got = append(got, [2]string{h.Key, value})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("letter %d (-Spring +ours)\n%s", i, diff)
		}
		if ours.Partition != spring.Partition || !bytes.Equal(ours.Key, spring.Key) || !bytes.Equal(ours.Value, spring.Value) {
			t.Errorf("letter %d is not of its record: %v", i, ours)
		}
	}
}

// number reads a big-endian number of any length.
func number(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}

func TestALetterOfATombstoneIsATombstone(t *testing.T) {
	r := &kgo.Record{Topic: "t", Headers: []kgo.RecordHeader{{Key: "twice"}, {Key: "twice", Value: []byte{}}}}
	got := consume.DeadLetter(r, "g", os.ErrInvalid)
	if got.Value != nil || got.Key != nil || got.Topic != "t.DLQ" {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff(r.Headers, got.Headers[:2]); diff != "" {
		t.Errorf("the user's headers (-want +got)\n%s", diff)
	}
	if len(r.Headers) != 2 {
		t.Error("the source record was changed")
	}
}
