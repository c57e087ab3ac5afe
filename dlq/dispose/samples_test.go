package dispose_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// ownHeaders are the headers in the samples that no framework wrote.
var ownHeaders = []string{"h", "tp", "traceparent", "x", "ce_id", "ce_type", "nullhdr", "why", "x-source", "_watermill_message_uuid", "tenant"}

// originHeaders are those that name the topic that a letter came from.
var originHeaders = []string{
	"__connect.errors.topic", "__dlq.errors.topic", "__streams.errors.topic", "dead-letter-topic", "x-original-topic",
	"kafka_dlt-original-topic", "kafka_original-topic", "topic_poisoned",
}

// lab has the samples under topics of its own.
type lab struct {
	*office
	topics map[string]string // by the names in the samples
	dead   []*kgo.Record     // as written
	source map[dlq.Coordinates]*kgo.Record
}

func newLab(t *testing.T, c *kafkatest.Cluster) *lab {
	l := &lab{office: newOffice(t, c, c), topics: map[string]string{}, source: map[dlq.Coordinates]*kgo.Record{}}
	all := samples(t)
	for i := range all {
		if o := all[i].Original; o != nil {
			l.source[dlq.Coordinates{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset}] = o.record(t)
		}
	}
	for i := range all {
		rec := all[i].record(t)
		for j, h := range rec.Headers {
			if slices.Contains(originHeaders, h.Key) {
				rec.Headers[j].Value = []byte(l.topic(t, string(h.Value)))
			}
		}
		rec.Topic = l.topic(t, rec.Topic) + "-dead"
		l.dead = append(l.dead, rec)
	}
	made := map[string]bool{}
	for _, rec := range l.dead {
		if !made[rec.Topic] {
			made[rec.Topic] = true
			if _, err := c.Admin(t).CreateTopic(t.Context(), 3, -1, map[string]*string{"retention.ms": ptr("-1")}, rec.Topic); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range made {
		c.AwaitTopic(t, name, 3)
	}
	c.Produce(t, l.dead...)
	return l
}

func ptr(s string) *string { return &s }

// topic makes the topic that stands for one of the samples', with their source records
// at their offsets.
func (l *lab) topic(t *testing.T, name string) string {
	if made := l.topics[name]; made != "" {
		return made
	}
	made := l.Topic(t, 3, "retention.ms=-1")
	l.topics[name] = made
	var fill []*kgo.Record
	for p := range int32(3) {
		for o := range int64(8) {
			rec := &kgo.Record{Topic: made, Partition: p, Key: []byte("filler"), Value: []byte("filler"), Timestamp: noon}
			if source := l.source[dlq.Coordinates{Topic: name, Partition: p, Offset: o}]; source != nil {
				rec.Key, rec.Value, rec.Headers, rec.Timestamp = source.Key, source.Value, slices.Clone(source.Headers), source.Timestamp
			}
			fill = append(fill, rec)
		}
	}
	l.Produce(t, fill...)
	return made
}

func TestTheLettersOfEveryFrameworkGoBackAsTheyWere(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		l := newLab(t, c)
		places := map[dlq.Coordinates]dlq.Coordinates{}
		refused := map[dlq.Coordinates]string{}
		l.report = func(item dispose.Item) {
			if item.Target != nil {
				places[item.Coordinates] = *item.Target
			} else {
				refused[item.Coordinates] = item.Reason
			}
		}
		done := map[string]bool{}
		for _, rec := range l.dead {
			if !done[rec.Topic] {
				done[rec.Topic] = true
				l.apply(t, l.plan(t, dispose.Request{Action: dispose.Replay, Query: dlq.Query{Topic: rec.Topic}}))
			}
		}
		back := map[dlq.Coordinates]*kgo.Record{}
		for _, topic := range l.topics {
			for _, r := range sent(t, c, topic) {
				back[dlq.Coordinates{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}] = r
			}
		}
		if len(back) != len(places) {
			t.Errorf("%d records were sent, and the receipts have %d", len(back), len(places))
		}
		tombstones, nulls, homeless := 0, 0, 0
		for _, rec := range l.dead {
			at := dlq.Coordinates{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset}
			parsed := l.reader.Dialects.Parse(rec)
			target, wasSent := places[at]
			switch {
			case !wasSent && parsed.Origin.Topic == nil:
				homeless++
			case !wasSent && rec.Value == nil:
				nulls++
			case !wasSent:
				t.Errorf("%s of %s wasn't sent: %s", at, parsed.Dialect, refused[at])
			default:
				if rec.Value == nil {
					tombstones++
				}
				checkSent(t, parsed, rec, back[target])
			}
		}
		if tombstones != 2 || nulls != 4 || homeless != 1 {
			t.Errorf("%d tombstones sent, %d nulls and %d letters without an origin refused; want 2, 4 and 1", tombstones, nulls, homeless)
		}
	})
}

func checkSent(t *testing.T, parsed *dlq.Letter, rec, got *kgo.Record) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: the receipt names a place without a record", parsed.Coordinates)
		return
	}
	if got.Topic != *parsed.Origin.Topic || parsed.Origin.Partition != nil && got.Partition != *parsed.Origin.Partition {
		t.Errorf("%s of %s:%v went to %s:%d", parsed.Coordinates, *parsed.Origin.Topic, *parsed.Origin.Partition, got.Topic, got.Partition)
	}
	if diff := cmp.Diff([][]byte{rec.Key, rec.Value}, [][]byte{got.Key, got.Value}); diff != "" {
		t.Errorf("%s: key and value (-dead +sent)\n%s", parsed.Coordinates, diff)
	}
	var want []kgo.RecordHeader
	for _, h := range rec.Headers {
		if slices.Contains(ownHeaders, h.Key) {
			want = append(want, h)
		}
	}
	stamps := len(got.Headers) - 3
	if stamps < 0 || header(got, dispose.HeaderCount) != "1" || !cmp.Equal(want, slices.Clone(got.Headers[:stamps:stamps]), equalEmpty) {
		t.Errorf("%s: headers %v, want %v and three stamps", parsed.Coordinates, got.Headers, want)
	}
}

// equalEmpty takes no headers and nil for the same, and null and empty values not.
var equalEmpty = cmp.FilterValues(func(a, b []kgo.RecordHeader) bool { return len(a)+len(b) == 0 }, cmp.Comparer(func(a, b []kgo.RecordHeader) bool { return true }))
