package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/timeline"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	trace       = "4bf92f3577b34da6a3ce929d0e0e4736"
	correlation = "c0ffee00-53c9-4a0e-9f0e-3a4b5c6d7e8f"
	placedID    = "6f1c1ee0-53c9-4a0e-9f0e-000000000001"
	paidID      = "6f1c1ee0-53c9-4a0e-9f0e-000000000002"
)

// began is near enough to now for a broker to keep what is of then.
var began = time.Now().Add(-time.Hour).Truncate(time.Millisecond)

func record(topic string, partition int32, key string, seconds int, value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Value: []byte(value), Timestamp: began.Add(time.Duration(seconds) * time.Second)}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

func envelope(kind, id, span string) []string {
	return []string{"event-id", id, "event-type", kind, "traceparent", "00-" + trace + "-" + span + "-01", "X-Trace-Id", trace, "X-Correlation-Id", correlation}
}

// shop has the story of ord-1 in two topics, among others.
func shop(t *testing.T, c *kafkatest.Cluster) (orders, payments string) {
	t.Helper()
	orders, payments = c.Topic(t, 3), c.Topic(t, 3)
	c.Produce(t,
		record(orders, 1, "ord-0", 0, `{"orderId":"ord-0"}`),
		record(orders, 1, "ord-1", 1, `{"orderId":"ord-1"}`, envelope("OrderPlacedEvent", placedID, "00f067aa0ba902b7")...),
		record(orders, 1, "ord-1", 5, `{"orderId":"ord-1"}`, envelope("OrderShippedEvent", "6f1c1ee0-53c9-4a0e-9f0e-000000000003", "00f067aa0ba902b9")...),
		record(orders, 2, "ord-10", 2, `{"orderId":"ord-10"}`),
		record(payments, 0, "pay-7", 3, `{"paymentId":"pay-7","order":{"id":"ord-1"}}`, envelope("OrderPaidEvent", paidID, "00f067aa0ba902b8")...),
		record(payments, 2, "pay-8", 4, `not of ord-1, it says`),
	)
	return orders, payments
}

func searcher(t *testing.T, c *kafkatest.Cluster) *timeline.Searcher {
	t.Helper()
	d, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	return &timeline.Searcher{Client: c.Client(t), Dialects: d, Timeout: 30 * time.Second}
}

// story is what was found, a line each: where, and by what.
func story(r *timeline.Report) (lines []string) {
	for _, e := range r.Events {
		var by []string
		for _, h := range e.FoundBy {
			by = append(by, strings.TrimSuffix(string(h.Kind)+" "+string(h.Where)+" "+h.Name, " "))
		}
		lines = append(lines, e.Coordinates.String()+" by "+strings.Join(by, ", "))
	}
	return lines
}

func places(r *timeline.Report) (list []string) {
	for _, e := range r.Events {
		list = append(list, e.Coordinates.String())
	}
	return list
}

func TestAStoryIsTheSameFromEachOfItsIDs(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		want := []string{orders + ":1:1", payments + ":0:0", orders + ":1:2"}
		for _, id := range []string{"ord-1", trace, strings.ToUpper(trace), correlation, placedID, paidID} {
			r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: id, Topics: []string{orders, payments}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, places(r)); diff != "" {
				t.Errorf("by %s: %s", id, diff)
			}
			if got := r.Events[1].SincePrevious; got != 2 {
				t.Errorf("by %s: the payment came %v s after the order, not 2", id, got)
			}
		}
	})
}

func TestASearchSaysByWhatEachRecordWasFound(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, payments}, NoFollow: true, All: true})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			orders + ":1:1 by asked key, asked value /orderId",
			payments + ":0:0 by asked value /order/id",
			orders + ":1:2 by asked key, asked value /orderId",
		}
		if diff := cmp.Diff(want, story(r)); diff != "" {
			t.Error(diff)
		}
		if r.Parts != 2 { // ord-10, and the sentence
			t.Errorf("%d records have the id as a part of something else, not 2", r.Parts)
		}
		if r.Searched.Records != 6 {
			t.Errorf("%d records were read, not 6", r.Searched.Records)
		}
	})
}

