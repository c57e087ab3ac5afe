package exactly

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// producer is one initialisation of the transactional id. It writes until the first
// error; after that a new one is made.
type producer struct {
	cl    *kgo.Client
	txnID string
	id    int64
	epoch int16
	// visible is closed when the last commit can be followed by another transaction.
	visible chan struct{}
}

// newProducer initialises a transactional id, which fences whoever had it. It returns
// when a predecessor's transaction has ended, which is waited for and said.
func newProducer(ctx context.Context, cfg Config, ts *targets, txnID string) (*producer, error) {
	opts := append([]kgo.Opt{
		// A topic just made may have no leader yet where it is asked for first.
		kgo.MetadataMinAge(250 * time.Millisecond),
	}, cfg.Client...)
	opts = append(opts,
		kgo.TransactionalID(txnID),
		kgo.TransactionTimeout(cfg.TransactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytesFn(ts.batchBytes),
		// Records go when all of a transaction's are there, in as few requests as can be.
		kgo.ProducerLinger(time.Second),
		// A transaction must fit, or producing would wait for ever.
		kgo.MaxBufferedRecords(max(100_000, 8*cfg.MaxRecords)),
	)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	p := &producer{cl: cl, txnID: txnID}
	if err := p.init(ctx, cfg); err != nil {
		cl.Close()
		return nil, err
	}
	return p, nil
}

func (p *producer) init(ctx context.Context, cfg Config) (err error) {
	caller, limit := ctx, max(cfg.Stall, 2*cfg.TransactionTimeout)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-time.After(time.Second):
			cfg.Notice(Notice{Text: fmt.Sprintf("waiting for the coordinator of %q to end what was under way", p.txnID)})
		case <-done:
		}
	}()
	err = patiently(ctx, func() error { return p.note(ctx) })
	switch {
	case err == nil:
		return nil
	case isAny(err, kerr.TransactionalIDAuthorizationFailed):
		return &NotPermittedError{p.txnID, err}
	case ctx.Err() != nil && caller.Err() == nil:
		return &StalledError{Doing: fmt.Sprintf("initialising the transactional id %q", p.txnID), After: limit,
			Shortages: shortages(caller, p.cl), Err: err}
	}
	return fmt.Errorf("initialising the transactional id %q: %w", p.txnID, err)
}

// owned tells whether no other run has initialised the id since. Brokers use the same
// errors for a producer that was fenced by another run, and for one whose transaction
// the coordinator has ended by itself since it took too long.
func (p *producer) owned(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	described, err := kadm.NewClient(p.cl).DescribeTransactions(ctx, p.txnID)
	d, ok := described[p.txnID]
	if err != nil || !ok || d.Err != nil || d.ProducerID != p.id {
		return false
	}
	// Another run's initialisation leaves the state Empty, or a transaction of its own.
	aborted := d.State == "PrepareAbort" || d.State == "CompleteAbort" || d.State == "PrepareEpochFence"
	return d.ProducerEpoch == p.epoch || aborted && d.ProducerEpoch == p.epoch+1
}

// close ends the client without waiting for anything. What it had begun is ended by
// the next initialisation, or by the coordinator in time.
func (p *producer) close() { p.cl.Close() }
