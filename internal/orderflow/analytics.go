package orderflow

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// analytics adds up what is ordered.
//
// The pattern is to work and then to commit: at least once. What is in memory
// when it crashes is counted again by the next member, so totals may be too high,
// and never too low. It is slow on purpose: its group is the one that lags. It reads
// in batches; each message keeps the trace that it came with.
type analytics struct {
	shop *shop
	pace *pace

	mu     sync.Mutex
	orders int
	cents  int64 // whole cents, as a sum of fractions would drift
	byTier map[string]int
}

// Totals are what the analytics service has added up since it started.
type Totals struct {
	Orders int            `json:"orders"`
	Amount float64        `json:"amount"`
	ByTier map[string]int `json:"by_tier"` // orders; those of customers without a tier are under "none"
}

func (s *shop) openAnalytics(_ context.Context, t *trace.Tracer) error {
	s.analytics = &analytics{shop: s, pace: newPace(s.Capacity.Analytics), byTier: map[string]int{}}
	return s.join(Analytics, t, consume.Config{
		Group: event.AnalyticsGroup, Topics: []string{event.OrderTopic}, HandleBatch: s.analytics.handle,
		Grace: 50 * time.Millisecond, // it is slow, and what it hasn't counted comes again
	})
}

func (a *analytics) handle(ctx context.Context, batch []consume.Message) error {
	for i, m := range batch {
		placed, ok := m.Event.(*event.OrderPlacedEvent)
		if !ok {
			continue
		}
		if err := a.pace.wait(ctx); err != nil {
			return &consume.BatchError{Index: i, Err: err} // those before are counted
		}
		a.count(placed)
	}
	return nil
}

func (a *analytics) count(placed *event.OrderPlacedEvent) {
	tier := "none"
	if placed.CustomerTier != nil {
		tier = *placed.CustomerTier
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.orders++
	a.cents += int64(math.Round(placed.Amount * 100))
	a.byTier[tier]++
	a.shop.Logger.Debug("counted", "order", placed.OrderID)
}

// totals returns what has been added up so far.
func (a *analytics) totals() Totals {
	if a == nil {
		return Totals{ByTier: map[string]int{}}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return Totals{Orders: a.orders, Amount: float64(a.cents) / 100, ByTier: maps.Clone(a.byTier)}
}
