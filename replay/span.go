package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/batch"
)

// span is a stretch of a partition: [from, to).
type span struct {
	partition
	from, to int64
}

// spanReader reads stretches of partitions with single fetches, as a consumer that
// sees committed transactions only. It knows where an answer ends without a record
// there, so that markers and compaction holes at the end don't keep it waiting.
type spanReader struct {
	cl           *kgo.Client
	topics       kadm.TopicDetails
	decompressor kgo.Decompressor
	fetchBytes   int32         // of one answer
	limit        time.Duration // of one question; 0: only the context's
}

func newSpanReader(ctx context.Context, cl *kgo.Client, fetchBytes int32, topics ...string) (*spanReader, error) {
	details, err := kadm.NewClient(cl).ListTopics(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("looking up who leads the partitions: %w", err)
	}
	r := &spanReader{cl: cl, topics: details, fetchBytes: fetchBytes}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	r.decompressor, _ = cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	return r, nil
}

// unanswered tells that a broker gave no answer in time, from one that says no.
func unanswered(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// errEnough ends the reading of a span without being an error.
var errEnough = errors.New("enough was read")

// read hands over the records of a span in order, and returns the offset up to which
// it came: that of an error, or the span's end.
func (r *spanReader) read(ctx context.Context, s span, do func(*kgo.Record) error) (at int64, err error) {
	stopped := int64(-1)
	at, err = r.answers(ctx, s, func(records []*kgo.Record) error {
		for _, rec := range records {
			if err := do(rec); errors.Is(err, errEnough) {
				stopped = rec.Offset + 1
				return err
			} else if err != nil {
				stopped = rec.Offset
				return err
			}
		}
		return nil
	})
	if at = min(at, s.to); stopped >= 0 {
		at = stopped
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return at, err
}

// answers is read with all records of an answer at once. Beside no error it returns the
// span's end, or where the next record behind that can be, if it has learnt it.
func (r *spanReader) answers(ctx context.Context, s span, do func([]*kgo.Record) error) (at int64, err error) {
	for at = s.from; at < s.to; {
		answer, err := r.fetch(ctx, s.partition, at)
		if err != nil {
			return at, fmt.Errorf("reading %s:%d at offset %d: %w", s.topic, s.id, at, err)
		}
		var goesOn int64
		answer.RecordBatches, goesOn = batch.Before(answer.RecordBatches, s.to) // what comes behind needn't be decompressed
		fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
			Offset: at, Topic: s.topic, Partition: s.id, IsolationLevel: kgo.ReadCommitted(),
		}, &answer, r.decompressor, nil)
		records, behind := fetched.Records, -1
		if behind = slices.IndexFunc(records, func(rec *kgo.Record) bool { return rec.Offset >= s.to }); behind >= 0 {
			records = records[:behind]
		}
		if len(records) > 0 {
			if err := do(records); err != nil {
				return at, err
			}
		}
		switch {
		case behind >= 0:
			return fetched.Records[behind].Offset, nil
		case fetched.Err != nil:
			return max(at, next), fmt.Errorf("reading %s:%d at offset %d: %w", s.topic, s.id, max(at, next), fetched.Err)
		case goesOn >= 0: // what there is of the span is before that
			return goesOn, nil
		case next <= at && answer.LastStableOffset <= at && answer.HighWatermark > at:
			return at, fmt.Errorf("reading %s:%d: a transaction that is open since offset %d holds back what follows", s.topic, s.id, at)
		case next <= at:
			return at, fmt.Errorf("reading %s:%d: the broker sends nothing at offset %d, though the partition goes on", s.topic, s.id, at)
		}
		at = next
	}
	return s.to, nil
}

// fetch asks a partition's leader once.
func (r *spanReader) fetch(ctx context.Context, p partition, at int64) (answer kmsg.FetchResponseTopicPartition, err error) {
	details := r.topics[p.topic]
	led, ok := details.Partitions[p.id]
	switch {
	case details.Err != nil:
		return answer, details.Err
	case !ok:
		return answer, kerr.UnknownTopicOrPartition
	case led.Leader < 0:
		return answer, kerr.LeaderNotAvailable
	}
	if r.limit > 0 {
		bounded, cancel := context.WithTimeout(ctx, r.limit)
		defer cancel()
		ctx = bounded
	}
	resp, err := r.cl.Broker(int(led.Leader)).RetriableRequest(ctx, r.request(p, details.ID, at))
	if err != nil {
		return answer, err
	}
	f := resp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(f.ErrorCode); err != nil {
		return answer, err
	}
	for _, t := range f.Topics {
		for _, a := range t.Partitions {
			if a.Partition == p.id {
				return a, kerr.ErrorForCode(a.ErrorCode)
			}
		}
	}
	return answer, fmt.Errorf("broker %d left the partition out of its answer", led.Leader)
}

func (r *spanReader) request(p partition, id kadm.TopicID, at int64) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch, req.IsolationLevel = -1, -1, 1 // a consumer, without a fetch session
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 0, 0, r.fetchBytes
	ask := kmsg.NewFetchRequestTopicPartition()
	ask.Partition, ask.FetchOffset, ask.PartitionMaxBytes, ask.LogStartOffset = p.id, at, r.fetchBytes, -1
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID, t.Partitions = p.topic, id, []kmsg.FetchRequestTopicPartition{ask}
	req.Topics = append(req.Topics, t)
	return req
}
