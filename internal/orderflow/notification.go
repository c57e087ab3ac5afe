package orderflow

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// notification writes to customers.
//
// The pattern is at most once: the offset is committed before the work. A customer
// may hear nothing when the service is killed, and never hears the same twice. As the
// relay may write an event again, its id is remembered before the e-mail goes out.
type notification struct {
	pace *pace
	shop *shop
}

func (s *shop) openNotification(_ context.Context, t *trace.Tracer) error {
	n := &notification{newPace(s.Capacity.Notification), s}
	return s.join(Notification, t, consume.Config{
		Group: event.NotificationGroup, Topics: []string{event.OrderTopic}, Handle: n.handle, Semantics: consume.AtMostOnce,
	})
}

func (n *notification) handle(ctx context.Context, m consume.Message) error {
	subject := ""
	switch e := m.Event.(type) {
	case *event.OrderPlacedEvent:
		subject = fmt.Sprintf("thank you for your order of %.2f", e.Amount)
	case *event.OrderShippedEvent:
		subject = "your order is on its way: " + e.TrackingID
	case *event.OrderCancelledEvent:
		subject = "your order had to be cancelled: " + e.Reason
	default:
		return nil
	}
	if err := n.pace.wait(ctx); err != nil {
		return err
	}
	first := false
	err := n.shop.once(ctx, "notification", m, func(tx *store.Tx) error {
		first = true
		return tx.Notify(m.Event.Order(), subject, n.shop.Clock())
	})
	if err == nil && first {
		n.shop.Logger.Info("e-mail", "order", m.Event.Order(), "subject", subject)
	}
	return err
}
