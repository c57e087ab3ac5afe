package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/google/uuid"
)

// plenty is more than a test can take from stock.
const plenty = 1_000_000

// work handles event after event until stop is closed: each takes a piece from stock,
// places an order and tells of it. It counts the events it handled.
func work(t *testing.T, db *store.DB, worker int, stop <-chan struct{}, handled, failures *atomic.Int64) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		id, order := uuid.New(), fmt.Sprintf("o-%d-%d", worker, n)
		tell := func(err error) {
			failures.Add(1)
			if !store.Passing(err) {
				t.Errorf("told of an error that stays: %v", err)
			}
		}
		err := store.Retry(t.Context(), tell, func() error {
			_, err := db.Once(t.Context(), "inventory", id, noon, func(tx *store.Tx) error {
				if _, err := tx.PlaceOrder(store.Order{ID: order, Items: []string{"tea"}, PlacedAt: noon}); err != nil {
					return err
				}
				if missing, err := tx.Reserve(order, []string{"tea"}, noon); err != nil || missing != "" {
					return fmt.Errorf("missing %q: %w", missing, err)
				}
				return tx.Publish(row(order, "OrderPlacedEvent"))
			})
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", order, err)
			return
		}
		handled.Add(1)
	}
}

func TestWorkGoesOnAfterTheDatabaseWasKilledAndNothingIsLostOrDoubled(t *testing.T) {
	server := kafkatest.OwnPostgres(t)
	db := open(t, server.URL(t))
	if err := db.SetStock(t.Context(), map[string]int64{"tea": plenty}); err != nil {
		t.Fatal(err)
	}
	var handled, failures atomic.Int64
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() { work(t, db, worker, stop, &handled, &failures) })
	}
	end := sync.OnceFunc(func() { close(stop); workers.Wait() })
	t.Cleanup(end)
	for round := range 4 {
		before, failed := handled.Load(), failures.Load()
		kafkatest.Eventually(t, time.Minute, "work to go on", func() (bool, string) {
			now := handled.Load()
			return now >= before+50 || t.Failed(), fmt.Sprintf("%d events more", now-before)
		})
		if round == 3 || t.Failed() {
			break
		}
		server.Kill(t)
		kafkatest.Eventually(t, time.Minute, "the loss to be noticed", func() (bool, string) {
			return failures.Load() > failed, "no transaction failed"
		})
		server.Start(t)
	}
	end()
	events := handled.Load()
	c, err := db.Count(t.Context())
	if err != nil || c.Orders != events || c.Reserved != events || c.Waiting != events {
		t.Errorf("%d events were handled; the database has %+v, %v", events, c, err)
	}
	left, err := db.InStock(t.Context(), "tea")
	if err != nil || plenty-left != events {
		t.Errorf("%d pieces were taken for %d events, %v", plenty-left, events, err)
	}
	found, err := db.Violations(t.Context())
	for kind, orders := range found {
		if len(orders) != 0 {
			t.Errorf("%s: %v", kind, orders)
		}
	}
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d events, %d attempts failed", events, failures.Load())
}
