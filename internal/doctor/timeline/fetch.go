package timeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// Sizes of fetches. Most of what a small one costs is waiting, for the broker and for its
// answer's turn. A broker sends a batch that is larger than this all the same. Of each
// partition that is read, up to three are in memory.
const (
	fetchSize = 4 << 20
	ahead     = 1 // fetches that wait to be looked at, for each partition
	leads     = 3 // times that a partition's leader is looked for anew

	electionPause = 200 * time.Millisecond // before the first of them; longer each time
)

// atOnce is how many partitions are read at the same time.
func atOnce() int { return min(8, max(4, runtime.GOMAXPROCS(0))) }

// answer is that to one fetch of one partition.
type answer struct {
	from int64
	resp kmsg.FetchResponseTopicPartition
}

// read fetches a span while what came before is looked at.
func (s *search) read(ctx context.Context, sp span, look func(context.Context, answer) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	answers := make(chan answer, ahead)
	eg.Go(func() error {
		defer close(answers)
		return s.fetchAll(ctx, sp, answers)
	})
	eg.Go(func() error {
		for a := range answers {
			if err := look(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return eg.Wait()
}

func (s *search) fetchAll(ctx context.Context, sp span, answers chan<- answer) error {
	at, to := sp.extent()
	leader := sp.topic.partitions[sp.partition].leader
	if s.brokers.silent(leader) { // which may have lost the partition since
		leader = s.leader(ctx, sp, leader)
	}
	for tries := 0; at < to; {
		if s.brokers.silent(leader) {
			s.unread(Unread{sp.topic.name, sp.partition, at, to, fmt.Sprintf("broker %d does not answer", leader)})
			return nil
		}
		asked := time.Now()
		resp, err := ask(ctx, s, func(ctx context.Context) (kmsg.FetchResponseTopicPartition, error) {
			return s.fetch(ctx, sp, leader, at)
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.brokers.note(leader, asked, err)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		switch next := endOf(resp.RecordBatches); {
		case errors.Is(err, kerr.OffsetOutOfRange) && resp.LogStartOffset > at:
			s.unread(Unread{sp.topic.name, sp.partition, at, min(resp.LogStartOffset, to), "retention deleted it while it was read"})
			at = resp.LogStartOffset
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			s.unread(Unread{Topic: sp.topic.name, Partition: -1, Reason: s.word(err)})
			return nil
		case err != nil && tries < leads && mayPass(err):
			tries++
			if !timedOut(err) { // an election takes a little while
				if err := pause(ctx, time.Duration(tries)*electionPause); err != nil {
					return err
				}
			}
			leader = s.leader(ctx, sp, leader)
		case err != nil:
			s.unread(Unread{sp.topic.name, sp.partition, at, to, s.word(err)})
			return nil
		case next <= at:
			s.unread(Unread{sp.topic.name, sp.partition, at, to, "the broker sends nothing more, though the partition goes on"})
			return nil
		default:
			select {
			case answers <- answer{at, resp}:
			case <-ctx.Done():
				return ctx.Err()
			}
			at, tries = next, 0
		}
	}
	return nil
}

// mayPass tells of errors that another leader, or a little time, may end.
func mayPass(err error) bool {
	var code *kerr.Error
	return !errors.As(err, &code) || code.Retriable
}

// leader asks who leads a partition now. Where nobody tells, it is the one it was.
func (s *search) leader(ctx context.Context, sp span, was int32) int32 {
	details, err := s.list(ctx, sp.topic.name)
	if p, ok := details[sp.topic.name].Partitions[sp.partition]; err == nil && ok && p.Leader >= 0 {
		return p.Leader
	}
	return was
}

// fetch asks a leader once.
func (s *search) fetch(ctx context.Context, sp span, leader int32, at int64) (none kmsg.FetchResponseTopicPartition, _ error) {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch = -1, -1 // a consumer, without a fetch session
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 0, 0, fetchSize
	req.IsolationLevel = 1
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.LogStartOffset = sp.partition, at, fetchSize, -1
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID, t.Partitions = sp.topic.name, sp.topic.id, []kmsg.FetchRequestTopicPartition{p}
	req.Topics = append(req.Topics, t)
	resp, err := s.Client.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return none, err
	}
	f := resp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(f.ErrorCode); err != nil {
		return none, err
	}
	for _, t := range f.Topics {
		for _, p := range t.Partitions {
			if p.Partition == sp.partition {
				return p, nil
			}
		}
	}
	return none, fmt.Errorf("broker %d left the partition out of its answer", leader)
}

// decode gives the records of one batch that are in the span.
func (s *search) decode(sp span, b *batch) ([]*kgo.Record, error) {
	resp := kmsg.FetchResponseTopicPartition{Partition: sp.partition, HighWatermark: b.next, LastStableOffset: b.next, RecordBatches: b.whole}
	from, to := sp.extent()
	part, _ := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: max(from, b.first), Topic: sp.topic.name, Partition: sp.partition, IsolationLevel: kgo.ReadUncommitted(),
	}, &resp, s.decompressor, nil)
	recs := part.Records
	for len(recs) > 0 && recs[len(recs)-1].Offset >= to {
		recs = recs[:len(recs)-1]
	}
	return recs, part.Err
}
