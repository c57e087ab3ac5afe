package order

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/evtctl/evtctl/internal/orderflow/stock"
)

// Stock is who is asked before an order is taken. *stock.GRPCClient and
// stock.HTTPClient fit.
type Stock interface {
	Check(ctx context.Context, sku string, quantity int) (bool, error)
}

// How long and how often the inventory service is asked.
const (
	askFor   = 3 * time.Second // one attempt
	askAgain = 3               // attempts after the first
	// After openAfter failures in a row nobody is asked for openFor: it is down, and
	// customers needn't wait to be told so.
	openAfter = 5
	openFor   = 5 * time.Second
)

// errNoAnswer is the fallback: what isn't known to be there is not available.
var errNoAnswer = errors.New("the inventory service doesn't answer: taken as not available")

// errGone is a customer who didn't wait: no failure of the inventory service's.
var errGone = errors.New("the customer is gone")

// inventory asks with patience, but not without end.
type inventory struct {
	stock Stock
	ask   failsafe.Executor[bool]
}

func newInventory(s Stock, wait, leave time.Duration) *inventory {
	failed := func(_ bool, err error) bool {
		return err != nil && !errors.Is(err, stock.ErrUnknownSKU) && !errors.Is(err, errGone)
	}
	again := retrypolicy.NewBuilder[bool]().HandleIf(failed).WithMaxRetries(askAgain).WithBackoff(50*time.Millisecond, time.Second).
		AbortOnErrors(circuitbreaker.ErrOpen).Build()
	breaker := circuitbreaker.NewBuilder[bool]().HandleIf(failed).WithFailureThreshold(openAfter).WithDelay(leave).Build()
	return &inventory{s, failsafe.With(again, breaker, timeout.New[bool](wait))}
}

// available tells whether all pieces are there. It names one that isn't.
func (i *inventory) available(ctx context.Context, pieces map[string]int) (missing string, err error) {
	for sku, quantity := range pieces {
		there, err := i.ask.WithContext(ctx).GetWithExecution(func(e failsafe.Execution[bool]) (bool, error) {
			there, err := i.stock.Check(e.Context(), sku, quantity)
			if err != nil && ctx.Err() != nil {
				err = errGone
			}
			return there, err
		})
		switch {
		case errors.Is(err, stock.ErrUnknownSKU):
			return sku, err
		case err != nil:
			return sku, errors.Join(errNoAnswer, err)
		case !there:
			return sku, nil
		}
	}
	return "", nil
}
