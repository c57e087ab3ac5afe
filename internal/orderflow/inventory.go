package orderflow

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// inventory puts each order's items aside and says so on inventory-events.
//
// The pattern is to work, to wait until the result is safe, and only then to
// commit. Nothing is ever lost; a crash between the last two does a batch again.
type inventory struct {
	*member
	topic string // where the results go
	pace  *pace
	clock func() time.Time
}

// handle finishes what it has begun when ctx ends, and leaves the rest of the
// batch uncommitted.
func (s *inventory) handle(ctx context.Context, batch []*kgo.Record) error {
	var results []*kgo.Record
	for i, r := range batch {
		if s.pace.wait(ctx) != nil {
			batch = batch[:i]
			break
		}
		result, err := s.reserve(r)
		if err != nil {
			s.skip(r, err)
			continue
		}
		results = append(results, result)
	}
	finish := context.WithoutCancel(ctx)
	if err := s.client.ProduceSync(finish, results...).FirstErr(); err != nil {
		return fmt.Errorf("write to topic %q: %w", s.topic, err)
	}
	s.handled.Add(int64(len(results)))
	return s.commit(finish, batch)
}

// reserve returns the event that says that an order's items are put aside.
func (s *inventory) reserve(r *kgo.Record) (*kgo.Record, error) {
	order, envelope, err := openOrder(r)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	reserved := StockReservedEvent{OrderID: order.OrderID, Items: order.Items, Timestamp: now.UnixMilli()}
	result, err := newRecord(s.topic, order.OrderID, reserved, envelope.causes(TypeStockReserved))
	if err != nil {
		return nil, err
	}
	result.Timestamp = now
	return result, nil
}
