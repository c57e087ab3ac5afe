package schema_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// last is what the tail of a topic has, as partition:offset=value.
func last(t *testing.T, c *kafkatest.Cluster, topic string, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	records, err := schema.Tail(c.Client(t)).Last(ctx, topic, n)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range records {
		list = append(list, fmt.Sprintf("%d:%d=%s", r.Partition, r.Offset, r.Value))
	}
	return strings.Join(list, " ")
}

func wantLast(t *testing.T, c *kafkatest.Cluster, topic string, n int, want string) {
	t.Helper()
	if got := last(t, c, topic, n); got != want {
		t.Errorf("the last %d are %q, want %q", n, got, want)
	}
}

// row makes records of one partition, valued from first to last.
func row(topic string, partition int32, first, last int) []*kgo.Record {
	var list []*kgo.Record
	for i := first; i <= last; i++ {
		list = append(list, &kgo.Record{Topic: topic, Partition: partition, Value: fmt.Append(nil, i)})
	}
	return list
}

func TestTheLastRecordsMayAllBeInOnePartition(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 5)
		wantLast(t, c, topic, 3, "")
		c.Produce(t, row(topic, 3, 1, 9)...)
		wantLast(t, c, topic, 3, "3:6=7 3:7=8 3:8=9")
		wantLast(t, c, topic, 100, "3:0=1 3:1=2 3:2=3 3:3=4 3:4=5 3:5=6 3:6=7 3:7=8 3:8=9")
		wantLast(t, c, topic, 0, "")
	})
}

func TestOfSeveralPartitionsTheNewestRecordsCount(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 3, "retention.ms=-1")
		at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		for i, partition := range []int32{2, 0, 0, 1, 2, 0} {
			c.Produce(t, &kgo.Record{Topic: topic, Partition: partition, Value: fmt.Append(nil, i), Timestamp: at.Add(time.Duration(i) * time.Second)})
		}
		wantLast(t, c, topic, 4, "0:1=2 0:2=5 1:0=3 2:1=4")
	})
}

func TestRecordsComeWithKeysHeadersAndNulls(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		c.Produce(t,
			&kgo.Record{Topic: topic, Key: []byte("k"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "h", Value: nil}}},
			&kgo.Record{Topic: topic, Key: []byte{}, Value: []byte{}},
		)
		records, err := schema.Tail(c.Client(t)).Last(t.Context(), topic, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := []schema.Record{
			{Offset: 0, Key: []byte("k"), Headers: []schema.Header{{Key: "h", Value: []byte("1")}, {Key: "h"}}},
			{Offset: 1, Key: []byte{}, Value: []byte{}},
		}
		if diff := cmp.Diff(want, records); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyWhatIsCommittedCounts(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		transaction := func(end kgo.TransactionEndTry, first, last int) {
			t.Helper()
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), row(topic, 0, first, last)...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
		transaction(kgo.TryCommit, 1, 3)
		transaction(kgo.TryAbort, 4, 40) // the last offsets are all aborted
		for i := range 5 {
			transaction(kgo.TryAbort, 41+i, 41+i)
		}
		values := func() string {
			var list []string
			for _, r := range strings.Fields(last(t, c, topic, 3)) {
				list = append(list, r[strings.Index(r, "=")+1:])
			}
			return strings.Join(list, " ")
		}
		if got := values(); got != "1 2 3" {
			t.Errorf("behind aborted transactions there are %q", got)
		}
		transaction(kgo.TryCommit, 50, 50)
		if got := values(); got != "2 3 50" {
			t.Errorf("with a committed one at the end there are %q", got)
		}
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), row(topic, 0, 60, 61)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if got := values(); got != "2 3 50" {
			t.Errorf("with an open transaction there are %q", got)
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatCompactionLeavesIsSearchedFurtherBack(t *testing.T) {
	c := kafkatest.Real(t) // the fake doesn't compact
	topic := c.Topic(t, 1, "cleanup.policy=compact", "segment.ms=60000", "min.cleanable.dirty.ratio=0.001")
	old := time.Now().Add(-time.Hour)
	records := []*kgo.Record{{Topic: topic, Key: []byte("first"), Value: []byte("kept"), Timestamp: old}}
	for _, r := range row(topic, 0, 1, 100) {
		r.Key, r.Timestamp = []byte("same"), old
		records = append(records, r)
	}
	c.Produce(t, records...)
	// The segment that is written to isn't compacted; a record of another hour begins a new one.
	c.Produce(t, &kgo.Record{Topic: topic, Key: []byte("last"), Value: []byte("end")})
	kafkatest.Eventually(t, time.Minute, "compaction", func() (bool, string) {
		got := last(t, c, topic, 3)
		return got == "0:0=kept 0:100=100 0:101=end", got
	})
}

func TestRecordsThatAreGoneAreNotWaitedFor(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		c.Produce(t, row(topic, 0, 1, 9)...)
		for _, before := range []int64{7, 9} {
			var offsets kadm.Offsets
			offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: before})
			if _, err := c.Admin(t).DeleteRecords(t.Context(), offsets); err != nil {
				t.Fatal(err)
			}
			wantLast(t, c, topic, 5, map[int64]string{7: "0:7=8 0:8=9", 9: ""}[before])
		}
	})
}

