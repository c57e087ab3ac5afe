package dlq_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestALetterSaysWhenRetentionWillDeleteIt(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		for what, test := range map[string]struct {
			configs []string
			expires bool
		}{
			"by the record's time":  {[]string{"retention.ms=3600000"}, true},
			"never":                 {[]string{"retention.ms=-1"}, false},
			"only compacted":        {[]string{"retention.ms=3600000", "cleanup.policy=compact"}, false},
			"compacted and deleted": {[]string{"retention.ms=3600000", "cleanup.policy=compact,delete"}, true},
			"by size only":          {[]string{"retention.ms=-1", "retention.bytes=1000000"}, false},
		} {
			topic := c.Topic(t, 1, test.configs...)
			rec := springLetter(topic, 0, 1, "a.B")
			rec.Timestamp = now
			c.Produce(t, rec)
			l, err := newReader(t, c).Get(t.Context(), dlq.Coordinates{Topic: topic})
			if err != nil {
				t.Fatal(err)
			}
			if (l.ExpiresAt != nil) != test.expires || test.expires && !l.ExpiresAt.Equal(now.Add(time.Hour)) {
				t.Errorf("%s: it expires at %v", what, l.ExpiresAt)
			}
		}
	})
}

func TestWithTheBrokersTimesALetterOfConnectHasATimeOfDeath(t *testing.T) {
	c := kafkatest.Real(t) // the fake keeps the producer's times
	topic := c.Topic(t, 1, "message.timestamp.type=LogAppendTime", "retention.ms=3600000")
	before := time.Now().Add(-time.Second)
	c.Produce(t, &kgo.Record{Topic: topic, Timestamp: noon, Headers: []kgo.RecordHeader{{Key: "__connect.errors.topic", Value: []byte("orders")}}})
	l, err := newReader(t, c).Get(t.Context(), dlq.Coordinates{Topic: topic})
	if err != nil {
		t.Fatal(err)
	}
	if l.DiedAt == nil || l.DiedAt.Before(before) || !l.ExpiresAt.Equal(l.DiedAt.Add(time.Hour)) {
		t.Errorf("died at %v, expires at %v", l.DiedAt, l.ExpiresAt)
	}
}

func TestALetterThatCompactionRemovedIsToldFromOneThatExpired(t *testing.T) {
	c := kafkatest.Real(t) // the fake doesn't compact by itself
	topic := c.Topic(t, 1, "cleanup.policy=compact", "min.cleanable.dirty.ratio=0.001", "segment.ms=100", "min.compaction.lag.ms=0", "max.compaction.lag.ms=1")
	r := newReader(t, c)
	for n := range 4 { // each in a segment of its own, but for the last
		rec := springLetter(topic, 0, 0, "a.B")
		rec.Timestamp = time.Now().Add(time.Duration(n-10) * time.Second)
		c.Produce(t, rec)
	}
	kafkatest.Eventually(t, time.Minute, "compaction", func() (bool, string) {
		rec := springLetter(topic, 0, 0, "a.B")
		rec.Timestamp = time.Now()
		c.Produce(t, rec)
		_, err := r.Get(t.Context(), dlq.Coordinates{Topic: topic, Offset: 1})
		var absent *dlq.NoRecordError
		return errors.As(err, &absent) && absent.Absence == dlq.Compacted, fmt.Sprint(err)
	})
	letters, result := read(t, r, dlq.Query{Topic: topic})
	if len(letters) == 0 || len(result.Faults) != 0 {
		t.Errorf("%d letters, faults %v", len(letters), result.Faults)
	}
}
