package orderflow

import (
	"context"

	"github.com/google/uuid"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// payment charges orders, and gives back what was charged for those that are
// cancelled.
//
// The pattern is the key: events of payments have the order's id for a key, as all
// events of an order have. With the payment's they would be in any partition, and a
// refund could be read before its charge.
type payment struct {
	pace *pace
	shop *shop
}

func (s *shop) openPayment(_ context.Context, t *trace.Tracer) error {
	p := &payment{newPace(s.Capacity.Payment), s}
	return s.join(Payment, t, consume.Config{Group: event.PaymentGroup, Topics: []string{event.OrderTopic}, Handle: p.handle})
}

func (p *payment) handle(ctx context.Context, m consume.Message) error {
	if err := p.pace.wait(ctx); err != nil {
		return err
	}
	switch e := m.Event.(type) {
	case *event.OrderPlacedEvent:
		return p.charge(ctx, m, e)
	case *event.OrderCancelledEvent:
		return p.refund(ctx, m, e)
	}
	return nil
}

// paymentID is the same for each attempt at the same order.
func paymentID(orderID string) string {
	return "payment-" + uuid.NewSHA1(uuid.NameSpaceOID, []byte(orderID)).String()[:8]
}

func (p *payment) charge(ctx context.Context, m consume.Message, placed *event.OrderPlacedEvent) error {
	return p.shop.once(ctx, "payment", m, func(tx *store.Tx) error {
		now := p.shop.Clock()
		charge := store.Payment{ID: paymentID(placed.OrderID), OrderID: placed.OrderID, Amount: placed.Amount}
		if err := tx.Charge(charge, now); err != nil {
			return err
		}
		paid := &event.OrderPaidEvent{OrderID: placed.OrderID, PaymentID: charge.ID, Amount: placed.Amount, Timestamp: now.UnixMilli()}
		return tx.Tell("payment", paid, m.Envelope.Causes(paid), now)
	})
}

func (p *payment) refund(ctx context.Context, m consume.Message, cancelled *event.OrderCancelledEvent) error {
	return p.shop.once(ctx, "payment", m, func(tx *store.Tx) error {
		now := p.shop.Clock()
		charge, found, err := tx.ChargeOf(cancelled.OrderID)
		if err != nil || !found {
			return err // nothing was charged
		}
		if err := tx.Refund(charge, now); err != nil {
			return err
		}
		refunded := &event.OrderRefundedEvent{OrderID: charge.OrderID, PaymentID: charge.ID, Amount: charge.Amount, Timestamp: now.UnixMilli()}
		return tx.Tell("payment", refunded, m.Envelope.Causes(refunded), now)
	})
}
