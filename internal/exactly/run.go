package exactly

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxRecoveries is how often in a row a run begins anew without having committed
// anything in between.
const maxRecoveries = 5

// Run does what the ledger doesn't hold of the source's items, and returns the
// receipt, also beside an error. The same call again goes on where this one ended.
//
// When ctx ends, the transaction under way is still finished; the receipt then says
// Interrupted, and the error is nil. [Config.Hard] ends it at once, with [ErrAborted].
//
// It fails with [*NotPermittedError], [*TakenOverError] or [*StalledError] where
// those apply. An item that fails is in the receipt, and no reason to end.
func Run(ctx context.Context, cfg Config, source Source) (*Receipt, error) {
	w := &writer{cfg: cfg.withDefaults(), receipt: &Receipt{}}
	began := time.Now()
	err := w.run(ctx, source)
	w.receipt.Elapsed = time.Since(began)
	w.receipt.Interrupted = err != nil || w.stopped
	return w.receipt, err
}

// writer is one run.
type writer struct {
	cfg     Config
	receipt *Receipt
	pair    *pair
	targets *targets
	pace    pace
	pending *pending        // the transaction whose second half is under way
	before  map[string]bool // keys of the batch before, whose entries may not be settled
	stopped bool            // by ctx, before the source had ended
	failing int             // recoveries since the last commit
}

func (w *writer) run(ctx context.Context, source Source) error {
	w.targets = newTargets()
	if err := w.fence(ctx); err != nil {
		if ctx.Err() == nil {
			return err
		}
		w.stopped = true
		return nil
	}
	defer func() { w.pair.close() }()
	w.pace = newPace(w.cfg)
	batches := collect(ctx, source, w.cfg.MaxRecords, w.cfg.MaxBytes)
	defer batches.stop()
	err := w.drain(ctx, batches)
	if jerr := w.join(); jerr != nil {
		return jerr
	}
	return err
}

// drain writes until the source has ended, or ctx.
func (w *writer) drain(ctx context.Context, batches *batches) error {
	for ctx.Err() == nil {
		items, ok := batches.now()
		if !ok {
			// What is done is reported before the source is waited for.
			if err := w.join(); err != nil {
				return err
			}
			if items, ok = batches.next(); !ok {
				break
			}
		}
		if err := w.writeAll(ctx, items); err != nil {
			return err
		}
	}
	w.stopped = w.stopped || ctx.Err() != nil
	if w.stopped { // the source was told to end
		return nil
	}
	return batches.err
}

// writeAll sorts out what is not to be written, and writes the rest in pieces that
// the pace allows.
func (w *writer) writeAll(ctx context.Context, items []Item) error {
	work, err := w.sift(ctx, items)
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	for len(work) > 0 {
		if !w.pace.wait(ctx) {
			w.stopped = true
			return nil
		}
		n := w.pace.pick(work)
		if err := w.write(work[:n]); err != nil {
			return err
		}
		work = work[n:]
	}
	return nil
}

// sift reports what is skipped and what can't be written, and returns the rest.
func (w *writer) sift(ctx context.Context, items []Item) ([]Item, error) {
	work := make([]Item, 0, len(items))
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		held, holds := w.cfg.Ledger.Holds(item)
		switch {
		case item.Skip != "":
			w.skipped(item, item.Skip)
		case holds:
			w.skipped(item, held.Why)
		case seen[item.Key] || w.before[item.Key]:
			w.skipped(item, "named twice")
		default:
			seen[item.Key] = true
			err := w.targets.check(ctx, item.Records)
			var bad *targetError
			switch {
			case errors.As(err, &bad):
				w.failed(item, err)
			case err != nil:
				return nil, err
			default:
				work = append(work, item)
			}
		}
	}
	w.before = seen
	return work, nil
}

// write brings items into the target, whatever it takes: anew after an unknown
// outcome, in halves where one record fails the others. The second half of their
// transaction is still under way when it returns.
func (w *writer) write(items []Item) error {
	for len(items) > 0 {
		if n := w.pace.pick(items); w.failing > 0 && n < len(items) {
			if err := w.write(items[:n]); err != nil {
				return err
			}
			return w.write(items[n:])
		}
		p := w.pair.next(w.pending)
		began := time.Now()
		refused, err := p.first(w.cfg, items)
		// What came before is committed before: the order is kept, and the pair's rule.
		if jerr := w.join(); jerr != nil {
			return jerr
		}
		switch {
		case w.pair.closed(p): // the join had to begin anew, which ended this one too
			continue
		case err != nil:
			if items, err = w.recover(err, nil, items); err != nil {
				return err
			}
		case len(refused) > 0:
			return w.apart(items, refused)
		default:
			w.pending = finish(w.cfg, p, items, began)
			w.pending.full = w.pace.full(items)
			if w.pace.rate > 0 {
				return w.join() // there is nothing to overlap with
			}
			return nil
		}
	}
	return nil
}

