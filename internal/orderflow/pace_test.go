package orderflow

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	// rounds waits n times and returns how long that took.
	rounds := func(t *testing.T, p *pace, n int) time.Duration {
		begin := time.Now()
		for range n {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(begin)
	}
	t.Run("spreads its rounds over the time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if took := rounds(t, newPace(50), 100); took != 2*time.Second {
				t.Errorf("100 rounds at 50 a second took %s, want 2s", took)
			}
		})
	})
	t.Run("doesn't wait without a limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if took := rounds(t, newPace(0), 1000); took != 0 {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("makes up for slow rounds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, begin := newPace(50), time.Now()
			for range 100 {
				rounds(t, p, 1)
				time.Sleep(15 * time.Millisecond) // the work of a round, of the bubble's time
			}
			if took := time.Since(begin); took != 2*time.Second+15*time.Millisecond {
				t.Errorf("100 rounds at 50 a second took %s, want 2.015s", took)
			}
		})
	})
	t.Run("doesn't make up for idle time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(50)
			rounds(t, p, 1)
			time.Sleep(time.Minute)
			if took := rounds(t, p, 50); took < time.Second-catchUp {
				t.Errorf("50 rounds at 50 a second took %s after a minute's rest, want about 1s", took)
			}
		})
	})
	t.Run("ends with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			if err := newPace(0.001).wait(ctx); err == nil || time.Since(begin) != time.Second {
				t.Errorf("got %v after %s, want an error after 1s", err, time.Since(begin))
			}
		})
	})
}
