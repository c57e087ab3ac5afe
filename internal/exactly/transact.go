package exactly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// finalError ends the run: doing it again would give the same.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// first is the first half of a transaction: it writes the items' records. Where some
// were refused, by the index of their item, or after an error, the transaction is
// aborted.
func (p *producer) first(cfg Config, items []Item) (map[int]error, error) {
	if err := p.begin(cfg.Hard); err != nil {
		return nil, err
	}
	refused, err := p.records(cfg, items)
	if err != nil || len(refused) > 0 {
		return refused, p.abort(cfg, err)
	}
	return nil, nil
}

// second is the other half: it writes the items' entries, and commits. After an error
// the outcome is unknown, and the producer of no use any more.
func (p *producer) second(cfg Config, done []Done) error {
	entries, err := cfg.Ledger.Entries(done)
	if err != nil {
		return p.abort(cfg, &finalError{err})
	}
	for i, err := range p.produce(cfg, "writing the ledger", entries) {
		if isTopicError(err) || isRecordError(err) {
			err = &finalError{fmt.Errorf("writing the ledger's entry to topic %q: %w", entries[i].Topic, err)}
		}
		return p.abort(cfg, err)
	}
	return p.commit(cfg)
}

func (p *producer) begin(ctx context.Context) error {
	if p.visible != nil {
		<-p.visible
	}
	if err := p.cl.BeginTransaction(); err != nil {
		return err
	}
	return p.note(ctx)
}

// note keeps the producer's id and epoch, which a commit moves on.
func (p *producer) note(ctx context.Context) (err error) {
	p.id, p.epoch, err = p.cl.ProducerID(ctx)
	return err
}

// settle waits until a commit has been made visible everywhere, for a moment. The
// broker takes the next transaction's first record only then. It looks again every
// 20 ms, which is long. But to ask costs it something too, and the other producer has a
// transaction to write meanwhile, which takes longer than this.
func (p *producer) settle(ctx context.Context) {
	adm := kadm.NewClient(p.cl)
	for began := time.Now(); time.Since(began) < 20*time.Millisecond && rest(ctx, 5*time.Millisecond); {
		described, err := adm.DescribeTransactions(ctx, p.txnID)
		if err != nil || described[p.txnID].State != "PrepareCommit" {
			return
		}
	}
}

// records writes the items' records. An error that isn't about a record or its topic
// counts before those that are.
func (p *producer) records(cfg Config, items []Item) (refused map[int]error, err error) {
	n := recordsOf(items)
	records, owner := make([]*kgo.Record, 0, n), make([]int, 0, n)
	for i, item := range items {
		for _, r := range item.Records {
			records, owner = append(records, r), append(owner, i)
		}
	}
	refused = map[int]error{}
	for i, rerr := range p.produce(cfg, "writing records", records) {
		if !isRecordError(rerr) && !isTopicError(rerr) {
			return nil, rerr
		}
		refused[owner[i]] = rerr
	}
	return refused, nil
}

// produce writes records and waits until all are acknowledged or refused. It returns
// the errors by the records' indices.
//
// A producer with transactions ignores contexts once a record may have been sent: it
// would wait for missing replicas for ever. So the acknowledgements are watched, and
// when none comes for too long, all that waits is failed by force.
func (p *producer) produce(cfg Config, doing string, records []*kgo.Record) map[int]error {
	type ack struct {
		i   int
		err error
	}
	flushing, flushed := context.WithCancel(context.WithoutCancel(cfg.Hard))
	defer flushed()
	acks := make(chan ack, len(records))
	for i, r := range records {
		p.cl.Produce(context.WithoutCancel(cfg.Hard), r, func(_ *kgo.Record, err error) { acks <- ack{i, err} })
	}
	// The client lets records linger until it is told that these are all.
	go func() { _ = p.cl.Flush(flushing) }()
	errs := map[int]error{}
	stalled := time.NewTimer(cfg.Stall)
	defer stalled.Stop()
	var forced error
	hard := cfg.Hard.Done()
	last := time.Now()
	for range records {
	again:
		select {
		case a := <-acks:
			last = time.Now()
			if a.err != nil && forced != nil {
				a.err = forced
			}
			if a.err != nil {
				errs[a.i] = a.err
			}
		case <-hard:
			hard, forced = nil, ErrAborted
			p.force()
			goto again
		case <-stalled.C:
			if idle := time.Since(last); idle < cfg.Stall {
				stalled.Reset(cfg.Stall - idle)
				goto again
			}
			forced = &finalError{&StalledError{Doing: doing, After: cfg.Stall}}
			p.force()
			goto again
		}
	}
	return errs
}

// force fails all that the client still has. Requests under way may yet arrive; what
// they bring belongs to a transaction that is aborted.
func (p *producer) force() { go p.cl.UnsafeAbortBufferedRecords() }

// place tells where the records are. Their offsets are final once acknowledged.
func place(items []Item) []Done {
	done, placed := make([]Done, len(items)), make([]Placed, 0, recordsOf(items)) // in one piece
	for i, item := range items {
		done[i].Item = item
		from := len(placed)
		for _, r := range item.Records {
			placed = append(placed, Placed{r.Topic, r.Partition, r.Offset})
		}
		if len(placed) > from {
			done[i].Placed = placed[from:len(placed):len(placed)]
		}
	}
	return done
}

func recordsOf(items []Item) (n int) {
	for i := range items {
		n += len(items[i].Records)
	}
	return n
}

// lastWords is how long what ends a transaction may take when the run is ended at once.
const lastWords = 5 * time.Second

// commit makes the transaction visible. Any error leaves its outcome unknown. So one
// that is under way is not called off when the run is ended at once: the receipt would
// say less than is there.
func (p *producer) commit(cfg Config) error {
	if cfg.Hard.Err() != nil {
		return p.abort(cfg, ErrAborted)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cfg.Hard), cfg.Stall)
	defer cancel()
	defer context.AfterFunc(cfg.Hard, func() { time.AfterFunc(lastWords, cancel) })()
	// Where the client thinks that it has reason to, it initialises the producer anew
	// by itself. That ends the transaction, with what was in it; what came after it
	// would be committed without.
	id, epoch, err := p.cl.ProducerID(ctx)
	if err == nil && (id != p.id || epoch != p.epoch) {
		err = errors.New("the producer was initialised anew within a transaction")
	}
	if err != nil {
		return p.abort(cfg, err)
	}
	if err := p.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	visible := make(chan struct{})
	p.visible = visible
	go func() {
		defer close(visible)
		p.settle(cfg.Hard)
	}()
	return p.note(ctx)
}

// abort ends a transaction that is not to be, and returns why. Where that fails too,
// the producer is of no use, and the next initialisation ends the transaction.
func (p *producer) abort(cfg Config, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cfg.Hard), lastWords)
	defer cancel()
	if err := p.cl.EndTransaction(ctx, kgo.TryAbort); err != nil && why == nil {
		return fmt.Errorf("aborting a transaction: %w", err)
	}
	return why
}
