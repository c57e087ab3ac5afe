package orderflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// Progress is how far a run has come. The counts are of this run's own services.
type Progress struct {
	Placed, Reserved, Shipped int
	Elapsed                   time.Duration
}

// Run runs the order flow and says what happened, also beside an error.
//
// Without Keep it ends when all orders are placed and every group has dealt with
// them, but for the analytics group, which is slower. With Keep, and without
// customers, it ends when ctx does, which is no error then. However it ends, what is
// under way is finished, and the groups are left without members.
//
// Brokers that don't answer for Config.Timeout are an error that wraps [ErrLost].
// A flow that doesn't move for three times as long is an error too.
func Run(ctx context.Context, c Config) (*Summary, error) {
	s, err := begin(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("run the order flow: %w", err)
	}
	defer s.close()
	return s.flow(ctx)
}

// begin opens a shop.
func begin(ctx context.Context, c Config) (*shop, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return open(ctx, c)
}

// flow lets customers order and waits until all is dealt with.
func (s *shop) flow(ctx context.Context) (*Summary, error) {
	startedAt, start := s.Clock(), time.Now()
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.run(working) }()

	err := s.serve(ctx, ended, start)
	stop()
	if runErr := <-ended; err == nil {
		err = runErr
	}
	if err == nil && !s.Keep && s.runs(Customers) && ctx.Err() != nil {
		err = fmt.Errorf("ended before it was done: %w", context.Cause(ctx))
	}
	if err != nil {
		err = fmt.Errorf("run the order flow: %w", err)
	}
	return s.summary(ctx, startedAt, start), err
}

// serve has the shop open until what is to be done is done.
func (s *shop) serve(ctx context.Context, ended chan error, start time.Time) error {
	if !s.runs(Customers) {
		return s.until(ctx, ended)
	}
	ordering, leave := context.WithCancel(ctx)
	defer leave()
	placed := make(chan error, 1)
	go func() { placed <- s.customers.order(ordering) }()
	err := s.watch(ctx, ended, placed, start)
	leave()
	return err
}

// until waits for the end: by ctx, or of a service that can't go on.
func (s *shop) until(ctx context.Context, ended chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		ended <- nil
		return err
	}
}

// watch looks on until the orders have been placed and dealt with.
func (s *shop) watch(ctx context.Context, ended chan error, placed chan error, start time.Time) error {
	ticks := time.NewTicker(lookInterval)
	defer ticks.Stop()
	var all bool // orders are placed
	var last standing
	moved := time.Now()
	for {
		select {
		case <-ctx.Done():
			if all {
				return nil
			}
			return <-placed
		case err := <-ended:
			ended <- nil
			return err
		case err := <-placed:
			if err != nil {
				return err
			}
			all = true
		case <-ticks.C:
		}
		now, err := s.look(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			continue
		case err != nil:
			return s.lost(ctx, err)
		}
		s.Progress(Progress{Placed: int(now.placed), Reserved: int(now.reserved), Shipped: int(now.shipped), Elapsed: time.Since(start)})
		if all && now.settled() {
			return nil
		}
		if now != last {
			last, moved = now, time.Now()
		}
		if limit := 3 * s.Timeout; time.Since(moved) > limit {
			return fmt.Errorf("nothing has moved for %s: %s", limit, now)
		}
	}
}

// standing is how far the flow is.
type standing struct {
	placed, reserved, shipped int64
	waiting                   int64 // events in the outbox
	behind                    int64 // records that groups have not committed
}

func (s standing) settled() bool { return s.waiting == 0 && s.behind == 0 }

func (s standing) String() string {
	return fmt.Sprintf("%d orders placed, %d reserved, %d shipped; %d events wait in the outbox, groups are %d records behind",
		s.placed, s.reserved, s.shipped, s.waiting, s.behind)
}

// look says how far the flow is. What must be settled before an order is done with
// is looked at in the flow's own direction: what moves on meanwhile is seen again.
func (s *shop) look(ctx context.Context) (standing, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	counts, err := s.count(ctx)
	if err != nil {
		return standing{}, err
	}
	now := standing{placed: s.customers.placed.Load(), reserved: counts.Reserved, shipped: counts.Shipped, waiting: counts.Waiting}
	lags, err := s.lags(ctx)
	for service, group := range map[Service]string{
		Inventory: event.InventoryGroup, Payment: event.PaymentGroup, Delivery: event.DeliveryGroup, Notification: event.NotificationGroup,
	} {
		now.behind += lags[s.group(service, group)]
	}
	if err == nil && now.behind == 0 {
		counts, err = s.count(ctx) // what they wrote before they committed
		now.waiting = counts.Waiting
	}
	return now, err
}

// count asks the database, which may be gone for a while.
func (s *shop) count(ctx context.Context) (counts store.Counts, err error) {
	again := func(err error) { s.Logger.Warn("counting again", "error", err) }
	err = store.Retry(ctx, again, func() (err error) { counts, err = s.db.Count(ctx); return err })
	if err != nil {
		err = fmt.Errorf("the database %s: %w", store.Redact(s.db.URL()), err)
	}
	return counts, err
}

// lost says why the brokers don't answer. What a request reports after the time
// limit is mostly that the limit is over; a ping tells what is in the way.
func (s *shop) lost(ctx context.Context, err error) error {
	var database *store.Error
	if fatal(err) || errors.As(err, &database) || !errors.Is(err, context.DeadlineExceeded) && !unreachable(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if ping := s.client.Ping(ctx); ping != nil && ctx.Err() == nil {
		err = ping
	}
	return fmt.Errorf("%w for %s: %w", ErrLost, s.Timeout, err)
}

// fatal tells what trying again won't change, such as a missing permission.
func fatal(err error) bool {
	var kafka *kerr.Error
	return errors.As(err, &kafka) && !kafka.Retriable
}
