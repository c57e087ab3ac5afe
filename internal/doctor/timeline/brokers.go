package timeline

import (
	"context"
	"errors"
	"sync"
	"time"
)

// brokers remembers which of them hang. Each of thousands of partitions would otherwise
// wait for them anew, and in every reading.
type brokers struct {
	mu    sync.Mutex
	heard map[int32]time.Time // when a broker answered last
	hangs map[int32]bool
}

// note takes in how a question ended. A broker that let it run out of time hangs, unless
// it has answered another meanwhile: then it is only slow.
func (b *brokers) note(broker int32, asked time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		if b.heard == nil {
			b.heard = map[int32]time.Time{}
		}
		b.heard[broker] = time.Now()
		delete(b.hangs, broker)
	case timedOut(err) && b.heard[broker].Before(asked):
		if b.hangs == nil {
			b.hangs = map[int32]bool{}
		}
		b.hangs[broker] = true
	}
}

func (b *brokers) silent(broker int32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hangs[broker]
}

func timedOut(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
