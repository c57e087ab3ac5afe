package dlq

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/batch"
)

// Fault is a stretch of a partition that could not be read. What follows it was
// read all the same.
type Fault struct {
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"` // the first offset after it
	Reason    string `json:"reason"`
}

// span is what to read of a partition: [from, to).
type span struct {
	partition int32
	from, to  int64
}

// scanner reads a topic with raw fetches. It knows without reading a record where
// what it got ends, so that transaction markers and holes at the end of a partition
// don't keep it waiting, and one bad batch doesn't cost the rest.
type scanner struct {
	cl           *kgo.Client
	topic        *topic
	decompressor kgo.Decompressor
	uncommitted  bool // records of open and aborted transactions too
	markers      bool // transaction markers too

	turns chan struct{} // who unpacks a batch has put one in

	mu     sync.Mutex
	faults []Fault
}

func newScanner(cl *kgo.Client, t *topic) *scanner {
	s := &scanner{cl: cl, topic: t, turns: make(chan struct{}, unpackers)}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	s.decompressor, _ = cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	return s
}

// errEnough ends the reading of one partition.
var errEnough = errors.New("enough was read")

// Sizes of fetches. A broker sends a batch that is larger than this all the same.
const (
	fetchSize = 1 << 20
	ahead     = 1 // fetches that wait to be decoded, for each partition
)

// scan reads the spans, some partitions at a time. work is called for each fetch,
// by several goroutines; done gets its results, by one goroutine at a time, in the
// order of the offsets of a partition. errEnough from done ends a partition, any
// other error all of them.
func scan[T any](ctx context.Context, s *scanner, spans []span, work func([]*kgo.Record) T, done func(span, T) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(max(4, 2*runtime.GOMAXPROCS(0)))
	var mu sync.Mutex
	for _, sp := range spans {
		if err := s.topic.partitions[sp.partition].err; err != nil {
			s.fault(sp, sp.from, sp.to, err)
			continue
		}
		if sp.from >= sp.to {
			continue
		}
		eg.Go(func() error {
			err := s.each(ctx, sp, func(recs []*kgo.Record) error {
				result := work(recs)
				mu.Lock()
				defer mu.Unlock()
				if err := ctx.Err(); err != nil {
					return err
				}
				return done(sp, result)
			})
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		})
	}
	return eg.Wait()
}

// fetched is the answer to one fetch of one partition.
type fetched struct {
	from int64
	resp kmsg.FetchResponseTopicPartition
}

// each fetches a span while what came before is decoded.
func (s *scanner) each(ctx context.Context, sp span, do func([]*kgo.Record) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	answers := make(chan fetched, ahead)
	eg.Go(func() error {
		defer close(answers)
		return s.fetchAll(ctx, sp, answers)
	})
	eg.Go(func() error {
		for f := range answers {
			if err := s.decode(ctx, sp, f, do); err != nil {
				return err
			}
		}
		return nil
	})
	return eg.Wait()
}

