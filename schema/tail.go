package schema

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const (
	// partitionsAtOnce is how many partitions are read at a time.
	partitionsAtOnce = 8
	// maxSampleBytes is how much of keys, values and headers is kept. The oldest
	// records give way.
	maxSampleBytes = 256 << 20
)

// tail reads the ends of topics.
type tail struct {
	cl   *kgo.Client
	keep int // bytes
}

// Tail reads the newest records of topics through a client. It asks for what
// transactions have committed, joins no group, commits nothing and creates no topic.
//
// Of each partition it looks at the last n records, further back where transaction
// markers, aborted transactions and compaction leave fewer behind the last n offsets,
// and of all these it keeps the n with the latest timestamps, fewer when they come to
// more than 256 MB. A topic that is missing, or that may not be read, is a
// [*TopicError]; one without records has none.
func Tail(cl *kgo.Client) Records { return &tail{cl, maxSampleBytes} }

// TopicError is a topic that can't be read.
type TopicError struct {
	Topic string
	Err   error
}

func (e *TopicError) Error() string {
	switch {
	case errors.Is(e.Err, kerr.UnknownTopicOrPartition):
		return fmt.Sprintf("reading topic %q: there is no such topic", e.Topic)
	case errors.Is(e.Err, kerr.TopicAuthorizationFailed):
		return fmt.Sprintf("reading topic %q: not permitted", e.Topic)
	}
	return fmt.Sprintf("reading topic %q: %v", e.Topic, e.Err)
}
func (e *TopicError) Unwrap() error { return e.Err }

// Hint is the next step; it may be empty.
func (e *TopicError) Hint() string {
	switch {
	case errors.Is(e.Err, kerr.UnknownTopicOrPartition):
		return "name the topic with --sample TOPIC: it was told from the subject, or doesn't exist yet"
	case errors.Is(e.Err, kerr.TopicAuthorizationFailed):
		return "ask for the right to READ and DESCRIBE the topic; no group is needed"
	}
	return ""
}

func (t *tail) Last(ctx context.Context, topic string, n int) ([]Record, error) {
	if n <= 0 {
		return nil, nil
	}
	parts, err := t.partitions(ctx, topic)
	if err != nil {
		return nil, &TopicError{Topic: topic, Err: err}
	}
	newest := &newestRecords{most: n, mostBytes: t.keep}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partitionsAtOnce)
	for _, p := range parts {
		group.Go(func() error {
			if err := p.readBack(ctx, n, newest); err != nil {
				return fmt.Errorf("partition %d: %w", p.number, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, &TopicError{Topic: topic, Err: err}
	}
	return newest.sorted(), nil
}

// partitions finds the partitions of a topic that have something, and how far they
// go: to the first transaction that is open.
func (t *tail) partitions(ctx context.Context, topic string) ([]*partitionTail, error) {
	adm := kadm.NewClient(t.cl)
	topics, err := adm.ListTopics(ctx, topic)
	if err != nil {
		return nil, err
	}
	details, known := topics[topic]
	switch {
	case !known:
		return nil, kerr.UnknownTopicOrPartition
	case details.Err != nil:
		return nil, details.Err
	}
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends, err := adm.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	decompressor, _ := t.cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor) // the client's is bounded
	var list []*partitionTail
	for _, d := range details.Partitions.Sorted() {
		start, _ := starts.Lookup(topic, d.Partition)
		end, _ := ends.Lookup(topic, d.Partition)
		if err := errors.Join(d.Err, start.Err, end.Err); err != nil {
			return nil, fmt.Errorf("partition %d: %w", d.Partition, err)
		}
		if end.Offset > start.Offset {
			list = append(list, &partitionTail{
				cl: t.cl, decompressor: decompressor, topic: topic, id: details.ID,
				number: d.Partition, leader: d.Leader, start: start.Offset, end: end.Offset,
			})
		}
	}
	return list, nil
}

// newestRecords keeps the newest of all records that it is given.
type newestRecords struct {
	most, mostBytes int

	mu    sync.Mutex
	kept  recordHeap
	bytes int
}

func (r *newestRecords) add(rec *kgo.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == r.most && !older(r.kept[0], rec) {
		return
	}
	// A record is a part of its whole batch, which is not to be kept alive.
	own := &kgo.Record{Partition: rec.Partition, Offset: rec.Offset, Timestamp: rec.Timestamp, Key: bytes.Clone(rec.Key), Value: bytes.Clone(rec.Value)}
	for _, h := range rec.Headers {
		own.Headers = append(own.Headers, kgo.RecordHeader{Key: h.Key, Value: bytes.Clone(h.Value)})
	}
	heap.Push(&r.kept, own)
	r.bytes += sizeOf(own)
	for len(r.kept) > r.most || r.bytes > r.mostBytes && len(r.kept) > 1 {
		r.bytes -= sizeOf(heap.Pop(&r.kept).(*kgo.Record))
	}
}
