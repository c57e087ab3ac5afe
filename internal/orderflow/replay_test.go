package orderflow_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/replay"
)

// reading notes each record that a client of it has handed to its consumer.
type reading struct {
	mu   sync.Mutex
	read []string
}

func (r *reading) OnFetchRecordUnbuffered(rec *kgo.Record, polled bool) {
	if polled {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.read = append(r.read, place(rec))
	}
}

func place(r *kgo.Record) string { return fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset) }

// all reads a topic as it is.
func all(t *testing.T, c *kafkatest.Cluster, topic string) (list []*kgo.Record) {
	t.Helper()
	ends, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	ends.Each(func(o kadm.ListedOffset) { total += int(o.Offset) })
	cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for len(list) < total {
		fetches := cl.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, fetches.Records()...)
	}
	return list
}

// rawCommits is the broker's own answer about a group's commits, in its bytes: offsets,
// epochs and metadata.
func rawCommits(t *testing.T, c *kafkatest.Cluster, group string) string {
	t.Helper()
	req := kmsg.NewPtrOffsetFetchRequest()
	of := kmsg.NewOffsetFetchRequestGroup()
	of.Group = group
	req.Groups = []kmsg.OffsetFetchRequestGroup{of}
	resp, err := req.RequestWith(t.Context(), c.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range resp.Groups { // brokers list them in any order
		slices.SortFunc(g.Topics, func(a, b kmsg.OffsetFetchResponseGroupTopic) int { return cmp.Compare(a.Topic, b.Topic) })
		for _, topic := range g.Topics {
			slices.SortFunc(topic.Partitions, func(a, b kmsg.OffsetFetchResponseGroupTopicPartition) int {
				return cmp.Compare(a.Partition, b.Partition)
			})
		}
	}
	if len(resp.Groups) != 1 || len(resp.Groups[0].Topics) == 0 {
		t.Fatalf("group %s has committed nothing: %+v", group, resp)
	}
	resp.ThrottleMillis = 0
	return string(resp.AppendTo(nil))
}

// contents is all that a shop's services have written, one row a line.
func contents(t *testing.T, url string) string {
	t.Helper()
	var lines []string
	for _, table := range []string{"orders", "reservations", "payments", "stock", "deliveries", "notifications", "processed_events"} {
		rows := query(t, url, fmt.Sprintf("SELECT CAST(x AS TEXT) FROM %s x", table))
		slices.Sort(rows)
		for _, row := range rows {
			lines = append(lines, table+": "+row)
		}
	}
	events := query(t, url, "SELECT id FROM outbox_events UNION SELECT id FROM outbox_archive") // published ones move on
	slices.Sort(events)
	return strings.Join(append(lines, events...), "\n")
}

// planned are the records that a plan has its group read, up to where the source stands,
// and how many of them make the inventory service work.
func planned(p *replay.Plan, records []*kgo.Record) (list []string, orders int) {
	for _, m := range p.Moves {
		for _, r := range records {
			if r.Partition != m.Partition || r.Offset < m.NewOffset || m.PriorOffset == nil || r.Offset >= *m.PriorOffset {
				continue
			}
			list = append(list, place(r))
			for _, h := range r.Headers {
				if h.Key == "event-type" && strings.HasSuffix(string(h.Value), "OrderPlacedEvent") {
					orders++
				}
			}
		}
	}
	slices.Sort(list)
	return list, orders
}

// The isolated group's consumer is the inventory service itself, on the same database:
// what it did once, it doesn't do again.
func TestAReplayOfTheInventoryServiceReadsWhatWasPlannedAndChangesNothing(t *testing.T) {
	c := kafkatest.Real(t)
	config := config(t, c)
	config.Database, config.RegistryURL = kafkatest.Postgres(t).URL(t), flowtest.Registry(t, c)
	if s := run(t, config); s.Reserved != 50 {
		t.Fatalf("%+v", s)
	}
	group, topic := config.Prefix+"inventory-group", config.Prefix+"order-events"
	commits, rows := rawCommits(t, c, group), contents(t, config.Database)
	records := all(t, c, topic)
	times := make([]time.Time, len(records))
	for i, r := range records {
		times[i] = r.Timestamp
	}
	slices.SortFunc(times, time.Time.Compare)

	adm := c.Admin(t)
	p, err := replay.NewPlan(t.Context(), adm, replay.Request{From: group, To: replay.AtTime(times[len(times)/3]), Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want, orders := planned(p, records)
	if len(want) == 0 || len(want) == len(records) || orders == 0 {
		t.Fatalf("the plan reads %d of %d records, %d orders: it shows nothing", len(want), len(records), orders)
	}
	if _, err := p.Apply(t.Context(), adm); err != nil {
		t.Fatal(err)
	}
	again := reread(t, c, config, p.Group)
	slices.Sort(again.read)
	if !slices.Equal(again.read, want) {
		t.Errorf("read again were %q, and planned were %q", again.read, want)
	}
	if again.summary.Duplicates != orders || again.summary.DeadLetters != 0 {
		t.Errorf("%d of %d orders were known: %+v", again.summary.Duplicates, orders, again.summary)
	}
	if rawCommits(t, c, group) != commits {
		t.Error("the source group's commits aren't as they were")
	}
	if now := contents(t, config.Database); now != rows {
		t.Errorf("the database was\n%s\nand is\n%s", rows, now)
	}
	holds(t, config)
}

// replayed is what a service did in an isolated group.
type replayed struct {
	*reading
	summary *orderflow.Summary
}

// reread runs the inventory service in an isolated group until that has caught up.
func reread(t *testing.T, c *kafkatest.Cluster, config orderflow.Config, group string) replayed {
	t.Helper()
	notes := &reading{}
	config.Only = []orderflow.Service{orderflow.Inventory}
	config.Groups = map[orderflow.Service]string{orderflow.Inventory: group}
	open := config.Open
	config.Open = func(ctx context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
		return open(ctx, append(opts, kgo.WithHooks(notes))...)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	var summary *orderflow.Summary
	go func() {
		var err error
		summary, err = orderflow.Run(ctx, config)
		ended <- err
	}()
	adm := c.Admin(t)
	kafkatest.Eventually(t, 2*time.Minute, "the isolated group where its source stands", func() (bool, string) {
		s, err := replay.Follow(t.Context(), adm, group, replay.Source(group))
		return err == nil && s.CaughtUp, fmt.Sprintf("%+v %v", s, err)
	})
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return replayed{notes, summary}
}
