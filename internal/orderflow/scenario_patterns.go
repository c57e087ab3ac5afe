package orderflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// wrongKey keys payments by their own ids. Charge and refund of one order are in
// different partitions then, and whoever reads them may read the refund first.
func wrongKey(ctx context.Context, st *stage) error {
	broken := st.broken(func(f *faults) { f.wrongKey, f.scarce, f.about = true, true, event.PaymentTopic })
	mended := st.good()
	mended.faults.scarce = true
	b, m, err := st.contrast(ctx, broken, mended)
	if err != nil {
		return err
	}
	if b.Refunded == 0 {
		st.broke("no order had to be refunded, so that nothing could overtake: with more orders stock runs out")
	} else {
		st.broke("orders cancelled and refunded: %d", b.Refunded)
		st.broke("orders with events scattered over several partitions of %s: %d; nothing keeps a refund behind its charge",
			st.topic(event.PaymentTopic), st.count("all of an order's events on a topic are in one partition"))
	}
	if m.Refunded == 0 {
		st.mended("keyed by the order, a refund is always behind its charge, in the same partition; here none was needed")
	} else {
		st.mended("keyed by the order, refunds are behind their charges, in the same partition: all %d of them", m.Refunded)
	}
	payments := st.topic(event.PaymentTopic)
	st.show("doctor --topic "+payments, "replay check-idempotent --topic "+payments)
	return nil
}

// dualWrite sends the event inside of the transaction.
func dualWrite(ctx context.Context, st *stage) error {
	broken := st.broken(func(f *faults) {
		f.compared = true
		f.lose = func(id string) bool { return checksum(id)%9 == 0 }
		f.giveUp = func(id string) bool { return checksum(id)%9 == 1 }
	})
	if broken.Database == "" { // so that somebody else can look at it, too
		db, err := store.Open(ctx, "")
		if err != nil {
			return err
		}
		defer db.Close()
		broken.Database = db.URL()
	}
	_, m, err := st.contrast(ctx, broken, st.good())
	if err != nil {
		return err
	}
	st.broke("%d orders have no event: nobody reserves, charges or ships them, and no error was seen by anyone",
		st.count("every order has its event in Kafka"))
	st.broke("%d events have no order: ghosts, for which stock is reserved and money is charged",
		st.count("every event in Kafka has an order"))
	st.mended("with the outbox the %d orders have one event each, and there are no others", m.Placed)
	if st.Database != "" {
		st.show(fmt.Sprintf("doctor --topic %s --database %s", st.orders(), store.Redact(st.Database)))
	}
	st.show(fmt.Sprintf("lag --topic %s", st.orders()))
	return nil
}

// duplicates kills the inventory service between its work and its commit. The next
// one gets everything again.
func duplicates(ctx context.Context, st *stage) error {
	v, _, err := crashed(ctx, st.broken(func(f *faults) { f.forgetful, f.about = true, event.InventoryTopic }))
	if err != nil {
		return err
	}
	mv, dropped, err := crashed(ctx, st.good())
	if err != nil {
		return err
	}
	st.out.Broken, st.out.StillBroken = v.Broken(), mv.Broken()
	st.broke("%d orders are reserved twice: the service died after its work and before its commit, and the next one got the same events",
		st.count("no "+string(store.DoubleReservation)))
	st.mended("with processed_events in the transaction of the reservation, the %d events that came again were known, and did nothing", dropped)
	st.show("doctor --topic "+st.topic(event.InventoryTopic), fmt.Sprintf("lag --group %s", st.group(event.InventoryGroup)))
	return nil
}

// crashed runs a flow whose inventory service dies before it has committed anything,
// and another one that takes over.
func crashed(ctx context.Context, c Config) (*Verification, int64, error) {
	first := c
	first.faults.crash = true
	if c.Database == "" { // both are on the same one
		db, err := store.Open(ctx, "")
		if err != nil {
			return nil, 0, err
		}
		defer db.Close()
		c.Database, first.Database = db.URL(), db.URL()
	}
	p, err := start(ctx, first)
	if err != nil {
		return nil, 0, err
	}
	err = p.order(ctx)
	if err == nil {
		err = p.eventually(ctx, "all is reserved", func(ctx context.Context) (bool, error) {
			counts, err := p.db.Count(ctx)
			return counts.Reserved >= counts.Orders && counts.Orders > 0, err
		})
	}
	if err = errors.Join(err, p.end()); err != nil {
		return nil, 0, err
	}
	c.Only = []Service{Inventory, Relay, Payment, Delivery, Notification, Analytics}
	if p, err = start(ctx, c); err != nil {
		return nil, 0, err
	}
	p.customers = &customers{shop: p.shop} // they have what they wanted
	var v *Verification
	if err = p.settled(ctx); err == nil {
		v, err = p.verify(ctx)
	}
	if err == nil {
		err = c.held(ctx)
	}
	dropped := p.duplicates.Load()
	return v, dropped, errors.Join(err, p.end())
}

// burst places orders as fast as the shop takes them, which is faster than the
// inventory service reserves.
func burst(ctx context.Context, st *stage) error {
	st.Orders, st.Rate = max(st.Orders, 1500), 0
	st.Capacity = Capacity{Inventory: 400}
	without, err := flood(ctx, st.broken(func(f *faults) { f.noPressure = true }))
	if err != nil {
		return err
	}
	with, err := flood(ctx, st.good())
	if err != nil {
		return err
	}
	group := st.group(event.InventoryGroup)
	st.broke("%s was %d orders behind after %s, and needed %s more to be done with them", group, without.lag, round(without.placed), round(without.drained))
	st.broke("it had %d records in memory at once: all that the brokers gave it", without.peak)
	st.mended("with backpressure it had %d in memory at most, paused %d times, and was done as soon: the rest waits in Kafka, where there is room", with.peak, with.pauses)
	st.show(fmt.Sprintf("lag --group %s", group), "lag watch")
	return nil
}

// flooded is what a burst did.
type flooded struct {
	placed, drained time.Duration
	lag             int64
	peak, pauses    int64
}

func flood(ctx context.Context, c Config) (f flooded, err error) {
	p, err := start(ctx, c)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	began := time.Now()
	if err := p.order(ctx); err != nil {
		return f, err
	}
	if err := p.heldAtPeak(ctx, c); err != nil {
		return f, err
	}
	f.placed = time.Since(began)
	lags, err := p.lags(ctx)
	if err != nil {
		return f, err
	}
	f.lag = lags[p.topic(event.InventoryGroup)]
	if err := p.settled(ctx); err != nil {
		return f, err
	}
	f.drained = time.Since(began) - f.placed
	stats := p.consumers[Inventory].Stats()
	f.peak, f.pauses = stats.Peak, stats.Pauses
	return f, nil
}

// heldAtPeak lets somebody look, while customers go on ordering.
func (p *playing) heldAtPeak(ctx context.Context, c Config) error {
	if c.faults.hold == nil {
		return nil
	}
	looking := make(chan error, 1)
	go func() { looking <- c.held(ctx) }()
	for {
		select {
		case err := <-looking:
			return err
		default:
			p.customers.shop.Seed++ // more customers
			if err := p.order(ctx); err != nil {
				return errors.Join(err, <-looking)
			}
		}
	}
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
