package order

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// DualWrite is what the outbox is there to avoid: the event is sent inside of the
// transaction, before its end is known. Where the transaction is given up after that,
// there is an event without an order, a ghost; and where sending fails and is passed
// over, an order without an event, which is lost for everybody else.
type DualWrite struct {
	DB   *store.DB
	Send func(context.Context, event.Event, event.Envelope) error
	// Lose makes sending fail for an order, GiveUp its transaction.
	Lose, GiveUp func(orderID string) bool
}

// Record is a Config's Record.
func (d *DualWrite) Record(ctx context.Context, o store.Order, e event.Event, v event.Envelope) (existing string, err error) {
	err = d.DB.Do(ctx, func(tx *store.Tx) error {
		if existing, err = tx.PlaceOrder(o); err != nil || existing != "" {
			return err
		}
		if !d.Lose(o.ID) { // a time-out whose error was logged and forgotten
			if err := d.Send(ctx, e, v); err != nil {
				return err
			}
		}
		if d.GiveUp(o.ID) {
			return fmt.Errorf("write order %s: the database refused the transaction", o.ID)
		}
		return nil
	})
	return existing, err
}
