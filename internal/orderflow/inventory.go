package orderflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// inventory reserves stock for orders.
//
// The pattern is effectively once: Kafka delivers an event again after a crash, and
// the database knows that it was processed, as its id was written in the transaction
// of the reservation. The event that tells of the reservation is in that transaction,
// too.
type inventory struct {
	db    *store.DB
	pace  *pace
	shop  *shop
	fault faults
}

func (s *shop) openInventory(_ context.Context, t *trace.Tracer) error {
	s.jobs = append(s.jobs, job{Inventory, s.purge})
	i := &inventory{db: s.db, pace: newPace(s.Capacity.Inventory), shop: s, fault: s.faults}
	return s.join(Inventory, t, consume.Config{Group: event.InventoryGroup, Topics: []string{event.OrderTopic}, Handle: i.handle})
}

// purgeEvery is how often events that were processed long ago are forgotten.
const purgeEvery = time.Hour

// purge forgets, at once and then every hour, what no service will see again.
func (s *shop) purge(ctx context.Context) error {
	for {
		n, err := s.db.Purge(ctx, s.Clock())
		if err != nil && ctx.Err() == nil {
			s.Logger.Warn("purging later", "error", err)
		}
		s.Logger.Debug("purged", "events", n)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(purgeEvery):
		}
	}
}

// errMissing gives up a reservation that can't be made in full.
var errMissing = errors.New("not enough in stock")

func (i *inventory) handle(ctx context.Context, m consume.Message) error {
	placed, ok := m.Event.(*event.OrderPlacedEvent)
	if !ok {
		return nil // shipped, cancelled: nothing to reserve
	}
	if err := i.pace.wait(ctx); err != nil {
		return err
	}
	if i.fault.fail != nil {
		if err := i.fault.fail(placed); err != nil {
			return err
		}
	}
	missing := ""
	err := i.once(ctx, m, func(tx *store.Tx) (err error) {
		now := i.shop.Clock()
		if missing, err = tx.Reserve(placed.OrderID, placed.Items, now); err != nil {
			return err
		}
		if missing != "" {
			return errMissing
		}
		reserved := &event.StockReservedEvent{OrderID: placed.OrderID, Items: placed.Items, Timestamp: now.UnixMilli()}
		return tx.Tell("inventory", reserved, m.Envelope.Causes(reserved), now)
	})
	if errors.Is(err, errMissing) {
		return i.reject(ctx, m, placed, missing)
	}
	return err
}

// reject tells that an order's items are not to be had after all.
func (i *inventory) reject(ctx context.Context, m consume.Message, placed *event.OrderPlacedEvent, missing string) error {
	return i.once(ctx, m, func(tx *store.Tx) error {
		now := i.shop.Clock()
		rejected := &event.StockRejectedEvent{
			OrderID: placed.OrderID, Items: []string{missing}, Reason: fmt.Sprintf("not enough of %s", missing), Timestamp: now.UnixMilli(),
		}
		return tx.Tell("inventory", rejected, m.Envelope.Causes(rejected), now)
	})
}

func (i *inventory) once(ctx context.Context, m consume.Message, work func(*store.Tx) error) error {
	if i.fault.forgetful {
		return i.db.Do(ctx, work)
	}
	return i.shop.once(ctx, "inventory", m, work)
}

// once does a service's work for an event once, however often it is delivered. A
// database that is gone for a while is waited for.
func (s *shop) once(ctx context.Context, service string, m consume.Message, work func(*store.Tx) error) error {
	again := func(err error) { s.Logger.Warn("working again", "service", service, "error", err) }
	return store.Retry(ctx, again, func() error {
		first, err := s.db.Once(ctx, service, m.Envelope.ID, s.Clock(), work)
		if err == nil && !first {
			s.duplicates.Add(1)
		}
		return err
	})
}
