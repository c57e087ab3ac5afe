// Package hedge asks a question again while it is still unanswered, for a cluster in which
// one broker hangs: it accepts connections and requests, and never says a word.
//
// A client gives each request that any broker can answer to the next broker, one after
// the other. A question that met the broker that hangs waits for the whole time limit,
// whatever the others know; the same question asked again meets another one. (Hedged
// requests: Dean and Barroso, The Tail at Scale, 2013.)
package hedge

import (
	"context"
	"time"
)

const (
	// tries is how often a question is asked at most.
	tries = 3
	// unhurried is how long an answer is waited for, at most, until it is asked for again.
	unhurried = 3 * time.Second
)

// Read gives the first answer to ask, and the first failure where that comes first. It asks
// again, beside, after a quarter of the time that ctx has left, or three seconds, and a
// third time after as much again. What ask does must be harmless when it is done several
// times, at the same time. Attempts that nobody needs any more have their context
// cancelled, and aren't waited for; nor are those that don't heed it when ctx ends.
func Read[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	patience := unhurried
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(unhurried, time.Until(deadline)/(tries+1))
	}
	attempts, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, tries)
	attempt := func() {
		value, err := ask(attempts)
		answers <- answer{value, err}
	}
	go attempt()
	next := time.NewTimer(max(patience, 0))
	defer next.Stop()
	for asked := 1; ; {
		select {
		case a := <-answers:
			return a.value, a.err
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		case <-next.C:
			if asked < tries {
				go attempt()
				asked++
				next.Reset(patience)
			}
		}
	}
}
