package exactly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/batch"
)

// Span is a part of a partition's log: from the first offset to before the last.
type Span struct {
	Topic     string
	Partition int32
	From, To  int64
	// TopicID, when it isn't zero, is the only topic of that name that is read: one that
	// was made anew is an error.
	TopicID [16]byte
	// Epoch is the leader epoch of the record right before From; nil: unknown. With it,
	// a log that was cut off before From is an error.
	Epoch *int32
}

// ErrDiverged says that what was read isn't what the log has now: a leader that had
// fewer records took over, and they were lost.
var ErrDiverged = errors.New("the log was cut off behind what was read: records were lost")

// Mark gives the span that begins at an offset and ends at the high watermark of
// now. A negative offset means the log's start.
func Mark(ctx context.Context, cl *kgo.Client, topic string, partition int32, from int64) (Span, error) {
	return mark(ctx, cl, topic, partition, from, (*kadm.Client).ListEndOffsets)
}

// Stable is Mark for who only wants to read what can be read now: the span ends at
// the last stable offset, before the first open transaction. It isn't enough to know
// what is left to do.
func Stable(ctx context.Context, cl *kgo.Client, topic string, partition int32, from int64) (Span, error) {
	return mark(ctx, cl, topic, partition, from, (*kadm.Client).ListCommittedOffsets)
}

type lister func(*kadm.Client, context.Context, ...string) (kadm.ListedOffsets, error)

func mark(ctx context.Context, cl *kgo.Client, topic string, partition int32, from int64, ends lister) (Span, error) {
	adm := kadm.NewClient(cl)
	span := Span{Topic: topic, Partition: partition, From: from}
	err := patiently(ctx, func() error {
		listed, err := ends(adm, ctx, topic)
		if err == nil {
			span.To, err = offsetOf(listed, topic, partition)
		}
		if err != nil || from >= 0 {
			return err
		}
		listed, err = adm.ListStartOffsets(ctx, topic)
		if err == nil {
			span.From, err = offsetOf(listed, topic, partition)
		}
		return err
	})
	if err != nil {
		return span, fmt.Errorf("offsets of %s:%d: %w", topic, partition, err)
	}
	return span, nil
}

func offsetOf(listed kadm.ListedOffsets, topic string, partition int32) (int64, error) {
	o, ok := listed.Lookup(topic, partition)
	if !ok {
		return 0, kerr.UnknownTopicOrPartition
	}
	return o.Offset, o.Err
}

