package relay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

const soon = time.Minute

func open(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// shop writes events of several orders, and remembers those of each in their order.
type shop struct {
	db *store.DB

	mu      sync.Mutex
	written map[string][]uuid.UUID
	events  int
}

func newShop(db *store.DB) *shop { return &shop{db: db, written: map[string][]uuid.UUID{}} }

// write writes an order's next event. A commit whose answer is lost is tried again, and
// written once.
func (s *shop) write(ctx context.Context, order string) error {
	e := &event.OrderPlacedEvent{OrderID: order, Items: []string{"tea"}}
	row := store.Row{
		ID: uuid.New(), AggregateID: order, AggregateType: "order", EventType: e.Type(),
		Payload: []byte(`{"orderId":"` + order + `","items":["tea"]}`), CreatedAt: time.Now(),
	}
	err := store.Retry(ctx, func(error) {}, func() error {
		_, err := s.db.Once(ctx, "shop", row.ID, time.Now(), func(tx *store.Tx) error { return tx.Publish(row) })
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written[order] = append(s.written[order], row.ID)
	s.events++
	return nil
}

// fill writes n events of three orders in turn.
func (s *shop) fill(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if err := s.write(t.Context(), fmt.Sprintf("o-%d", i%3)); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitEmpty waits until everything is marked as published.
func (s *shop) awaitEmpty(t *testing.T) {
	t.Helper()
	kafkatest.Eventually(t, soon, "the outbox to be published", func() (bool, string) {
		rows, err := s.db.Waiting(t.Context(), 1000)
		return err == nil && len(rows) == 0, fmt.Sprintf("%d events wait, %v", len(rows), err)
	})
}

// compare reads the topic and says what it has too much: each event has to be there,
// each order's in their order where the first delivery counts.
func (s *shop) compare(t *testing.T, c *kafkatest.Cluster, topic string) (duplicates int) {
	t.Helper()
	cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	seen, got := map[uuid.UUID]bool{}, map[string][]uuid.UUID{}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	ends, records := ends(t, c, topic), int64(0)
	for records < ends {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d records read: %v", records, ends, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			records++
			envelope, err := event.Open(r)
			if err != nil {
				t.Fatal(err)
			}
			if seen[envelope.ID] {
				duplicates++
				return
			}
			seen[envelope.ID] = true
			got[string(r.Key)] = append(got[string(r.Key)], envelope.ID)
		})
	}
	for order, want := range s.written {
		if !slices.Equal(got[order], want) {
			t.Errorf("order %s: %d events in the topic, %d written, or in another order", order, len(got[order]), len(want))
		}
	}
	return duplicates
}

// ends is the number of records in the topic.
func ends(t *testing.T, c *kafkatest.Cluster, topic string) (n int64) {
	t.Helper()
	listed, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, partition := range listed[topic] {
		n += partition.Offset
	}
	return n
}