// join waits for the transaction under way, and writes it again if need be.
func (w *writer) join() error {
	pending := w.pending
	if pending == nil {
		return nil
	}
	w.pending = nil
	err := <-pending.end
	if err == nil {
		w.pace.took(time.Since(pending.began), len(pending.done), pending.full)
		w.settle(pending.done)
		return nil
	}
	left, err := w.recover(err, pending.done, items(pending.done))
	if err != nil {
		return err
	}
	if err := w.write(left); err != nil {
		return err
	}
	return w.join()
}

// apart writes items of which some were refused: those that weren't at once, the
// others by halves. Their transaction has been aborted.
func (w *writer) apart(items []Item, refused map[int]error) error {
	var good, suspects []Item
	for i, item := range items {
		if err := refused[i]; err == nil {
			good = append(good, item)
		} else if isTopicError(err) || len(items) == 1 {
			w.failed(item, w.targets.refusal(item.Records, err))
		} else {
			suspects = append(suspects, item)
		}
	}
	half := (len(suspects) + 1) / 2
	for _, part := range [][]Item{good, suspects[:half], suspects[half:]} {
		if err := w.write(part); err != nil {
			return err
		}
	}
	return nil
}

// recover finds out what became of a transaction that ended with an error, and
// returns what is to be written again. placed is where its records were, if it got so
// far.
func (w *writer) recover(cause error, placed []Done, items []Item) ([]Item, error) {
	if err := w.hopeless(cause, len(items)); err != nil {
		return nil, err
	}
	w.cfg.Notice(Notice{Text: fmt.Sprintf("the outcome of a transaction is unknown (%v): asking the ledger", cause)})
	w.receipt.Recoveries++
	w.failing++
	w.pace.failed()
	w.pair.close()
	if err := w.fence(w.cfg.Hard); err != nil {
		return nil, err
	}
	return w.sortOut(placed, items), nil
}

// hopeless tells with which error to end, rather than to begin anew.
func (w *writer) hopeless(cause error, items int) error {
	hard := w.cfg.Hard
	var stalled *StalledError
	var final *finalError
	switch {
	case hard.Err() != nil:
		return ErrAborted
	case errors.As(cause, &stalled):
		stalled.Shortages = shortages(hard, w.pair[0].cl)
		return stalled
	case errors.As(cause, &final):
		return final.err
	case isFenced(cause) && !w.pair[0].owned(hard):
		return &TakenOverError{w.cfg.TransactionalID, cause}
	case w.failing >= maxRecoveries:
		return fmt.Errorf("writing %d items: given up after %d attempts: %w", items, w.failing+1, cause)
	}
	return nil
}

// sortOut reports what the ledger has of items, and returns the others.
func (w *writer) sortOut(placed []Done, items []Item) (left []Item) {
	for i, item := range items {
		held, ok := w.cfg.Ledger.Holds(item)
		switch {
		case !ok:
			left = append(left, item)
		case held.Mine && i < len(placed):
			w.written(placed[i])
		case held.Mine:
			w.written(Done{Item: item})
		default:
			w.skipped(item, held.Why)
		}
	}
	if len(left) < len(items) {
		w.receipt.Transactions++
		w.failing = 0
	}
	return left
}

// fence initialises the producers and then reads the ledger, in this order.
func (w *writer) fence(ctx context.Context) error {
	pair, err := newPair(ctx, w.cfg, w.targets)
	if err != nil {
		return err
	}
	w.pair, w.targets.cl = pair, pair[0].cl
	if err := w.cfg.Ledger.Load(ctx, pair[0].cl, w.cfg.Notice); err != nil {
		pair.close()
		return err
	}
	return nil
}

func (w *writer) settle(done []Done) {
	w.cfg.Ledger.Settle(done)
	w.receipt.Transactions++
	w.failing = 0
	for _, d := range done {
		w.written(d)
	}
}

func (w *writer) written(d Done) {
	w.receipt.Written++
	w.receipt.Records += int64(len(d.Records))
	w.cfg.Report(Result{Done: d, Outcome: Written})
}

func (w *writer) skipped(item Item, why string) {
	w.receipt.Skipped++
	w.cfg.Report(Result{Done: Done{Item: item}, Outcome: Skipped, Why: why})
}

func (w *writer) failed(item Item, err error) {
	w.receipt.Failed++
	w.cfg.Report(Result{Done: Done{Item: item}, Outcome: Failed, Why: err.Error(), Err: err})
}
