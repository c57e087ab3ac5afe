package orderflow

import (
	"context"
	"sync"
	"time"
)

// catchUp is how far behind its schedule a pace catches up. What a service did
// not do while it had nothing to do, or was held up, it doesn't do all at once.
const catchUp = 100 * time.Millisecond

// pace makes loops go round at most so many times a second, all together.
type pace struct {
	interval time.Duration // 0 doesn't wait

	mu  sync.Mutex
	due time.Time // of the next round
}

// newPace takes rounds per second; 0 is without limit.
func newPace(perSecond float64) *pace {
	if perSecond <= 0 {
		return &pace{}
	}
	return &pace{interval: time.Duration(float64(time.Second) / perSecond)}
}

// wait returns nil when the next round is due, or an error when ctx ends first.
func (p *pace) wait(ctx context.Context) error {
	if p.interval == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Until(p.next()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// next takes a turn and says when it is.
func (p *pace) next() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.due.Before(now.Add(-catchUp)) {
		p.due = now
	}
	p.due = p.due.Add(p.interval)
	return p.due
}
