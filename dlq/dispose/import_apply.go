package dispose

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
)

// errFileChanged says that what was checked isn't what was imported.
var errFileChanged = errors.New("the file was changed while it was imported: letters of it may have been written")

// Import does what the plan says, as [Writer.Apply] does: each letter once, and the same
// again goes on where this run ended. The coordinates of the receipt's items are those
// in the file. It can't do without transactions: nothing in an imported record would
// tell, after a crash, that it was written.
func (w *Writer) Import(ctx context.Context, p *ImportPlan) (*Receipt, error) {
	rec := &recorder{report: w.Report, receipt: &Receipt{Version: ReceiptVersion, Job: w.Job, Planned: p.From.Letters, Items: []Item{}}}
	began := time.Now()
	err := w.importAll(ctx, p, rec)
	rec.receipt.Elapsed = time.Since(began)
	return rec.receipt, err
}

func (w *Writer) importAll(ctx context.Context, p *ImportPlan, rec *recorder) error {
	ran := &importRun{p: p, rec: rec, letters: map[string]dlq.Coordinates{}}
	if p.Planned == 0 { // nothing is written, the ledger not even made
		return ran.look(ctx)
	}
	if err := p.unchanged(ctx); err != nil {
		return err
	}
	topics, err := ledger.Create(ctx, w.Client)
	if err != nil {
		return err
	}
	ran.book = topics.NewBook(p.source, ledger.Run{Job: w.Job, Who: w.Who, Why: p.req.Reason, Now: w.Now})
	receipt, err := exactly.Run(ctx, exactly.Config{
		Client: w.Options, TransactionalID: p.source.TransactionalID(), Ledger: ran.book, Rate: w.Rate, Hard: w.Hard,
		Report: ran.report, Notice: w.notice,
	}, ran.source)
	if receipt != nil {
		rec.receipt.Interrupted = receipt.Interrupted
	}
	return err
}

// importRun is one import.
type importRun struct {
	p    *ImportPlan
	book *ledger.Book
	rec  *recorder

	mu      sync.Mutex
	letters map[string]dlq.Coordinates // on their way, by key
}

// look tells of each letter why it isn't written.
func (r *importRun) look(ctx context.Context) error {
	index, err := r.p.target.dispositions(ctx, r.p.source)
	if err != nil {
		return err
	}
	return r.letterByLetter(ctx, index, func(*dlq.Archived, *decision) error { return nil })
}

// source decides anew about each letter: ledger and topic are those of now.
func (r *importRun) source(ctx context.Context) iter.Seq2[exactly.Item, error] {
	return func(yield func(exactly.Item, error) bool) {
		err := r.letterByLetter(ctx, r.book.Index(), func(a *dlq.Archived, d *decision) error {
			if !yield(r.item(a, d), nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(exactly.Item{}, err)
		}
	}
}

// letterByLetter gives the letters that are to be written, and reports the others.
func (r *importRun) letterByLetter(ctx context.Context, imported *ledger.Index, write func(*dlq.Archived, *decision) error) error {
	clerk, err := r.p.clerk(ctx, imported)
	if err != nil {
		return err
	}
	_, end, err := r.p.archive(func(a *dlq.Archived) error {
		d := clerk.decide(a)
		if d.no == nil {
			return errors.Join(ctx.Err(), write(a, d))
		}
		item := Item{Coordinates: r.p.coordinates(a), Result: ItemFailed, Reason: d.no.Why}
		if d.skip {
			item.Result = ItemSkipped
		}
		r.rec.add(item)
		return ctx.Err()
	})
	if err == nil && end.SHA256 != r.p.From.SHA256 {
		err = errFileChanged
	}
	return err
}

func (r *importRun) item(a *dlq.Archived, d *decision) exactly.Item {
	before, after := hash(a.Key, a.Value, d.rec.Headers[:len(a.Headers)]), hash(a.Key, a.Value, d.rec.Headers)
	item := r.book.Item(ledger.Letter{
		Partition: a.Partition, Offset: a.Offset, Disposition: d.as, Attempt: 1, Record: d.rec, HashBefore: before, HashAfter: after,
	})
	r.mu.Lock()
	r.letters[item.Key] = r.p.coordinates(a)
	r.mu.Unlock()
	return item
}

// report tells what became of an item.
func (r *importRun) report(res exactly.Result) {
	r.mu.Lock()
	item := Item{Coordinates: r.letters[res.Key], Reason: res.Why}
	delete(r.letters, res.Key)
	r.mu.Unlock()
	switch res.Outcome {
	case exactly.Written:
		at := dlq.Coordinates(res.Placed[0])
		item.Result, item.Disposition, item.Target = ItemDone, string(ledger.Imported), &at
	case exactly.Skipped:
		item.Result = ItemSkipped
	default:
		item.Result = ItemFailed
	}
	r.rec.add(item)
}
