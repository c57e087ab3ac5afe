package dispose

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
)

// Writer does what plans say.
type Writer struct {
	// Client is of the cluster that is written to, and Options say how it is reached.
	Client  *kgo.Client
	Options []kgo.Opt
	Who     string // for the ledger
	Job     string // one name for each run; see [NewJob]
	// Rate bounds the letters a second; 0 doesn't.
	Rate float64
	// AtLeastOnce does without the transactional id, and so without its guarantee: a
	// record may be doubled by a second run at the same time.
	AtLeastOnce bool
	// Hard ends the run at once when it ends; the context of Apply ends it after the
	// transaction under way. Nil never does.
	Hard context.Context
	// Report is told of each letter, those included that the plan left out. It is not
	// called from two goroutines at once. Nil is told nothing.
	Report func(Item)
	// Notice is told what the run waits for, in words. Nil is told nothing.
	Notice func(string)
	Now    func() time.Time // nil: time.Now
}

// Apply does what the plan says, and returns the receipt, also beside an error. What
// another run has done meanwhile is skipped, and what retention has deleted since is
// reported as failed. The same plan again goes on where this run ended.
//
// When ctx ends, the transaction under way is finished, and the receipt says
// Interrupted. It fails with a [*ChangedError] when the plan is of topics that were
// made anew.
func (w *Writer) Apply(ctx context.Context, p *Plan) (*Receipt, error) {
	rec := newRecorder(p, w.Job, w.Report)
	began := time.Now()
	err := w.apply(ctx, p, rec)
	rec.receipt.Elapsed = time.Since(began)
	return rec.receipt, err
}

func (w *Writer) apply(ctx context.Context, p *Plan, rec *recorder) error {
	if p.Planned == 0 {
		return nil
	}
	if err := p.unchanged(ctx); err != nil {
		return err
	}
	topics, err := ledger.Create(ctx, w.Client)
	if err != nil {
		return err
	}
	book := topics.NewBook(p.source, ledger.Run{Job: w.Job, Who: w.Who, Why: p.req.Reason, Now: w.Now})
	ran := &run{w: w, p: p, book: book, rec: rec, letters: map[string]ledger.Letter{}}
	cfg := exactly.Config{
		Client: w.Options, TransactionalID: p.source.TransactionalID(), Ledger: book, Rate: w.Rate, Hard: w.Hard,
		Report: ran.report, Notice: w.notice,
	}
	var receipt *exactly.Receipt
	if w.AtLeastOnce {
		receipt, err = exactly.AtLeastOnce(ctx, cfg, book, HeaderID, ran.source)
	} else {
		receipt, err = exactly.Run(ctx, cfg, ran.source)
	}
	if receipt != nil {
		rec.receipt.Interrupted = receipt.Interrupted
	}
	if err == nil && ctx.Err() == nil {
		w.commitPrefix(ctx, p, book.Index())
	}
	return err
}

func (w *Writer) notice(n exactly.Notice) {
	if w.Notice != nil {
		w.Notice(n.Text)
	}
}

// commitPrefix lets ordinary lag tools count the letters that are left. It follows from
// the ledger, so that losing it loses nothing.
func (w *Writer) commitPrefix(ctx context.Context, p *Plan, x *ledger.Index) {
	if p.Cluster != p.TargetCluster {
		return // the client is of another cluster than the letters
	}
	if _, err := ledger.CommitPrefix(ctx, w.Client, p.source, x); err != nil && ctx.Err() == nil && w.Notice != nil {
		w.Notice(fmt.Sprintf("the letters are dealt with, but how far isn't shown by group %s: %v", p.source.Group(), err))
	}
}

// run is one application of a plan.
type run struct {
	w    *Writer
	p    *Plan
	book *ledger.Book
	rec  *recorder

	mu      sync.Mutex
	letters map[string]ledger.Letter // on their way, by key; their records are not kept
}

// source decides anew about each letter: the ledger, the topics and the source records
// are those of now.
func (r *run) source(ctx context.Context) iter.Seq2[exactly.Item, error] {
	return func(yield func(exactly.Item, error) bool) {
		j := r.p.judge(r.book.Index())
		visit := func(l *dlq.Letter) error {
			d, err := j.decide(ctx, l)
			if err != nil {
				return err
			}
			if d.no != nil {
				r.left(l.Coordinates, d)
				return nil
			}
			if !yield(r.item(l, d), nil) {
				return errEnough
			}
			return nil
		}
		gone := func(at dlq.Coordinates, err error) error {
			r.rec.add(Item{Coordinates: at, Result: ItemFailed, Reason: err.Error()})
			return nil
		}
		if err := r.p.chosen.read(ctx, r.p.reader, r.p.Topic, visit, gone); err != nil && !errors.Is(err, errEnough) {
			yield(exactly.Item{}, err)
		}
	}
}

