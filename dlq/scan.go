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
	cl          *kgo.Client
	topic       *topic
	load        *load // shared by those that read at the same time
	unpackers   []unpacker
	uncommitted bool // records of open and aborted transactions too
	markers     bool // transaction markers too

	mu     sync.Mutex
	faults []Fault
}

func newScanner(cl *kgo.Client, t *topic) *scanner {
	return &scanner{cl: cl, topic: t, load: newLoad(), unpackers: newUnpackers(cl)}
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

// answer is one that is in memory, until it is let go.
type answer struct {
	fetched
	done func()
}

// each fetches a span while what came before is decoded.
func (s *scanner) each(ctx context.Context, sp span, do func([]*kgo.Record) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	answers := make(chan answer, ahead)
	eg.Go(func() error {
		defer close(answers)
		return s.fetchAll(ctx, sp, answers)
	})
	eg.Go(func() error {
		size := 0
		for a := range answers {
			err := s.decode(ctx, sp, a.fetched, &size, do)
			if a.done(); err != nil {
				return err
			}
		}
		return nil
	})
	err := eg.Wait()
	for a := range answers { // those that nobody wanted any more have room, too
		a.done()
	}
	return err
}

// fetchAll fetches a span. Before an answer is there, it is taken to be as large as the
// topic's batches may be.
func (s *scanner) fetchAll(ctx context.Context, sp span, answers chan<- answer) error {
	for at := sp.from; at < sp.to; {
		room, err := s.room(ctx)
		if err != nil {
			return err
		}
		f, ok, err := s.ask(ctx, sp, at)
		if !ok {
			room.leave()
			return err
		}
		room.shrink(len(f.resp.RecordBatches))
		at = batch.End(f.resp.RecordBatches)
		select {
		case answers <- answer{f, room.leave}:
		case <-ctx.Done():
			room.leave()
			return ctx.Err()
		}
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
