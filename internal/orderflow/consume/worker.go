package consume

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// worker works on one partition's records, in their order.
type worker struct {
	c      *Consumer
	client *kgo.Client
	p      partition

	mu    sync.Mutex
	queue []*kgo.Record
	more  chan struct{} // told when the queue grew

	stopping chan struct{} // closed to end after the record under way
	done     chan struct{}
	ctx      context.Context // of the work; outlives stopping by grace
	cancel   context.CancelFunc
}

func (c *Consumer) newWorker(client *kgo.Client, p partition) *worker {
	w := &worker{
		c: c, client: client, p: p,
		more: make(chan struct{}, 1), stopping: make(chan struct{}), done: make(chan struct{}),
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	go w.run()
	return w
}

func (w *worker) stop() {
	close(w.stopping)
	time.AfterFunc(w.c.Grace, w.cancel)
}

func (w *worker) stopped() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// pause waits, and says false when the worker is to end instead.
func (w *worker) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-w.stopping:
		return false
	}
}

func (w *worker) add(rs []*kgo.Record) {
	w.mu.Lock()
	w.queue = append(w.queue, rs...)
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// take returns the next records, none when the worker is to end.
func (w *worker) take() []*kgo.Record {
	for {
		if w.stopped() {
			return nil
		}
		w.mu.Lock()
		n := min(len(w.queue), pollRecords)
		rs := w.queue[:n:n]
		w.queue = w.queue[n:]
		w.mu.Unlock()
		if n > 0 {
			return rs
		}
		select {
		case <-w.more:
		case <-w.stopping:
		}
	}
}

func (w *worker) run() {
	defer close(w.done)
	defer w.cancel()
	defer w.discard()
	for {
		rs := w.take()
		if len(rs) == 0 {
			return
		}
		goOn := w.work(rs)
		w.c.landed(len(rs))
		if !goOn {
			w.stand()
			return
		}
	}
}

// discard forgets what is queued: it is uncommitted and comes again.
func (w *worker) discard() {
	w.mu.Lock()
	n := len(w.queue)
	w.queue = nil
	w.mu.Unlock()
	w.c.landed(n)
}

// stand keeps the partition where it is, without keeping others from going on.
func (w *worker) stand() {
	if w.stopped() {
		return
	}
	w.client.PauseFetchPartitions(map[string][]int32{w.p.topic: {w.p.number}})
	for !w.stopped() {
		w.discard()
		select {
		case <-w.more:
		case <-w.stopping:
		}
	}
}

// work says false when it got stuck at a record, or is to end.
func (w *worker) work(rs []*kgo.Record) bool {
	if w.c.Semantics == AtMostOnce && !w.commitFirst(rs) {
		return false
	}
	if w.c.HandleBatch != nil {
		return w.batch(rs)
	}
	for _, r := range rs {
		// What was committed before its work gets its one chance even at the end.
		if w.stopped() && w.c.Semantics == AtLeastOnce || !w.one(r) {
			return false
		}
		w.mark(r)
	}
	return true
}

func (w *worker) mark(r *kgo.Record) {
	if w.c.Semantics == AtLeastOnce && !w.c.CrashBeforeCommit {
		w.client.MarkCommitRecords(r)
	}
}

// commitFirst commits records that no work was done for. As long as that fails
// they may come again, so they must not be worked on.
func (w *worker) commitFirst(rs []*kgo.Record) bool {
	for !w.stopped() {
		err := w.client.CommitRecords(w.ctx, rs[len(rs)-1])
		if err == nil {
			return true
		}
		w.c.Log.Warn("commit before work failed, trying again", "group", w.c.Group, "record", place(rs[len(rs)-1]), "error", err)
		w.pause(w.c.Backoff)
	}
	return false
}

// one does the work for a record and says whether the record is done with.
func (w *worker) one(r *kgo.Record) bool {
	var failure error
	for attempt := 0; attempt <= w.c.Retries || unknown(failure); attempt++ {
		if attempt > 0 {
			if !w.pause(w.c.Backoff) {
				return false
			}
			w.c.retried.Add(1)
		}
		if failure = w.attempt(r); failure == nil {
			w.c.handled.Add(1)
			return true
		}
		w.c.failed.Add(1)
		w.c.Log.Warn("work failed", "group", w.c.Group, "record", place(r), "attempt", attempt+1, "error", failure)
		if never(failure) {
			break
		}
	}
	return w.bury(r, failure)
}

func (w *worker) attempt(r *kgo.Record) (err error) {
	ctx, end := w.c.Tracer.Process(trace.Extract(w.ctx, r), w.c.Group, r)
	defer func() { end(err) }()
	m, err := w.open(ctx, r)
	if err != nil {
		return err
	}
	return guarded(func() error { return w.c.Handle(ctx, m) })
}

// open decodes a record.
func (w *worker) open(ctx context.Context, r *kgo.Record) (Message, error) {
	m := Message{Record: r, ctx: ctx}
	if w.c.Codec == nil {
		m.Envelope, _ = event.Open(r) // foreign records needn't be events
		return m, nil
	}
	var err error
	if m.Envelope, err = event.Open(r); err != nil {
		return m, err
	}
	m.Event, err = w.c.Codec.Decode(ctx, r)
	return m, err
}

// never tells that no further attempt can help.
func never(err error) bool {
	var undecodable *event.DecodeError
	return errors.As(err, &undecodable)
}

// unknown tells that nobody can say yet what a record is. It is waited for as long as
// that takes: with a registry that is down for a minute, every record of a schema that
// wasn't asked for before would be a dead letter.
func unknown(err error) bool {
	var registry *event.RegistryError
	return errors.As(err, &registry)
}

// panicError is a handler's panic, with where it was.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guarded makes a panic an error: one bad record shall not end the service.
func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return work()
}

func place(r *kgo.Record) string {
	return fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset)
}
