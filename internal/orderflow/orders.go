package orderflow

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// orders places orders and publishes an event for each. kgo's producer is
// idempotent, so an event that is sent again after a lost answer is still there
// once; and the key keeps all events of an order in one partition.
type orders struct {
	client    *kgo.Client
	close     func()
	topic     string
	pace      *pace
	generator *generator
	clock     func() time.Time

	mu     sync.Mutex
	sent   int             // handed to the client
	placed int             // of those, acknowledged by the brokers
	ends   map[int32]int64 // by partition: one past the last event acknowledged
	err    error           // the first refusal
}

// place places n orders, or orders until ctx ends when n is 0, and returns when
// the brokers have acknowledged what it placed.
func (s *orders) place(ctx context.Context, n int) error {
	for i := 0; (n == 0 || i < n) && s.refused() == nil; i++ {
		if s.pace.wait(ctx) != nil {
			break
		}
		now := s.clock()
		order, envelope := s.generator.next(now)
		event, err := newRecord(s.topic, order.OrderID, order, envelope)
		if err != nil {
			return err
		}
		event.Timestamp = now
		s.mu.Lock()
		s.sent++
		s.mu.Unlock()
		// An order that is placed gets its event, even when ctx ends meanwhile.
		s.client.Produce(context.WithoutCancel(ctx), event, s.acknowledged)
	}
	if err := s.client.Flush(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("write to topic %q: %w", s.topic, err)
	}
	return s.refused()
}

func (s *orders) acknowledged(event *kgo.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.err == nil {
			s.err = fmt.Errorf("write to topic %q: %w", s.topic, err)
		}
		return
	}
	s.placed++
	s.ends[event.Partition] = max(s.ends[event.Partition], event.Offset+1)
}

func (s *orders) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// published is how far the service has come.
type published struct {
	sent, placed int
	ends         map[int32]int64
}

func (s *orders) published() published {
	s.mu.Lock()
	defer s.mu.Unlock()
	return published{s.sent, s.placed, maps.Clone(s.ends)}
}
