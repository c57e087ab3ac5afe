package copies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// Writer does what plans say.
type Writer struct {
	// Client is of the cluster that is written to, and Options say how it is reached.
	Client  *kgo.Client
	Options []kgo.Opt
	Who     string // for the ledger
	Job     string // one name for each run; see [NewJob]
	// Rate bounds the records a second; 0 doesn't.
	Rate float64
	// Hard ends the run at once when it ends; the context of Apply ends it after the
	// transaction under way. Nil never does.
	Hard context.Context
	// Report is told of each record that couldn't be copied, and Progress of how many
	// offsets are dealt with. Nil is told nothing.
	Report   func(Item)
	Progress func(offsets int64)
	// Notice is told what the run waits for, in words. Nil is told nothing.
	Notice func(string)
	Now    func() time.Time // nil: time.Now

	maxRecords int // of a transaction; 0: as many as package exactly allows
}

// Apply copies what the plan says, and returns the receipt, also beside an error. The
// same plan again goes on where this run ended.
//
// When ctx ends, the transaction under way is finished, and the receipt says
// Interrupted. It fails with a [*ChangedError] when the topics aren't those of the plan
// any more, with a [*LostError] when the ledger was deleted, with an [*EndedError] when all that follows would fail alike, and as
// [exactly.Run] does.
func (w *Writer) Apply(ctx context.Context, p *Plan) (*Receipt, error) {
	rec, began := newRecorder(p, w), time.Now()
	err := w.apply(ctx, p, rec)
	receipt := rec.end(began)
	receipt.Interrupted = receipt.Interrupted || err != nil
	return receipt, err
}

func (w *Writer) apply(ctx context.Context, p *Plan, rec *recorder) error {
	if p.lost != nil {
		return p.lost
	}
	if p.Left() == 0 {
		return nil
	}
	if err := p.unchanged(ctx); err != nil {
		return err
	}
	id, err := openLedger(ctx, w.Client)
	if err != nil {
		return err
	}
	now := w.Now
	if now == nil {
		now = time.Now
	}
	book := newBook(p.Identity, runInfo{w.Job, w.Who, p.Reason, now})
	book.topicID, book.planned = id, p.progress.partitions
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	r := &run{w: w, p: p, book: book, rec: rec, end: end, recipe: p.recipe()}
	receipt, err := exactly.Run(ctx, exactly.Config{
		Client: w.Options, TransactionalID: p.TransactionalID(), Ledger: book, Rate: w.Rate, Hard: w.Hard,
		MaxRecords: w.maxRecords, Report: r.report, Notice: r.notice,
	}, r.source)
	if receipt != nil {
		rec.receipt.Interrupted = receipt.Interrupted
	}
	var ended *EndedError
	switch {
	case err != nil:
		return err
	case errors.As(context.Cause(ctx), &ended):
		return ended
	}
	return p.sameTarget(context.WithoutCancel(ctx))
}

// recipe says what is made of each record.
func (p *Plan) recipe() *recipe {
	r := &recipe{
		id: []byte(p.Copy), to: p.To.Topic, byKey: p.Partition == ByKey, keepTime: p.KeepTime,
		where: p.req.Where, decoder: p.req.Decoder, edit: p.req.Edit,
		set: p.req.SetRecord, drafter: p.req.Drafter,
	}
	if s := p.to.settings; p.KeepTime && s.mostBefore >= 0 && !s.appendTime {
		r.notBefore = p.req.Now.Add(-s.mostBefore)
	}
	return r
}

// sameTarget sees at the end that what was written to is still there.
func (p *Plan) sameTarget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	to, err := p.target.topic(ctx, p.To.Topic)
	if err != nil {
		return fmt.Errorf("looking whether the target is still the same: %w", err)
	}
	if to.place != p.To {
		return &EndedError{fmt.Sprintf("topic %q", p.To.Topic), errors.New("it was made anew while it was copied to: what was copied before is gone")}
	}
	return nil
}

// run is one application of a plan.
type run struct {
	w      *Writer
	p      *Plan
	book   *book
	rec    *recorder
	recipe *recipe
	end    context.CancelCauseFunc
}

func (r *run) notice(n exactly.Notice) {
	if r.w.Notice != nil {
		r.w.Notice(n.Text)
	}
}

// report tells what became of an item.
func (r *run) report(res exactly.Result) {
	n := res.Note.(*note)
	switch res.Outcome {
	case exactly.Written:
		r.rec.covered(n, len(res.Records) > 0, true)
		return
	case exactly.Skipped:
		r.rec.covered(n, len(res.Records) > 0, false)
		return
	}
	if isWhole(res.Err) {
		r.end(&EndedError{fmt.Sprintf("writing to topic %q", r.p.To.Topic), res.Err})
		return // all that follow fail alike: they are left, and not counted as bad ones
	}
	r.rec.failed(Item{fmt.Sprintf("%s:%d:%d", r.p.From.Topic, n.partition, n.offset), "failed", res.Why})
}

// isWhole tells errors that have nothing to do with the record.
func isWhole(err error) bool {
	for _, whole := range []error{kerr.TopicAuthorizationFailed, kerr.UnknownTopicOrPartition, kerr.UnknownTopicID, kerr.InvalidTopicException} {
		if errors.Is(err, whole) {
			return true
		}
	}
	return false
}
