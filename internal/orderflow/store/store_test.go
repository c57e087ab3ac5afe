package store_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// each runs a test on every kind of database.
func each(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("SQLite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, kafkatest.Postgres(t).URL(t)) })
}

func open(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func row(orderID, kind string) store.Row {
	return store.Row{
		ID: uuid.New(), AggregateID: orderID, AggregateType: "order", EventType: kind,
		Payload: []byte(`{"orderId":"` + orderID + `"}`), CreatedAt: noon, TraceParent: "00-a-b-01", CorrelationID: "c",
	}
}

// place writes an order with its event.
func place(t *testing.T, db *store.DB, id string) {
	t.Helper()
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PlaceOrder(store.Order{ID: id, Amount: 12.5, Items: []string{"tea", "tea", "cup"}, PlacedAt: noon}); err != nil {
			return err
		}
		return tx.Publish(row(id, "OrderPlacedEvent"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOrderAndItsEventAreThereTogetherOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		place(t, db, "o-1")
		failing := db.Do(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.PlaceOrder(store.Order{ID: "o-2", Items: []string{"tea"}, PlacedAt: noon}); err != nil {
				return err
			}
			return context.DeadlineExceeded
		})
		if failing == nil {
			t.Fatal("a transaction whose work failed was committed")
		}
		rows, err := db.Waiting(t.Context(), 10)
		if err != nil || len(rows) != 1 || rows[0].AggregateID != "o-1" || rows[0].TraceParent != "00-a-b-01" || !rows[0].CreatedAt.Equal(noon) {
			t.Errorf("the outbox has %+v, %v", rows, err)
		}
		if _, there, err := db.FindOrder(t.Context(), "o-2"); there || err != nil {
			t.Errorf("o-2 is there: %v, %v", there, err)
		}
		o, there, err := db.FindOrder(t.Context(), "o-1")
		if err != nil || !there || o.Amount != 12.5 || len(o.Items) != 3 || o.CustomerTier != nil {
			t.Errorf("o-1 is %+v, %v, %v", o, there, err)
		}
	})
}

func TestAnEventIsProcessedOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		id, done := uuid.New(), 0
		work := func(tx *store.Tx) error { done++; return tx.Notify("o-1", "thanks", noon) }
		for i := range 3 {
			first, err := db.Once(t.Context(), "inventory", id, noon, work)
			if err != nil || first != (i == 0) {
				t.Errorf("delivery %d: first %v, %v", i, first, err)
			}
		}
		if first, err := db.Once(t.Context(), "payment", id, noon, work); err != nil || !first {
			t.Errorf("another consumer: first %v, %v", first, err)
		}
		if c, err := db.Count(t.Context()); err != nil || done != 2 || c.Notified != 2 {
			t.Errorf("done %d times, %+v, %v", done, c, err)
		}
		if n, err := db.Purge(t.Context(), noon.Add(store.RememberFor)); n != 0 || err != nil {
			t.Errorf("after 7 days %d were forgotten, %v", n, err)
		}
		if n, err := db.Purge(t.Context(), noon.Add(store.RememberFor+time.Millisecond)); n != 2 || err != nil {
			t.Errorf("after more than 7 days %d were forgotten, %v", n, err)
		}
	})
}

func TestTheOutboxGivesEventsInOrderUntilTheyArePublished(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		for _, id := range []string{"o-1", "o-2", "o-3"} {
			place(t, db, id)
		}
		rows, err := db.Waiting(t.Context(), 2)
		if err != nil || len(rows) != 2 || rows[0].AggregateID != "o-1" || rows[1].AggregateID != "o-2" {
			t.Fatalf("%+v, %v", rows, err)
		}
		if err := db.MarkPublished(t.Context(), []uuid.UUID{rows[0].ID, rows[1].ID}, noon); err != nil {
			t.Fatal(err)
		}
		if rows, err = db.Waiting(t.Context(), 2); err != nil || len(rows) != 1 || rows[0].AggregateID != "o-3" {
			t.Fatalf("%+v, %v", rows, err)
		}
		if n, err := db.Archive(t.Context(), noon, 10); n != 0 || err != nil {
			t.Errorf("archived %d that aren't old, %v", n, err)
		}
		if n, err := db.Archive(t.Context(), noon.Add(time.Hour), 1); n != 1 || err != nil {
			t.Errorf("archived %d, want 1, %v", n, err)
		}
		found, err := db.Violations(t.Context())
		if err != nil || len(found[store.OrderWithoutEvent]) != 0 {
			t.Errorf("archived events still count: %v, %v", found, err)
		}
	})
}

func TestStockIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		if err := db.SetStock(t.Context(), map[string]int64{"tea": 3, "cup": 1}); err != nil {
			t.Fatal(err)
		}
		reserve := func(items ...string) (missing string) {
			err := db.Do(t.Context(), func(tx *store.Tx) (err error) {
				missing, err = tx.Reserve("o-1", items, noon)
				if err == nil && missing != "" {
					return errMissing
				}
				return err
			})
			if err != nil && err != errMissing {
				t.Fatal(err)
			}
			return missing
		}
		if missing := reserve("tea", "cup", "tea"); missing != "" {
			t.Errorf("%s is missing", missing)
		}
		if missing := reserve("tea", "tea"); missing != "tea" {
			t.Errorf("%q is missing, want tea", missing)
		}
		if left, err := db.InStock(t.Context(), "tea"); left != 1 || err != nil {
			t.Errorf("%d left, %v", left, err)
		}
		if _, err := db.InStock(t.Context(), "cake"); err == nil {
			t.Error("a SKU that isn't there has stock")
		}
	})
}

type missingError struct{}

func (missingError) Error() string { return "missing" }

var errMissing error = missingError{}

func TestAnOrderIsShippedWhenItIsPaidAndReservedInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		for id, parts := range map[string][]store.Part{"o-1": {store.Paid, store.Reserved}, "o-2": {store.Reserved, store.Paid}} {
			for i, part := range append(parts, store.Paid) {
				var shipped bool
				err := db.Do(t.Context(), func(tx *store.Tx) (err error) {
					shipped, err = tx.Ready(id, part, "t-"+id, noon)
					return err
				})
				if err != nil || shipped != (i == 1) {
					t.Errorf("%s, %s, step %d: shipped %v, %v", id, part, i, shipped, err)
				}
			}
		}
	})
}

func TestAKeyThatWasUsedGivesTheSameOrder(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		for _, id := range []string{"o-1", "o-2"} {
			err := db.Do(t.Context(), func(tx *store.Tx) error {
				existing, err := tx.PlaceOrder(store.Order{ID: id, Items: []string{"tea"}, IdempotencyKey: "k", PlacedAt: noon})
				if want := map[string]string{"o-1": "", "o-2": "o-1"}[id]; existing != want {
					t.Errorf("%s: existing %q, want %q", id, existing, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestViolationsNameTheirOrders(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url)
		place(t, db, "o-1")
		err := db.Do(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.PlaceOrder(store.Order{ID: "lost", Items: []string{}, PlacedAt: noon}); err != nil {
				return err
			}
			if err := tx.Publish(row("ghost", "OrderPlacedEvent")); err != nil {
				return err
			}
			for _, id := range []string{"o-1", "o-1", "ghost"} {
				if _, err := tx.Reserve(id, nil, noon); err != nil {
					return err
				}
			}
			if err := tx.Charge(store.Payment{ID: "p-1", OrderID: "o-1", Amount: 1}, noon); err != nil {
				return err
			}
			if err := tx.Charge(store.Payment{ID: "p-2", OrderID: "o-1", Amount: 1}, noon); err != nil {
				return err
			}
			for _, part := range []store.Part{store.Paid, store.Reserved} {
				if _, err := tx.Ready("ghost", part, "t", noon); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := db.Violations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[store.Violation]string{
			store.OrderWithoutEvent: "lost", store.EventWithoutOrder: "ghost", store.ReservationWithoutOrder: "ghost",
			store.DoubleReservation: "o-1", store.OrderWithoutReservation: "lost", store.DoubleCharge: "o-1", store.ShippedUnpaid: "ghost",
		} {
			if got := found[kind]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %v, want %s", kind, got, want)
			}
		}
		if len(found[store.ChargeWithoutOrder]) != 0 {
			t.Errorf("%v", found)
		}
	})
}

func TestSeveralMayOpenADatabaseAtOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				db, err := store.Open(context.Background(), url)
				if err == nil {
					err = db.SetStock(context.Background(), map[string]int64{"tea": 1})
					db.Close()
				}
				errs <- err
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhatIsNoDatabase(t *testing.T) {
	for _, url := range []string{"mysql://localhost/shop", "sqlite:", "sqlite:/no/such/folder/shop.db", "postgres://nobody:secret@127.0.0.1:1/shop?connect_timeout=1"} {
		db, err := store.Open(t.Context(), url)
		if err == nil {
			db.Close()
			t.Errorf("%s was opened", url)
		} else if text := err.Error(); len(text) > 400 || strings.Contains(text, "secret") {
			t.Errorf("%s: %s", url, text)
		}
	}
}
