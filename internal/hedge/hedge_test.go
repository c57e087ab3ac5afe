package hedge_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evtctl/evtctl/internal/hedge"
)

func TestAQuestionIsAskedAgainWhileItIsUnanswered(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		hang  int32 // attempts, the first ones
		fail  error
		limit time.Duration
		takes time.Duration
		asked int32
		want  error
	}{
		"answered":                 {0, nil, 8 * time.Second, 0, 1, nil},
		"refused":                  {0, refused, 8 * time.Second, 0, 1, refused},
		"one hangs":                {1, nil, 8 * time.Second, 2 * time.Second, 2, nil},
		"two hang":                 {2, nil, 8 * time.Second, 4 * time.Second, 3, nil},
		"one hangs, one refuses":   {1, refused, 8 * time.Second, 2 * time.Second, 2, refused},
		"all hang":                 {9, nil, 8 * time.Second, 8 * time.Second, 3, context.DeadlineExceeded},
		"one hangs, for long":      {1, nil, time.Minute, 3 * time.Second, 2, nil},
		"one hangs, without limit": {1, nil, 0, 3 * time.Second, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.limit > 0 {
					limited, cancel := context.WithTimeout(ctx, test.limit)
					defer cancel()
					ctx = limited
				}
				var asked, given atomic.Int32
				began := time.Now()
				got, err := hedge.Read(ctx, func(ctx context.Context) (int32, error) {
					n := asked.Add(1)
					if n <= test.hang {
						<-ctx.Done()
						given.Add(1)
						return 0, ctx.Err()
					}
					return n, test.fail
				})
				if took := time.Since(began); took != test.takes || asked.Load() != test.asked || !errors.Is(err, test.want) {
					t.Errorf("asked %d times, %v after %s; want %d times, %v after %s", asked.Load(), err, took, test.asked, test.want, test.takes)
				}
				if err == nil && got != test.asked {
					t.Errorf("the answer is that of attempt %d, want %d", got, test.asked)
				}
				synctest.Wait()
				if n := min(test.hang, test.asked); given.Load() != n {
					t.Errorf("%d of %d attempts were called off", given.Load(), n)
				}
			})
		})
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began, answered := time.Now(), make(chan struct{})
		_, err := hedge.Read(ctx, func(context.Context) (struct{}, error) {
			<-answered // as a client does that is connecting
			return struct{}{}, nil
		})
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != time.Second {
			t.Errorf("%v after %s", err, took)
		}
		close(answered)
	})
}