func TestOnlyTheKeysPartitionIsReadWhereThatIsEnough(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := c.Topic(t, 6), c.Topic(t, 6)
		cl := c.Client(t) // which puts keys where Kafka's own partitioner does
		for _, r := range []*kgo.Record{
			record(orders, 0, "ord-1", 1, "{}"), record(payments, 0, "pay-7", 2, `{"order":"ord-1"}`),
		} {
			if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		both := []string{orders, payments}
		for _, one := range []struct {
			name           string
			q              timeline.Query
			found          int
			read, readElse int // partitions
		}{
			{"following reads all", timeline.Query{}, 2, 6, 6},
			{"not following reads the key's", timeline.Query{NoFollow: true}, 2, 1, 6},
			{"--all reads all", timeline.Query{NoFollow: true, All: true}, 2, 6, 6},
			{"--key reads nothing else", timeline.Query{Key: true}, 1, 1, 1},
		} {
			one.q.ID, one.q.Topics = "ord-1", both
			r, err := searcher(t, c).Search(t.Context(), one.q)
			if err != nil {
				t.Fatal(err)
			}
			read := map[string]int{}
			for _, topic := range r.Searched.Topics {
				read[topic.Name] = topic.PartitionsRead
			}
			if len(r.Events) != one.found || read[orders] != one.read || read[payments] != one.readElse {
				t.Errorf("%s: %d found, partitions read: %v", one.name, len(r.Events), read)
			}
		}
	})
}

// Why finding the id as a key doesn't end the search: whatever stopped there would miss
// what other partitions of the same topic have of the story.
func TestTheKeysPartitionIsNotTheWholeStory(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders := c.Topic(t, 6)
		cl := c.Client(t) // which puts keys where Kafka's own partitioner does
		for _, r := range []*kgo.Record{
			record(orders, 0, "ord-1", 1, "{}", "X-Trace-Id", trace, "event-id", placedID), record(orders, 0, "pay-3", 2, `{"order":"ord-1"}`),
			record(orders, 0, "pay-7", 3, "{}", "X-Trace-Id", trace), record(orders, 0, "pay-9", 4, `{"causedBy":"`+placedID+`"}`),
		} {
			if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders}})
		if err != nil || len(r.Events) != 4 {
			t.Fatalf("%v, %v", err, r)
		}
		key, elsewhere := r.Events[0].Partition, 0
		for _, e := range r.Events[1:] {
			if e.Partition != key {
				elsewhere++
			}
		}
		if elsewhere == 0 {
			t.Errorf("all keys are in partition %d, so that this tells nothing: %v", key, story(r))
		}
		r, err = searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders}, NoFollow: true})
		if err != nil || len(r.Events) >= 4-elsewhere+1 || r.Searched.Topics[0].PartitionsRead != 1 {
			t.Errorf("not following: %v, %v", err, r)
		}
	})
}

func TestATraceThatOnlyAnotherKeysRecordNamesIsFollowedToo(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments, audit := c.Topic(t, 6), c.Topic(t, 6), c.Topic(t, 1)
		cl := c.Client(t) // which puts keys where Kafka's own partitioner does
		for _, r := range []*kgo.Record{
			record(orders, 0, "ord-1", 1, "{}"), record(payments, 0, "pay-7", 2, `{"order":"ord-1"}`, "X-Trace-Id", trace), record(audit, 0, "", 3, "", "X-Trace-Id", trace),
		} {
			if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		for _, all := range []bool{false, true} {
			r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, payments, audit}, All: all})
			if err != nil || len(r.Events) != 3 {
				t.Errorf("all %v: %v, %v", all, err, r)
			}
		}
	})
}

func TestAWindowLeavesOutWhatIsNotOfItsTime(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
		for _, one := range []struct {
			since, until time.Time
			want         []string
		}{
			{at(3), at(5), []string{payments + ":0:0"}},
			{at(5), time.Time{}, []string{orders + ":1:2"}},
			{time.Time{}, at(1), nil},
			{time.Time{}, at(2), []string{orders + ":1:1"}},
		} {
			r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, payments}, Since: one.since, Until: one.until})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one.want, places(r)); diff != "" {
				t.Errorf("from %v until %v: %s", one.since, one.until, diff)
			}
		}
	})
}

func TestAnIDOfEverythingEndsWithASentence(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 2)
		var recs []*kgo.Record
		for i := range 60 {
			recs = append(recs, record(topic, int32(i%2), fmt.Sprintf("ord-%d", i), i, `{"currency":"EUR"}`, "X-Correlation-Id", "nightly-batch"))
		}
		c.Produce(t, recs...)
		_, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "EUR", Topics: []string{topic}, Limit: 20})
		var many *timeline.TooManyError
		if !errors.As(err, &many) || many.Topics[topic] != 21 {
			t.Fatalf("%v", err)
		}
		// What is followed from one record doesn't end the search.
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-7", Topics: []string{topic}, Limit: 20})
		if err != nil || len(r.Events) != 1 {
			t.Fatalf("%v, %v", err, r)
		}
		if len(r.Followed) != 1 || r.Followed[0].Dropped == nil || r.Followed[0].ID != "nightly-batch" {
			t.Errorf("%+v", r.Followed)
		}
	})
}

