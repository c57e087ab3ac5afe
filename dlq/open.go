package dlq

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/batch"
)

// decode hands over the records of one answer. It decompresses batch by batch: an
// answer as a whole can take a hundred times as much memory as its bytes. A batch that
// can't be decoded is noted, and what follows it is fetched anew: which transactions
// were aborted is told for an answer as a whole.
func (s *scanner) decode(ctx context.Context, sp span, f fetched, size *int, do func([]*kgo.Record) error) error {
	o := opening{scanner: s, span: sp, at: f.from, end: min(batch.End(f.resp.RecordBatches), sp.to), size: size, out: outbox{do: do}}
	defer func() { o.ended() }()
	for o.at < o.end {
		from, to, rest, ok := batch.First(f.resp.RecordBatches)
		if !ok { // what was fetched anew has fewer batches
			if ok, err := o.anew(ctx, &f); !ok {
				return err
			}
			continue
		}
		old := batch.Old(f.resp.RecordBatches)
		if from >= o.end && !old { // compaction came in between
			break
		}
		if old { // others of its records may come before
			from = o.at
		}
		whole := f.resp.RecordBatches[:len(f.resp.RecordBatches)-len(rest)]
		f.resp.RecordBatches = rest
		if to <= o.at {
			continue
		}
		whyNot, err := o.open(ctx, &f.resp, whole)
		if err != nil {
			return err
		}
		if whyNot == nil {
			o.at = to
			continue
		}
		if o.at < o.end { // else all that was wanted of it could be read
			s.fault(sp, max(from, o.at), min(to, o.end), notDecoded(whyNot))
			o.at = to
		}
		if ok, err := o.anew(ctx, &f); !ok {
			return err
		}
	}
	return o.out.flush()
}

// opening is an answer that is being decoded.
type opening struct {
	*scanner
	span    span
	at, end int64 // what is left of it
	size    *int  // of the unpacker that the batch before needed
	out     outbox
	names   []string // of headers, see [unpacked.plain]
	done    func()   // what was fetched anew is; nil: nothing was
}

func (o *opening) ended() {
	if o.done != nil {
		o.done()
		o.done = nil
	}
}

// anew fetches what is left: of what was handed on to be decoded, nobody else does. It
// doesn't wait for room among the answers, as those may be waiting for this one.
func (o *opening) anew(ctx context.Context, f *fetched) (ok bool, err error) {
	if err := o.out.flush(); err != nil || o.at >= o.end {
		return false, err
	}
	f.resp.RecordBatches = nil
	o.ended()
	select {
	case o.load.again <- struct{}{}:
		o.done = func() { <-o.load.again }
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if *f, ok, err = o.ask(ctx, span{o.span.partition, o.at, o.end}, o.at); ok {
		o.at = f.from
	}
	return ok, err
}

// open hands over the records of a batch from at on, a large one piece by piece. Beside
// why it can't be read, what comes before that is handed over.
func (o *opening) open(ctx context.Context, resp *kmsg.FetchResponseTopicPartition, whole []byte) (whyNot, err error) {
	if whole[batchMagic] != 2 { // there is no more than one record, or they are in one message
		whyNot, err = o.old(ctx, resp, whole)
		return whyNot, err
	}
	if !intact(whole) {
		return errSum, nil
	}
	u, whyNot, err := o.unpack(ctx, o.size, whole)
	if whyNot != nil || err != nil {
		return whyNot, err
	}
	defer u.free()
	for u.more() && o.at < o.end {
		p, whyNot := u.next()
		if errors.Is(whyNot, errManyHeaders) {
			if err := o.out.flush(); err != nil {
				return nil, err
			}
			if p.last >= o.at && p.last < o.end {
				o.fault(o.span, p.last, p.last+1, whyNot)
				o.at = p.last + 1
			}
			continue
		}
		if whyNot != nil {
			return whyNot, nil
		}
		records, ok := u.plain(p, o.topic.name, o.span.partition, o.at, &o.names)
		if !ok {
			records, whyNot = o.process(o.span, resp, o.at, u.batchOf(p), already(p.data), true)
		}
		if err := o.take(resp, records); err != nil || whyNot != nil {
			return whyNot, err
		}
	}
	if u.large() {
		return nil, o.out.flush()
	}
	return nil, nil
}

// old is open for what was written before there were batches.
func (o *opening) old(ctx context.Context, resp *kmsg.FetchResponseTopicPartition, whole []byte) (whyNot, err error) {
	if err := o.load.unpacked.Acquire(ctx, unpackedBytes); err != nil {
		return nil, err
	}
	defer o.load.unpacked.Release(unpackedBytes)
	var records []*kgo.Record
	var large *kgo.ErrDecompressTooLarge
	for i, by := range o.unpackers {
		records, whyNot = o.process(o.span, resp, o.at, whole, by, false)
		if i == len(o.unpackers)-1 || !errors.As(whyNot, &large) {
			break
		}
	}
	if err := o.take(resp, records); err != nil {
		return nil, err
	}
	return whyNot, o.out.flush()
}

// take hands over records when there are enough.
func (o *opening) take(resp *kmsg.FetchResponseTopicPartition, records []*kgo.Record) error {
	if n := len(records); n > 0 {
		o.at = records[n-1].Offset + 1
	}
	if len(records) > 0 && records[0].Attrs.IsControl() {
		resp.AbortedTransactions = batch.WithoutEnded(resp.AbortedTransactions, records[0])
		if !o.markers {
			return nil
		}
	}
	if o.out.add(records, o.end); o.out.size >= handOver {
		return o.out.flush()
	}
	return nil
}

// outbox collects records until there are enough to hand over.
type outbox struct {
	do      func([]*kgo.Record) error
	waiting []*kgo.Record
	size    int // about what they take
}

// add takes in the records before end.
func (o *outbox) add(records []*kgo.Record, end int64) {
	for _, r := range records {
		if r.Offset < end {
			o.waiting, o.size = append(o.waiting, r), o.size+recordBytes(r)
		}
	}
}

func (o *outbox) flush() error {
	if len(o.waiting) == 0 {
		return nil
	}
	records := o.waiting
	o.waiting, o.size = nil, 0
	return o.do(records)
}

func recordBytes(r *kgo.Record) int {
	n := 300 + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += 50 + len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return n
}

// Why a batch can't be read.
var (
	errNotWhole = errors.New("not whole") // it has fewer records than it says
	errSum      = errors.New("its checksum is another one")
)

func notDecoded(err error) error {
	var large *kgo.ErrDecompressTooLarge // of an old message
	switch {
	case errors.Is(err, errNotWhole):
		return errors.New("its records can't be decompressed, or aren't whole")
	case errors.Is(err, kgo.ErrMaxDecompress) || errors.As(err, &large):
		return errors.New("decompressed, its batch would be larger than is allowed")
	}
	return fmt.Errorf("its batch can't be read: %w", err)
}
