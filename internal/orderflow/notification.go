package orderflow

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// notification writes an e-mail to the customer of each order. The e-mails are
// lines of a log.
//
// The pattern is to commit first and to work then: at most once. A crash in
// between loses e-mails, and no customer ever gets one twice.
type notification struct {
	*member
	pace *pace
}

// handle sends nothing when its commit failed, as another member may then have
// the batch. Once committed, the whole batch is sent even when ctx ends: nobody
// else will.
func (s *notification) handle(ctx context.Context, batch []*kgo.Record) error {
	if err := s.commit(context.WithoutCancel(ctx), batch); err != nil {
		return err
	}
	for _, r := range batch {
		_ = s.pace.wait(ctx) // doesn't wait any more once ctx has ended
		order, envelope, err := openOrder(r)
		if err != nil {
			s.skip(r, err)
			continue
		}
		s.log.Info("order confirmed by e-mail", "order", order.OrderID, "correlation_id", envelope.correlationID)
		s.handled.Add(1)
	}
	return nil
}
