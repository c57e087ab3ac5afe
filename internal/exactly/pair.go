package exactly

import (
	"context"
	"time"
)

// pair is two producers that take turns, so that one transaction's records are on
// their way while the one before is being committed. With one, most of the time would
// go into waiting: for the acknowledgement of the records, of the entries, of the
// commit, and until that has been made visible.
//
// Together they are the mutex. A run initialises the first, then the second, and then
// reads the ledger. What another run commits by the second id comes right after a
// commit by the first, so that run held the first id then; this one initialised it
// later, and the second id later still: either the commit was before that, and is in
// the ledger that is read, or it is refused. When two runs start at once, each may hold
// one of the two. Who lost the first commits nothing any more, and who has it only
// needs to initialise both again.
type pair [2]*producer

// newPair initialises both.
func newPair(ctx context.Context, cfg Config, ts *targets) (*pair, error) {
	a, err := newProducer(ctx, cfg, ts, cfg.TransactionalID)
	if err != nil {
		return nil, err
	}
	b, err := newProducer(ctx, cfg, ts, cfg.TransactionalID+SecondSuffix)
	if err != nil {
		a.close()
		return nil, err
	}
	return &pair{a, b}, nil
}

// next is the producer for the next transaction: the second only while the first is
// committing.
func (p *pair) next(under *pending) *producer {
	if under != nil && under.p == p[0] {
		return p[1]
	}
	return p[0]
}

// closed tells whether a producer is none of the pair any more.
func (p *pair) closed(one *producer) bool { return one != p[0] && one != p[1] }

func (p *pair) close() {
	p[0].close()
	p[1].close()
}

// pending is a transaction whose second half is under way.
type pending struct {
	p     *producer
	done  []Done
	began time.Time
	full  bool // see [pace.full]
	end   chan error
}

// finish begins the second half.
func finish(cfg Config, p *producer, items []Item, began time.Time) *pending {
	under := &pending{p: p, done: place(items), began: began, end: make(chan error, 1)}
	go func() { under.end <- p.second(cfg, under.done) }()
	return under
}

func items(done []Done) []Item {
	all := make([]Item, len(done))
	for i := range done {
		all[i] = done[i].Item
	}
	return all
}
