package copies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/evtctl/evtctl/replay/copies"
)

// soon is what a test allows a cluster for anything.
const soon = time.Minute

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// job is one copy, asked for again and again.
type job struct {
	c        *kafkatest.Cluster
	from, to string
	start    string
	until    string
	change   func(*copies.Request)
	writer   func(*copies.Writer)
}

// newJob makes two topics of as many partitions.
func newJob(t testing.TB, c *kafkatest.Cluster, partitions int32, configs ...string) *job {
	t.Helper()
	return &job{
		c: c, from: c.Topic(t, partitions, "retention.ms=-1"), to: c.Topic(t, partitions, configs...), start: "start", until: "end",
		change: func(*copies.Request) {}, writer: func(*copies.Writer) {},
	}
}

func (j *job) request(t testing.TB) copies.Request {
	t.Helper()
	now := time.Now()
	start, err := replay.ParsePosition(j.start, now)
	if err != nil {
		t.Fatal(err)
	}
	until, err := replay.ParsePosition(j.until, now)
	if err != nil {
		t.Fatal(err)
	}
	req := copies.Request{From: replay.Selection{Topic: j.from}, To: j.to, Start: start, Until: until, Now: now}
	j.change(&req)
	return req
}

func (j *job) plan(t testing.TB) (*copies.Plan, error) {
	t.Helper()
	view := copies.Look(j.c.Client(t))
	return copies.NewPlan(t.Context(), view, view, j.request(t))
}

func (j *job) mustPlan(t testing.TB) *copies.Plan {
	t.Helper()
	p, err := j.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (j *job) newWriter(t testing.TB) *copies.Writer {
	t.Helper()
	w := &copies.Writer{
		Client: j.c.Client(t), Options: []kgo.Opt{kgo.SeedBrokers(j.c.Brokers()...), kgo.MetadataMinAge(50 * time.Millisecond)},
		Who: "alice", Job: j.c.Name(t, "job"),
	}
	j.writer(w)
	return w
}

// run plans and applies, and must succeed.
func (j *job) run(t testing.TB) *copies.Receipt {
	t.Helper()
	r, err := j.newWriter(t).Apply(t.Context(), j.mustPlan(t))
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return r
}

// said is a receipt's counts.
func said(r *copies.Receipt) string {
	return fmt.Sprintf("planned %d done %d skipped %d failed %d none %d left %d", r.Planned, r.Done, r.Skipped, r.Failed, r.NoRecord, r.Left)
}

// written is a record in words: what a copy is to keep.
func written(r *kgo.Record) string {
	data := func(b []byte) string {
		if b == nil {
			return "null"
		}
		return fmt.Sprintf("%q", b)
	}
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, h.Key+"="+data(h.Value))
	}
	return fmt.Sprintf("%d %s=%s [%s]", r.Partition, data(r.Key), data(r.Value), strings.Join(headers, " "))
}

// texts gives records in words, by partition and in order.
func texts(records []*kgo.Record) map[int32][]string {
	all := map[int32][]string{}
	for _, r := range records {
		all[r.Partition] = append(all[r.Partition], written(r))
	}
	return all
}

// copied checks the headers of a copy, and gives it without them.
func copied(t testing.TB, j *job, id string, r *kgo.Record) (plain *kgo.Record, from string) {
	t.Helper()
	n := len(r.Headers) - 3
	if n < 0 || r.Headers[n].Key != copies.HeaderID || r.Headers[n+1].Key != copies.HeaderFrom || r.Headers[n+2].Key != copies.HeaderTime {
		t.Fatalf("the headers of a copy: %+v", r.Headers)
	}
	from = string(r.Headers[n+1].Value)
	if string(r.Headers[n].Value) != id || !strings.HasPrefix(from, j.from+":") {
		t.Fatalf("the headers of a copy: %s", written(r))
	}
	plain = &kgo.Record{Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers[:n]}
	plain.Timestamp, _ = time.Parse(time.RFC3339, string(r.Headers[n+2].Value))
	return plain, from
}

// orders are records of an order topic: one a minute from noon, in turn for each
// partition.
func orders(topic string, partitions, n int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{
			Topic: topic, Partition: int32(i % partitions), Key: fmt.Appendf(nil, "order-%d", i%17), Timestamp: noon.Add(time.Duration(i) * time.Minute),
			Value: fmt.Appendf(nil, `{"n": %d, "email": "c%d@example.org"}`, i, i), Headers: []kgo.RecordHeader{{Key: "event-id", Value: fmt.Appendf(nil, "e%d", i)}},
		}
	}
	return records
}

func placeOf(topic string, partition int32, offset int64) string {
	return fmt.Sprintf("%s:%d:%d", topic, partition, offset)
}
