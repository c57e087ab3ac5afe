package orderflow

import (
	"context"

	"github.com/google/uuid"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// delivery ships what is both paid and reserved, and cancels what can't be reserved.
//
// The pattern is the join: two topics have no order between them, so that whichever
// event comes first is written down, and the second one does the work.
type delivery struct{ shop *shop }

func (s *shop) openDelivery(_ context.Context, t *trace.Tracer) error {
	d := &delivery{s}
	return s.join(Delivery, t, consume.Config{
		Group: event.DeliveryGroup, Topics: []string{event.PaymentTopic, event.InventoryTopic}, Handle: d.handle,
	})
}

func (d *delivery) handle(ctx context.Context, m consume.Message) error {
	switch e := m.Event.(type) {
	case *event.OrderPaidEvent:
		return d.ready(ctx, m, e.OrderID, store.Paid)
	case *event.StockReservedEvent:
		return d.ready(ctx, m, e.OrderID, store.Reserved)
	case *event.StockRejectedEvent:
		return d.shop.once(ctx, "delivery", m, func(tx *store.Tx) error {
			now := d.shop.Clock()
			cancelled := &event.OrderCancelledEvent{OrderID: e.OrderID, Reason: e.Reason, Timestamp: now.UnixMilli()}
			return tx.Tell("order", cancelled, m.Envelope.Causes(cancelled), now)
		})
	}
	return nil
}

func (d *delivery) ready(ctx context.Context, m consume.Message, orderID string, part store.Part) error {
	return d.shop.once(ctx, "delivery", m, func(tx *store.Tx) error {
		now := d.shop.Clock()
		shipped := &event.OrderShippedEvent{
			OrderID: orderID, TrackingID: "parcel-" + uuid.NewSHA1(uuid.NameSpaceDNS, []byte(orderID)).String()[:8], Timestamp: now.UnixMilli(),
		}
		goes, err := tx.Ready(orderID, part, shipped.TrackingID, now)
		if err != nil || !goes {
			return err
		}
		envelope := m.Envelope.Causes(shipped)
		envelope.ID = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(orderID+" "+shipped.Type())) // whichever event came last
		return tx.Tell("order", shipped, envelope, now)
	})
}