func TestWhatIsOnlyLinkedIsBoundedAsAWhole(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 2)
	for i := range 10 {
		c.Produce(t, record(topic, 0, "ord-1", i, "{}", "X-Correlation-Id", fmt.Sprintf("batch-%d", i)), record(topic, 1, "other", i, "{}", "X-Correlation-Id", fmt.Sprintf("batch-%d", i)))
	}
	s := searcher(t, c)
	s.MaxLinked = 4
	r, err := s.Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}})
	if err != nil || len(r.Events) != 14 {
		t.Fatalf("%v, %v", err, places(r))
	}
	if want := "6 more records have ids that were followed, and not the id itself; a report has at most 4 such"; !slices.Contains(r.Notes, want) {
		t.Errorf("%q", r.Notes)
	}
}

func TestGroupsThatHaveNotComeThatFarAreNamed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		done, behind := c.Name(t, "done"), c.Name(t, "behind")
		c.Commit(t, done, orders, map[int32]int64{0: 0, 1: 3, 2: 1})
		c.Commit(t, behind, orders, map[int32]int64{1: 1})
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, payments}, Groups: []string{done, behind}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range r.Missing {
			got = append(got, fmt.Sprintf("%s %s %s %d +%d", m.What, *m.Group, m.Coordinates, m.Behind, m.Records-1))
		}
		want := []string{fmt.Sprintf("not-consumed %s %s:1:1 1 +1", behind, orders)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, e := range r.Events {
			for _, g := range e.Groups {
				if g.Group == done && !*g.Passed {
					t.Errorf("%s has passed %s", done, e.Coordinates)
				}
			}
		}
		if _, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders}, Groups: []string{c.Name(t, "nobody")}}); err == nil {
			t.Error("a group that isn't there is no error")
		}
	})
}

func TestWhatIsAbortedOrOpenIsNotFound(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		transact := func(n int, end kgo.TransactionEndTry) {
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), record(topic, 0, "ord-1", n, `{}`, "n", fmt.Sprint(n))).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
		transact(1, kgo.TryCommit) // 0, and its marker
		transact(2, kgo.TryAbort)  // 2
		transact(3, kgo.TryCommit) // 4
		transact(4, kgo.TryAbort)  // 6
		transact(5, kgo.TryCommit) // 8
		c.Produce(t, record(topic, 0, "ord-1", 6, "{}"))
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{topic + ":0:0", topic + ":0:4", topic + ":0:8", topic + ":0:10"}
		if diff := cmp.Diff(want, places(r)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCompressedBatchesAreLookedInto(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		for i, codec := range []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(), kgo.NoCompression()} {
			cl := c.Client(t, kgo.ProducerBatchCompression(codec))
			value := fmt.Sprintf(`{"id":"ord-1","pad":%q}`, strings.Repeat("x", 500))
			if err := cl.ProduceSync(t.Context(), record(topic, 0, "", i, value)).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}})
		if err != nil || len(r.Events) != 5 || len(r.Unread) > 0 {
			t.Fatalf("%v, %+v", err, r)
		}
	})
}

func TestTopicsByPattern(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders[:len(orders)-1] + "*"}})
		if err != nil || !slices.Contains(places(r), orders+":1:1") {
			t.Fatalf("%v, %v", err, r)
		}
		var missing *timeline.TopicNotFoundError
		for _, wrong := range []string{payments + "-not-there", payments + "-no*"} {
			if _, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "x", Topics: []string{wrong}}); !errors.As(err, &missing) || missing.Topic != wrong {
				t.Errorf("%s: %v", wrong, err)
			}
		}
	})
}

func TestAskedWrongly(t *testing.T) {
	c := kafkatest.Fake(t)
	for name, q := range map[string]timeline.Query{
		"no id":             {},
		"blanks":            {ID: "  "},
		"too long":          {ID: strings.Repeat("x", 1001)},
		"an empty window":   {ID: "x", Since: began, Until: began},
		"a broken pattern":  {ID: "x", Topics: []string{"[a"}},
		"an empty step":     {ID: "x", Expect: []string{""}},
		"a negative limit":  {ID: "x", Limit: -1},
		"the key's and all": {ID: "x", Key: true, All: true},
	} {
		var wrong *timeline.RequestError
		if _, err := searcher(t, c).Search(t.Context(), q); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnInterruptedSearchGivesWhatItHas(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, payments := shop(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		s := searcher(t, c)
		s.Progress = func(done, total int64) {
			if done >= total { // all is read once
				cancel()
			}
		}
		r, err := s.Search(ctx, timeline.Query{ID: "ord-1", Topics: []string{orders, payments}, NoFollow: true, All: true})
		if !errors.Is(err, context.Canceled) || r == nil || !r.Interrupted {
			t.Fatalf("%v, %+v", err, r)
		}
		if len(r.Events) == 0 || len(r.Missing) > 0 {
			t.Errorf("%+v", r)
		}
	})
}
