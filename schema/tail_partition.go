package schema

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// fetchBytes is how much of a partition is asked for at a time. A broker sends a
	// larger batch whole all the same.
	fetchBytes = 1 << 20
	// fetchWait is how long a broker may wait for data that should be there.
	fetchWait = 500 * time.Millisecond
	// maxMoves is how many times a partition's new leader is looked for.
	maxMoves = 5
)

// partitionTail reads the end of one partition.
type partitionTail struct {
	cl           *kgo.Client
	decompressor kgo.Decompressor
	topic        string
	id           kadm.TopicID
	number       int32
	leader       int32
	start, end   int64
	moves        int
}

// readBack reads windows of offsets from the end backwards until n records were
// seen. Each is twice as wide as the one before, so that a partition of which little
// is left is gone through in few steps.
func (p *partitionTail) readBack(ctx context.Context, n int, into *newestRecords) error {
	seen := 0
	for to, width := p.end, int64(n); seen < n && to > p.start; width *= 2 {
		from := max(p.start, to-width)
		found, err := p.window(ctx, from, to, into)
		if err != nil {
			return err
		}
		seen += found
		to = from
	}
	return nil
}

// window reads the offsets from one up to another, and tells how many records there are.
func (p *partitionTail) window(ctx context.Context, from, to int64, into *newestRecords) (found int, err error) {
	for at := from; at < to; {
		fetched, next, err := p.fetch(ctx, at)
		switch {
		case errors.Is(err, kerr.OffsetOutOfRange):
			return found, nil // retention was quicker
		case err != nil:
			return found, err
		}
		for _, rec := range fetched {
			if rec.Offset < to {
				into.add(rec)
				found++
			}
		}
		if next <= at {
			return found, nil // compaction has left nothing up to the end
		}
		at = next
	}
	return found, nil
}

// fetch reads what comes at an offset or after it, and where to go on.
func (p *partitionTail) fetch(ctx context.Context, at int64) ([]*kgo.Record, int64, error) {
	for {
		answer, err := p.ask(ctx, at)
		if err == nil {
			err = kerr.ErrorForCode(answer.ErrorCode)
		}
		if err == nil {
			fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
				Offset: at, Topic: p.topic, Partition: p.number, IsolationLevel: kgo.ReadCommitted(),
			}, answer, p.decompressor, nil)
			return fetched.Records, next, fetched.Err
		}
		if p.moves++; !moved(err) || p.moves > maxMoves {
			return nil, 0, err
		}
		if err := p.findLeader(ctx); err != nil {
			return nil, 0, err
		}
	}
}

// moved tells that a partition has, or gets, another leader.
func moved(err error) bool {
	return errors.Is(err, kerr.NotLeaderForPartition) || errors.Is(err, kerr.LeaderNotAvailable) ||
		errors.Is(err, kerr.FencedLeaderEpoch) || errors.Is(err, kerr.ReplicaNotAvailable)
}

func (p *partitionTail) findLeader(ctx context.Context) error {
	select {
	case <-time.After(fetchWait):
	case <-ctx.Done():
		return ctx.Err()
	}
	topics, err := kadm.NewClient(p.cl).ListTopics(ctx, p.topic)
	if err != nil {
		return err
	}
	p.leader = topics[p.topic].Partitions[p.number].Leader
	return topics[p.topic].Err
}

// ask sends one request to the leader.
func (p *partitionTail) ask(ctx context.Context, at int64) (*kmsg.FetchResponseTopicPartition, error) {
	if p.leader < 0 {
		return nil, kerr.LeaderNotAvailable
	}
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch, req.IsolationLevel = -1, -1, 1 // a consumer without a session, read_committed
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = int32(fetchWait.Milliseconds()), 1, fetchBytes
	topic, partition := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	topic.Topic, topic.TopicID = p.topic, p.id
	partition.Partition, partition.FetchOffset, partition.PartitionMaxBytes = p.number, at, fetchBytes
	partition.LogStartOffset = -1
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	resp, err := p.cl.Broker(int(p.leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	answer := resp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
		return nil, err
	}
	if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return nil, errors.New("the broker's answer lacks it")
	}
	return &answer.Topics[0].Partitions[0], nil
}

// recordHeap has the oldest record first.
type recordHeap []*kgo.Record

func (h recordHeap) Len() int           { return len(h) }
func (h recordHeap) Less(i, j int) bool { return older(h[i], h[j]) }
func (h recordHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *recordHeap) Push(r any)        { *h = append(*h, r.(*kgo.Record)) }
func (h *recordHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return r
}

// older goes by the timestamps, within a partition by the offsets where those are
// the same.
func older(a, b *kgo.Record) bool {
	return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Partition, b.Partition)) < 0
}

func sizeOf(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value)
	}
	return size
}

// sorted gives what was kept, by partition and offset.
func (r *newestRecords) sorted() []Record {
	slices.SortFunc(r.kept, func(a, b *kgo.Record) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	list := make([]Record, len(r.kept))
	for i, rec := range r.kept {
		list[i] = Record{Partition: rec.Partition, Offset: rec.Offset, Key: rec.Key, Value: rec.Value}
		for _, h := range rec.Headers {
			list[i].Headers = append(list[i].Headers, Header{h.Key, h.Value})
		}
	}
	return list
}