func (s *scanner) fetchAll(ctx context.Context, sp span, answers chan<- fetched) error {
	for at := sp.from; at < sp.to; {
		f, ok, err := s.ask(ctx, sp, at)
		if !ok {
			return err
		}
		select {
		case answers <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
		at = batch.End(f.resp.RecordBatches)
	}
	return nil
}

// ask fetches from an offset of a span on, or from where the log has begun since; the
// answer goes on behind that. Without one, not ok, what is left of the span is noted as
// a fault; the error is that of ctx.
func (s *scanner) ask(ctx context.Context, sp span, at int64) (f fetched, ok bool, err error) {
	for at < sp.to {
		resp, err := s.fetch(ctx, sp.partition, at)
		if ctx.Err() != nil {
			return f, false, ctx.Err()
		}
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if errors.Is(err, kerr.OffsetOutOfRange) && resp.LogStartOffset > at {
			s.fault(sp, at, min(resp.LogStartOffset, sp.to), errors.New("retention deleted it while it was read"))
			at = resp.LogStartOffset
			continue
		}
		if err == nil && batch.End(resp.RecordBatches) <= at {
			err = errors.New("the broker sends nothing more, though the partition goes on")
		}
		if err != nil {
			s.fault(sp, at, sp.to, err)
			return f, false, nil
		}
		return fetched{at, resp}, true, nil
	}
	return f, false, nil
}

// handOver is about how much memory records take that are handed over at once: enough
// for that to cost little, and little beside what a batch may take.
const handOver = 256 << 10

// decode hands over the records of one answer. It decompresses batch by batch: an
// answer as a whole can take a hundred times as much memory as its bytes. A batch that
// can't be decoded is noted, and what follows it is fetched anew: which transactions
// were aborted is told for an answer as a whole.
func (s *scanner) decode(ctx context.Context, sp span, f fetched, do func([]*kgo.Record) error) error {
	at, end := f.from, min(batch.End(f.resp.RecordBatches), sp.to)
	out := outbox{do: do}
	// Of what was handed on to be decoded, the rest is fetched by nobody else.
	anew := func() (ok bool, err error) {
		if err := out.flush(); err != nil || at >= end {
			return false, err
		}
		if f, ok, err = s.ask(ctx, span{sp.partition, at, end}, at); ok {
			at = f.from
		}
		return ok, err
	}
	for at < end {
		from, to, rest, ok := batch.First(f.resp.RecordBatches)
		if !ok { // what was fetched anew has fewer batches
			if ok, err := anew(); !ok {
				return err
			}
			continue
		}
		if from >= end { // compaction came in between
			break
		}
		whole := f.resp.RecordBatches[:len(f.resp.RecordBatches)-len(rest)]
		f.resp.RecordBatches = rest
		if to <= at {
			continue
		}
		over, err := s.turn(ctx)
		if err != nil {
			return err
		}
		records, whyNot := s.records(sp, &f.resp, at, whole)
		if n := len(records); n > 0 {
			at = records[n-1].Offset + 1
		}
		if out.add(records, end) < largeBatch {
			over()
		}
		if records = nil; whyNot != nil || out.size >= handOver {
			err = out.flush()
		}
		if over(); err != nil {
			return err
		}
		if whyNot == nil {
			at = to
			continue
		}
		if at < end { // else all that was wanted of it could be read
			s.fault(sp, max(from, at), min(to, end), notDecoded(whyNot))
			at = to
		}
		if ok, err := anew(); !ok {
			return err
		}
	}
	return out.flush()
}

// outbox collects records until there are enough to hand over.
type outbox struct {
	do      func([]*kgo.Record) error
	waiting []*kgo.Record
	size    int // about what they take
}

// add takes in the records before end, and gives about what those take.
func (o *outbox) add(records []*kgo.Record, end int64) int {
	before := o.size
	for _, r := range records {
		if r.Offset < end {
			o.waiting, o.size = append(o.waiting, r), o.size+recordBytes(r)
		}
	}
	return o.size - before
}

func (o *outbox) flush() error {
	if len(o.waiting) == 0 {
		return nil
	}
	records := o.waiting
	o.waiting, o.size = nil, 0
	return o.do(records)
}

// unpackers is how many batches are unpacked at once, of all partitions. How large they
// become shows only then; what is large is handed over before the next one's turn.
const unpackers = 2

// largeBatch is a size of which not every partition may have one.
const largeBatch = 1 << 20

// turn waits for the turn to unpack a batch. What it returns ends the turn, once.
func (s *scanner) turn(ctx context.Context) (end func(), err error) {
	select {
	case s.turns <- struct{}{}:
		return sync.OnceFunc(func() { <-s.turns }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func recordBytes(r *kgo.Record) int {
	n := 300 + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += 50 + len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return n
}

// errNotWhole is about a batch with fewer records than it says.
var errNotWhole = errors.New("not whole")

// records decodes one batch of an answer, from an offset on. Beside an error there may
// be records that come before what can't be read.
func (s *scanner) records(sp span, resp *kmsg.FetchResponseTopicPartition, at int64, whole []byte) ([]*kgo.Record, error) {
	one := *resp
	one.RecordBatches = whole
	part, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: at, Topic: s.topic.name, Partition: sp.partition, IsolationLevel: s.isolation(),
	}, &one, s.decompressor, nil)
	_, to, _, _ := batch.First(whole)
	switch {
	case part.Err != nil:
		return part.Records, part.Err
	case next < to:
		return part.Records, errNotWhole
	}
	if len(part.Records) > 0 && part.Records[0].Attrs.IsControl() {
		resp.AbortedTransactions = batch.WithoutEnded(resp.AbortedTransactions, part.Records[0])
		if !s.markers {
			return nil, nil
		}
	}
	return part.Records, nil
}

func notDecoded(err error) error {
	var large *kgo.ErrDecompressTooLarge
	switch {
	case errors.Is(err, errNotWhole):
		return errors.New("its records can't be decompressed, or aren't whole")
	case errors.As(err, &large):
		return errors.New("decompressed, its batch would be larger than is allowed")
	}
	return fmt.Errorf("its batch can't be read: %w", err)
}

func (s *scanner) isolation() kgo.IsolationLevel {
	if s.uncommitted {
		return kgo.ReadUncommitted()
	}
	return kgo.ReadCommitted()
}

func (s *scanner) fault(sp span, from, to int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, Fault{sp.partition, from, to, err.Error()})
}

// fetch asks the leader once.
func (s *scanner) fetch(ctx context.Context, partition int32, at int64) (kmsg.FetchResponseTopicPartition, error) {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch = -1, -1 // a consumer, without a fetch session
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 0, 0, fetchSize
	if !s.uncommitted {
		req.IsolationLevel = 1
	}
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.LogStartOffset = partition, at, fetchSize, -1
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID, t.Partitions = s.topic.name, s.topic.id, []kmsg.FetchRequestTopicPartition{p}
	req.Topics = append(req.Topics, t)
	leader := s.topic.partitions[partition].leader
	resp, err := s.cl.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return kmsg.FetchResponseTopicPartition{}, err
	}
	f := resp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(f.ErrorCode); err != nil {
		return kmsg.FetchResponseTopicPartition{}, err
	}
	for _, t := range f.Topics {
		for _, p := range t.Partitions {
			if p.Partition == partition {
				return p, nil
			}
		}
	}
	return kmsg.FetchResponseTopicPartition{}, fmt.Errorf("broker %d left the partition out of its answer", leader)
}