func (r *run) left(at dlq.Coordinates, d *decision) {
	item := Item{Coordinates: at, Result: ItemFailed, Reason: d.no.Why}
	if d.skip {
		item.Result = ItemSkipped
	}
	r.rec.add(item)
}

// item makes what is written for a letter.
func (r *run) item(l *dlq.Letter, d *decision) exactly.Item {
	at := l.Coordinates
	letter := ledger.Letter{Partition: at.Partition, Offset: at.Offset, Disposition: d.as}
	switch {
	case d.rec != nil:
		letter.Attempt = r.book.Index().Attempt(at.Partition, at.Offset) + 1
		letter.ReplayID = r.p.source.ReplayID(at.Partition, at.Offset, letter.Attempt)
		letter.HashBefore = hash(l.Key, l.Value, l.RecordHeaders())
		letter.HashAfter = hash(d.rec.Key, d.rec.Value, d.rec.Headers)
		stamp(d.rec, letter.ReplayID, d.replay, r.w.Job)
		letter.Record = d.rec
	case d.as == ledger.Parked:
		letter.Why = d.warnings[0].Why
		if r.p.req.Reason != "" {
			letter.Why = r.p.req.Reason + "; " + letter.Why
		}
	}
	item := r.book.Item(letter)
	letter.Record = nil
	r.mu.Lock()
	r.letters[item.Key] = letter
	r.mu.Unlock()
	return item
}

// report tells what became of an item.
func (r *run) report(res exactly.Result) {
	r.mu.Lock()
	letter := r.letters[res.Key]
	delete(r.letters, res.Key)
	r.mu.Unlock()
	item := Item{Coordinates: dlq.Coordinates{Topic: r.p.Topic, Partition: letter.Partition, Offset: letter.Offset}, Reason: res.Why}
	switch res.Outcome {
	case exactly.Written:
		item.Result, item.Disposition, item.ReplayID = ItemDone, string(letter.Disposition), letter.ReplayID
		if letter.Disposition == ledger.Parked {
			item.Reason = letter.Why
		}
		if len(res.Placed) > 0 {
			at := dlq.Coordinates(res.Placed[0])
			item.Target = &at
		}
	case exactly.Skipped:
		item.Result = ItemSkipped
	default:
		item.Result = ItemFailed
	}
	r.rec.add(item)
}

// ChangedError says that a plan is of a cluster or topic that isn't there any more.
type ChangedError struct{ What string }

func (e *ChangedError) Error() string { return "the plan doesn't hold any more: " + e.What }

// Hint is a next step.
func (e *ChangedError) Hint() string { return "make a new plan: nothing was written" }

// unchanged fails when the topics aren't those that were planned with.
func (p *Plan) unchanged(ctx context.Context) error {
	source, err := ledger.SourceOf(ctx, p.reader.Client, p.Topic)
	if err != nil {
		return err
	}
	if source.Cluster != p.Cluster {
		return &ChangedError{fmt.Sprintf("it is for cluster %s, and this is cluster %s", p.Cluster, source.Cluster)}
	}
	if source.TopicID.String() != p.TopicID {
		return &ChangedError{fmt.Sprintf("topic %q was made anew", p.Topic)}
	}
	for _, t := range p.Targets {
		now, err := p.target.topic(kadm.WithAuthorizedOps(ctx), t.Name) // which also asks anew
		switch {
		case err != nil:
			return err
		case now == nil:
			return &ChangedError{fmt.Sprintf("topic %q was deleted", t.Name)}
		case now.id.String() != t.ID:
			return &ChangedError{fmt.Sprintf("topic %q was made anew", t.Name)}
		}
	}
	return nil
}

// NewJob makes the name of a run, that no other run has.
func NewJob(action Action, now time.Time, random uint32) string {
	return fmt.Sprintf("%s-%s-%08x", action, strings.ToLower(now.UTC().Format("20060102T150405Z")), random)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