// patiently repeats what a broker refuses for the moment only, such as while
// leaders change, for up to [DefaultStall].
func patiently(ctx context.Context, ask func() error) error {
	for deadline := time.Now().Add(DefaultStall); ; {
		err := ask()
		if err == nil || !isPassing(err) || time.Now().After(deadline) {
			return err
		}
		if !rest(ctx, 100*time.Millisecond) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// isPassing tells the errors of leaders and coordinators that move, and of brokers that
// end: one that does before its first answer has the client guess at the credentials,
// which have been good before.
func isPassing(err error) bool {
	return errors.Is(err, io.EOF) || kerr.IsRetriable(err) && !isAny(err, kerr.UnknownTopicOrPartition, kerr.UnknownTopicID) || kgo.IsRetryableBrokerErr(err)
}

// rest waits, and tells whether ctx went on meanwhile.
func rest(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ReadCommitted reads all committed records of a span, in order. It returns when all
// of the span has been read, and not before: at an open transaction it waits until
// that has ended, and tells notice about it every second. Control records and holes
// count as read, so it also ends where the last records of the span are none.
//
// The records, and what they point to, may be kept: package copies writes them on.
func ReadCommitted(ctx context.Context, cl *kgo.Client, span Span, notice func(Notice), each func(*kgo.Record) error) error {
	r := &reader{cl: cl, span: span, at: span.From, epoch: -1, notice: notice}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	r.decompressor, _ = cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	if span.Epoch != nil {
		r.epoch = *span.Epoch
	}
	return r.read(ctx, each)
}

func (r *reader) read(ctx context.Context, each func(*kgo.Record) error) error {
	span := r.span
	for r.at < span.To {
		records, err := r.next(ctx)
		if err != nil {
			return fmt.Errorf("reading %s:%d at offset %d: %w", span.Topic, span.Partition, r.at, err)
		}
		for _, record := range records {
			if record.Offset >= span.To {
				break
			}
			if err := each(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// reader reads by requests of its own. A consumer of the client tells of no offset
// behind the last record, so that it can't be known when a mark was reached behind
// which there are only control records or holes.
type reader struct {
	cl     *kgo.Client
	span   Span
	at     int64
	asked  int64 // from where the answer was fetched
	epoch  int32 // of the record right before at; -1: unknown
	notice func(Notice)

	decompressor kgo.Decompressor
	answer       *kmsg.FetchResponseTopicPartition // what isn't decoded of it yet; nil: nothing

	topic   kadm.TopicID
	leader  int32
	known   bool
	blocked time.Time // since when, zero when it isn't
	told    time.Time
}

// next decodes a batch, or fetches once, and moves on by what came.
func (r *reader) next(ctx context.Context) (records []*kgo.Record, err error) {
	if r.answer != nil {
		return r.decode()
	}
	err = patiently(ctx, func() error {
		if !r.known {
			if err := r.find(ctx); err != nil {
				return err
			}
		}
		err := r.fetch(ctx)
		if err != nil {
			r.known = false
		}
		return err
	})
	return nil, err
}

func (r *reader) find(ctx context.Context) error {
	details, err := kadm.NewClient(r.cl).ListTopics(ctx, r.span.Topic)
	if err != nil {
		return err
	}
	d := details[r.span.Topic]
	if d.Err != nil {
		return d.Err
	}
	p, ok := d.Partitions[r.span.Partition]
	switch {
	case r.span.TopicID != [16]byte{} && d.ID != r.span.TopicID:
		return kerr.UnknownTopicID
	case !ok:
		return kerr.UnknownTopicOrPartition
	case p.Err != nil:
		return p.Err
	case p.Leader < 0:
		return kerr.LeaderNotAvailable
	}
	r.topic, r.leader, r.known = d.ID, p.Leader, true
	return nil
}

func (r *reader) fetch(ctx context.Context) error {
	resp, err := r.request().RequestWith(ctx, r.cl.Broker(int(r.leader)))
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return errors.New("the answer isn't about the partition that was asked for")
	}
	part := &resp.Topics[0].Partitions[0]
	if part.DivergingEpoch.EndOffset >= 0 {
		return ErrDiverged
	}
	if err := kerr.ErrorForCode(part.ErrorCode); err != nil {
		return err
	}
	switch {
	case len(part.RecordBatches) > 0:
		r.answer = part
	case part.LastStableOffset <= r.at:
		r.wait(ctx)
	}
	return nil
}

// errNotWhole is about a batch with fewer records than it says.
var errNotWhole = errors.New("a batch can't be decompressed, or isn't whole")

// decode decodes one batch of an answer, and moves on behind it.
func (r *reader) decode() ([]*kgo.Record, error) {
	_, to, rest, ok := batch.First(r.answer.RecordBatches)
	if !ok { // the end of an answer may be cut, but it has a whole batch
		if r.answer = nil; r.at == r.asked {
			return nil, errNotWhole
		}
		return nil, nil
	}
	one := *r.answer
	one.RecordBatches = one.RecordBatches[:len(one.RecordBatches)-len(rest)]
	r.answer.RecordBatches = rest
	if to <= r.at {
		return nil, nil
	}
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: r.at, IsolationLevel: kgo.ReadCommitted(), Topic: r.span.Topic, Partition: r.span.Partition,
	}, &one, r.decompressor, nil)
	switch {
	case got.Err != nil:
		return nil, got.Err
	case next < to:
		return nil, errNotWhole
	}
	if len(got.Records) > 0 && got.Records[0].Attrs.IsControl() {
		r.answer.AbortedTransactions = batch.WithoutEnded(r.answer.AbortedTransactions, got.Records[0])
		got.Records = nil
	}
	r.at, r.blocked, r.epoch = to, time.Time{}, epochBefore(to, got.Records)
	return got.Records, nil
}

// epochBefore is the epoch of the record right before an offset. Where that was a
// marker or a hole, it may have been another than that of the last record.
func epochBefore(offset int64, records []*kgo.Record) int32 {
	if n := len(records); n > 0 && records[n-1].Offset == offset-1 {
		return records[n-1].LeaderEpoch
	}
	return -1
}

func (r *reader) request() *kmsg.FetchRequest {
	r.asked = r.at
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 250, 1, 16<<20
	req.IsolationLevel = 1 // committed records only
	req.SessionEpoch = -1  // no session
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = r.span.Topic, r.topic
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = r.span.Partition, r.at, 4<<20
	part.CurrentLeaderEpoch, part.LastFetchedEpoch = -1, r.epoch
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	return req
}

// wait says what holds the reader. The waiting itself is the broker's, which answers
// late when there is nothing to answer.
func (r *reader) wait(ctx context.Context) {
	now := time.Now()
	if r.blocked.IsZero() {
		r.blocked = now
		return // a commit that is just being made visible isn't worth a word
	}
	if now.Sub(r.told) < time.Second {
		return
	}
	r.told = now
	b := Blocked{Topic: r.span.Topic, Partition: r.span.Partition, ProducerID: -1, Since: now.Sub(r.blocked)}
	b.name(ctx, kadm.NewClient(r.cl))
	r.notice(Notice{Text: b.text(), Blocked: &b})
}

func (b *Blocked) text() string {
	who := "an open transaction"
	if b.TransactionalID != "" {
		who = fmt.Sprintf("the open transaction of %q", b.TransactionalID)
	}
	return fmt.Sprintf("waiting for %s to end, which holds back %s:%d", who, b.Topic, b.Partition)
}

// name finds whose transaction it is. What the user may not see stays unknown.
func (b *Blocked) name(ctx context.Context, adm *kadm.Client) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	set := kadm.TopicsSet{}
	set.Add(b.Topic, b.Partition)
	described, _ := adm.DescribeProducers(ctx, set)
	first := int64(-1)
	for _, p := range described[b.Topic].Partitions[b.Partition].ActiveProducers {
		if at := p.CurrentTxnStartOffset; at >= 0 && (first < 0 || at < first) {
			first, b.ProducerID = at, p.ProducerID
		}
	}
	if first < 0 {
		return
	}
	listed, _ := adm.ListTransactions(ctx, []int64{b.ProducerID}, nil)
	for _, id := range listed.TransactionalIDs() {
		b.TransactionalID = id
	}
}
