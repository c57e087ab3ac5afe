package consume

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
)

// batch does the work for records at once and says whether they are done with.
func (w *worker) batch(rs []*kgo.Record) bool {
	attempt := 0
	for len(rs) > 0 {
		ms, bad := w.openAll(rs)
		done, failure := w.attemptBatch(ms, bad)
		if done > 0 {
			w.c.handled.Add(int64(done))
			w.mark(rs[done-1])
			rs, attempt = rs[done:], 0
		}
		if failure == nil {
			continue
		}
		w.c.failed.Add(1)
		w.c.Log.Warn("work failed", "group", w.c.Group, "record", place(rs[0]), "attempt", attempt+1, "error", failure)
		if (attempt < w.c.Retries || unknown(failure)) && !never(failure) {
			attempt++
			if !w.pause(w.c.Backoff) {
				return false
			}
			w.c.retried.Add(1)
			continue
		}
		n := blamed(len(rs), failure)
		for _, r := range rs[:n] {
			if !w.bury(r, failure) {
				return false
			}
			w.mark(r)
		}
		rs, attempt = rs[n:], 0
	}
	return true
}

// blamed is how many of the records that are left an error speaks of: the first
// one, where it names one.
func blamed(left int, failure error) int {
	var one *BatchError
	if errors.As(failure, &one) || never(failure) {
		return 1
	}
	return left
}

// openAll decodes records up to the first that can't be.
func (w *worker) openAll(rs []*kgo.Record) (ms []Message, bad error) {
	for _, r := range rs {
		ctx, end := w.c.Tracer.Process(w.ctx, w.c.Group, r)
		m, err := w.open(ctx, r)
		end(err)
		if err != nil {
			return ms, &BatchError{Index: len(ms), Err: err}
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// attemptBatch returns how many messages are done, and why the next one isn't.
func (w *worker) attemptBatch(ms []Message, bad error) (done int, failure error) {
	if len(ms) == 0 {
		return 0, bad
	}
	err := guarded(func() error { return w.c.HandleBatch(w.ctx, ms) })
	var one *BatchError
	switch {
	case err == nil:
		return len(ms), bad
	case errors.As(err, &one) && one.Index > 0 && one.Index < len(ms):
		return one.Index, err
	}
	return 0, err
}
