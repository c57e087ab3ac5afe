package dlq_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// headers names, for each dialect, the headers that the recorder decoded, and which of
// a duplicate counts.
var headers = map[string]struct {
	topic, partition, offset, timestamp, group, class, message string
	last                                                       bool
}{
	"spring": {"kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset", "kafka_dlt-original-timestamp",
		"kafka_dlt-original-consumer-group", "kafka_dlt-exception-cause-fqcn", "kafka_dlt-exception-message", true},
	"spring-retry": {"kafka_original-topic", "kafka_original-partition", "kafka_original-offset", "kafka_original-timestamp",
		"kafka_dlt-original-consumer-group", "kafka_exception-cause-fqcn", "kafka_exception-message", false},
	"spring-cloud-stream": {"x-original-topic", "x-original-partition", "x-original-offset", "x-original-timestamp", "", "", "", true},
	"connect": {"__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset", "", "",
		"__connect.errors.exception.class.name", "__connect.errors.exception.message", true},
	"streams": {"__streams.errors.topic", "__streams.errors.partition", "__streams.errors.offset", "", "",
		"__streams.errors.exception", "__streams.errors.message", true},
	"share-group": {"__dlq.errors.topic", "__dlq.errors.partition", "__dlq.errors.offset", "", "__dlq.errors.group", "", "__dlq.errors.message", true},
	"smallrye":    {"dead-letter-topic", "dead-letter-partition", "dead-letter-offset", "", "", "", "", false},
	"watermill":   {"topic_poisoned", "", "", "", "", "", "reason_poisoned", true},
}

func TestEverySampleHasTheOriginThatItsHeadersTell(t *testing.T) {
	d := dialects(t)
	for file, letters := range samples(t) {
		for _, s := range letters {
			l := d.Parse(s.record(t))
			if l.Dialect == "" {
				if s.Topic != "dlqlab-dlq-noctx" {
					t.Errorf("%s, %s: no dialect", file, l.Coordinates)
				}
				continue
			}
			if l.Dialect != file && l.Dialect != "spring-retry" {
				t.Errorf("%s, %s: dialect %s", file, l.Coordinates, l.Dialect)
			}
			want := headers[l.Dialect]
			equalText(t, l, "topic", l.Origin.Topic, s.decoded(want.topic, want.last))
			equalText(t, l, "group", l.Origin.Group, s.decoded(want.group, want.last))
			if got := deref(l.Origin.Partition); want.partition != "" && float64(got) != numberOf(t, s.decoded(want.partition, want.last)) {
				t.Errorf("%s: partition %d, the recorder says %v", l.Coordinates, got, s.decoded(want.partition, want.last))
			}
			if got := deref(l.Origin.Offset); want.offset != "" && float64(got) != numberOf(t, s.decoded(want.offset, want.last)) {
				t.Errorf("%s: offset %d, the recorder says %v", l.Coordinates, got, s.decoded(want.offset, want.last))
			}
			if got := deref(l.Origin.Timestamp); want.timestamp != "" && float64(got.UnixMilli()) != numberOf(t, s.decoded(want.timestamp, want.last)) {
				t.Errorf("%s: time %v, the recorder says %v", l.Coordinates, got, s.decoded(want.timestamp, want.last))
			}
			if len(l.Problems) > 0 {
				t.Errorf("%s: problems %v", l.Coordinates, l.Problems)
			}
		}
	}
}

func equalText(t *testing.T, l *dlq.Letter, what string, got *string, want any) {
	t.Helper()
	if want == nil != (got == nil) || got != nil && *got != want {
		t.Errorf("%s: %s %q, the recorder says %v", l.Coordinates, what, deref(got), want)
	}
}

func numberOf(t *testing.T, v any) float64 {
	t.Helper()
	switch v := v.(type) {
	case float64:
		return v
	case string:
		var n float64
		if err := json.Unmarshal([]byte(v), &n); err == nil {
			return n
		}
	}
	t.Errorf("the recorder has no number: %v", v)
	return -1
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// The source records were read from their topics, not out of the headers.
func TestEverySampleComesFromItsSourceRecord(t *testing.T) {
	d, n := dialects(t), 0
	for _, letters := range samples(t) {
		for _, s := range letters {
			if s.Original == nil {
				continue
			}
			n++
			l := d.Parse(s.record(t))
			want := dlq.Coordinates{Topic: s.Original.Topic, Partition: s.Original.Partition, Offset: s.Original.Offset}
			if s.Topic == "dlqlab-dead-letter-topic-again" {
				// It died twice, and the recorder followed it to its first source.
				want = dlq.Coordinates{Topic: "dlqlab-dead-letter-topic-orders", Partition: 1}
			}
			got := dlq.Coordinates{Topic: deref(l.Origin.Topic), Partition: deref(l.Origin.Partition), Offset: deref(l.Origin.Offset)}
			if got != want {
				t.Errorf("%s: it comes from %s, and the letter says %s", l.Coordinates, want, got)
			}
			if at := l.Origin.Timestamp; at != nil && at.UnixMilli() != s.Original.TimestampMS {
				t.Errorf("%s: its source is of %d, and the letter says %v", l.Coordinates, s.Original.TimestampMS, at)
			}
			sourceTime := l.Dialect == "connect" || l.Dialect == "streams"
			if sourceTime && (s.TimestampMS != s.Original.TimestampMS || l.DiedAt != nil) {
				t.Errorf("%s: died at %v, and the time stamp is the source's", l.Coordinates, l.DiedAt)
			}
			if !sourceTime && (l.DiedAt == nil || !l.DiedAt.Equal(time.UnixMilli(s.TimestampMS))) {
				t.Errorf("%s: died at %v, want its own time stamp", l.Coordinates, l.DiedAt)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d samples have their source record", n)
	}
}

func TestTheCauseIsTheRealOneAndNotTheFrameworksWrapper(t *testing.T) {
	d := dialects(t)
	for _, letters := range samples(t) {
		for _, s := range letters {
			l := d.Parse(s.record(t))
			class := deref(l.Cause.Class)
			if strings.HasSuffix(class, "ListenerExecutionFailedException") || strings.HasSuffix(class, "MessagingException") {
				t.Errorf("%s: cause %s", l.Coordinates, class)
			}
			if want, ok := s.decoded(headers[l.Dialect].class, true).(string); ok && class != want {
				t.Errorf("%s: cause %s, want %s", l.Coordinates, class, want)
			}
			if l.Dialect == "connect" || l.Dialect == "share-group" || l.Dialect == "watermill" {
				if want, _ := s.decoded(headers[l.Dialect].message, true).(string); strings.TrimSpace(deref(l.Cause.Message)) != strings.TrimSpace(want) {
					t.Errorf("%s: message %q, want %q", l.Coordinates, deref(l.Cause.Message), want)
				}
			}
		}
	}
}

func TestTheJSONOfTheSamplesIsAsInTheGoldenFiles(t *testing.T) {
	d := dialects(t)
	for file, letters := range samples(t) {
		var out bytes.Buffer
		for _, s := range letters {
			l := d.Parse(s.record(t))
			if stack := l.Cause.Stack; stack != nil && len(*stack) > 200 {
				cut := (*stack)[:200] // the files stay readable; all of it is in the samples
				l.Cause.Stack = &cut
			}
			for i, h := range l.Headers {
				l.Headers[i].Value = h.Value[:min(len(h.Value), 100):min(len(h.Value), 100)]
			}
			text, err := json.MarshalIndent(l, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(text, '\n'))
		}
		golden(t, file+".json", out.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
