package orderflow

import (
	"context"
	"maps"
	"math"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// analytics adds up what is ordered.
//
// The pattern is to work and then to commit: at least once. What is in memory
// when it crashes is counted again by the next member, so totals may be too high,
// and never too low. It is slow on purpose: its group is the one that lags.
type analytics struct {
	*member
	pace *pace

	mu     sync.Mutex
	cents  int64 // whole cents, as a sum of fractions would drift
	byTier map[string]int
}

// Totals are what the analytics service has added up since it started.
type Totals struct {
	Amount float64        `json:"amount"`
	ByTier map[string]int `json:"by_tier"` // orders; those of customers without a tier are under "none"
}

// handle commits what it has counted when ctx ends, and leaves the rest.
func (s *analytics) handle(ctx context.Context, batch []*kgo.Record) error {
	for i, r := range batch {
		if s.pace.wait(ctx) != nil {
			batch = batch[:i]
			break
		}
		order, _, err := openOrder(r)
		if err != nil {
			s.skip(r, err)
			continue
		}
		s.count(order)
	}
	return s.commit(context.WithoutCancel(ctx), batch)
}

func (s *analytics) count(order OrderPlacedEvent) {
	tier := "none"
	if order.CustomerTier != nil {
		tier = *order.CustomerTier
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cents += int64(math.Round(order.Amount * 100))
	s.byTier[tier]++
	s.handled.Add(1)
}

// totals returns what has been added up so far.
func (s *analytics) totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Totals{Amount: float64(s.cents) / 100, ByTier: maps.Clone(s.byTier)}
}