func TestATopicThatIsMissingStaysSo(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Name(t, "none")
		_, err := schema.Tail(c.Client(t)).Last(t.Context(), topic, 3)
		var missing *schema.TopicError
		if !errors.As(err, &missing) || !errors.Is(err, kerr.UnknownTopicOrPartition) || missing.Hint() == "" {
			t.Errorf("error %v (%T)", err, err)
		}
		if want := fmt.Sprintf("reading topic %q: there is no such topic", topic); err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		topics, err := c.Admin(t).ListTopics(t.Context())
		if err != nil || topics.Has(topic) {
			t.Errorf("the topic was created (%v)", err)
		}
	})
}

func TestReadingATopicIsBoundedByItsContext(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		c.Produce(t, row(topic, 0, 1, 9)...)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := schema.Tail(c.Client(t)).Last(ctx, topic, 3); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that it was cancelled", err)
		}
	})
}

func TestNoGroupComesIntoBeing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		c.Produce(t, row(topic, 0, 1, 9)...)
		cl := c.Client(t, kgo.ConsumerGroup(group)) // even through a client that could join one
		if _, err := schema.Tail(cl).Last(t.Context(), topic, 3); err != nil {
			t.Fatal(err)
		}
		groups, err := c.Admin(t).ListGroups(t.Context())
		if err != nil || len(groups.Groups()) > 0 && groups[group].Group != "" {
			t.Errorf("there is a group: %+v (%v)", groups[group], err)
		}
	})
}

func TestATopicThatMayNotBeReadSaysSo(t *testing.T) {
	c := kafkatest.Secured(t)
	topic := c.Topic(t, 1)
	c.Produce(t, row(topic, 0, 1, 3)...)
	tail := func() schema.Records {
		// A new client each time: one keeps for some seconds what it may not do.
		bob, err := kgo.NewClient(
			kgo.SeedBrokers(c.Listener(kafkatest.SASLPlaintext)),
			kgo.SASL(plain.Auth{User: kafkatest.Bob, Pass: kafkatest.Password(kafkatest.Bob)}.AsMechanism()),
		)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(bob.Close)
		return schema.Tail(bob)
	}
	refused := func(when string) {
		t.Helper()
		_, err := tail().Last(t.Context(), topic, 3)
		var e *schema.TopicError
		if !errors.As(err, &e) || !errors.Is(err, kerr.TopicAuthorizationFailed) || e.Hint() == "" || err.Error() != fmt.Sprintf("reading topic %q: not permitted", topic) {
			t.Errorf("%s: error %v", when, err)
		}
	}
	refused("with no permission")
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe)
	refused("with that to describe")
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationRead)
	if records, err := tail().Last(t.Context(), topic, 3); err != nil || len(records) != 3 {
		t.Errorf("with that to read: %d records, error %v", len(records), err)
	}
}
