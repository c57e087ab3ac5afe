package copies

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// Bounds of reading ahead.
const (
	maxReaders = 4         // partitions that are read at once: each holds what a broker sends
	turn       = 100_000   // offsets that one is read before another has its turn
	chunkItems = 250       // items handed over at once
	chunkBytes = 1 << 20   // and their bytes
	maxSilent  = 1_000_000 // unwanted offsets after which the ledger is told
)

// lanes read the partitions side by side, so that they progress together: each in
// order, and a few at once.
type lanes struct {
	p       *Plan
	recipe  *recipe
	rec     *recorder
	notice  func(exactly.Notice)
	chunks  chan chunk
	turns   chan struct{}
	readers sync.WaitGroup
}

// chunk is a stretch of a partition, in order.
type chunk struct {
	items []exactly.Item
	err   error // after the items
}

// source gives an item for each record that is wanted, and is not copied yet.
func (r *run) source(ctx context.Context) iter.Seq2[exactly.Item, error] {
	return func(yield func(exactly.Item, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		l := &lanes{p: r.p, recipe: r.recipe, rec: r.rec, notice: r.notice, chunks: make(chan chunk, maxReaders), turns: make(chan struct{}, maxReaders)}
		l.start(ctx, r.book)
		defer l.readers.Wait()
		defer cancel()
		left := r.p.req.Limit
		for c := range l.chunks {
			for _, item := range c.items {
				n := item.Note.(*note)
				if r.p.req.Limit > 0 {
					if left == 0 && (len(item.Records) > 0 || n.failed != nil) {
						return
					}
					left -= int64(len(item.Records))
				}
				if n.failed != nil {
					r.rec.failed(*n.failed)
				}
				if !n.isEmpty(item) && !yield(item, nil) {
					return
				}
			}
			if c.err != nil {
				yield(exactly.Item{}, c.err)
				return
			}
		}
	}
}

func (l *lanes) start(ctx context.Context, b *book) {
	meanwhile := l.p.Left()
	for _, s := range l.p.Spans {
		gaps := b.done(s.Partition).gaps(span{s.From, s.Until})
		meanwhile -= gaps.size()
		if len(gaps) == 0 {
			continue
		}
		l.readers.Go(func() {
			lane := &lane{lanes: l, partition: s.Partition}
			if err := lane.read(ctx, gaps); err != nil && ctx.Err() == nil {
				l.send(ctx, chunk{err: err})
			}
		})
	}
	l.rec.meanwhile(meanwhile)
	go func() {
		l.readers.Wait()
		close(l.chunks)
	}()
}

func (l *lanes) send(ctx context.Context, c chunk) bool {
	select {
	case l.chunks <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// lane reads one partition.
type lane struct {
	*lanes
	partition int32
	epoch     *int32 // of the last record
	last      int64  // its offset

	items    []exactly.Item // of the chunk that is being made; at most one more than chunkItems
	notes    []note
	records  []kgo.Record
	pointers []*kgo.Record
	bytes    int
	at       int64 // the first offset that no item covers
	unwanted int64 // records since
}

func (l *lane) read(ctx context.Context, gaps spans) error {
	for _, gap := range gaps {
		l.at, l.unwanted = gap.from, 0
		for from := gap.from; from < gap.to; from += turn {
			part := span{from, min(gap.to, from+turn)}
			if err := l.inTurn(ctx, part, part.to == gap.to); err != nil {
				return err
			}
		}
	}
	return nil
}

// inTurn reads a part of a gap while fewer than so many others do the same.
func (l *lane) inTurn(ctx context.Context, part span, last bool) error {
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s := exactly.Span{Topic: l.p.From.Topic, Partition: l.partition, From: part.from, To: part.to, TopicID: l.p.from.id}
	if l.epoch != nil && l.last == part.from-1 {
		s.Epoch = l.epoch
	}
	err := exactly.ReadCommitted(ctx, l.p.source.cl, s, l.waiting(ctx), func(rec *kgo.Record) error { return l.take(ctx, rec) })
	if err == nil && (last || part.to-l.at > maxSilent) {
		l.settle(part.to)
	}
	if !l.flush(ctx) && err == nil {
		err = ctx.Err()
	}
	var ended *EndedError
	if err != nil && !errors.As(err, &ended) && !errors.Is(err, context.Canceled) {
		err = &EndedError{"reading the source", err}
	}
	return err
}

// waiting hands over what was read before it is waited for more.
func (l *lane) waiting(ctx context.Context) func(exactly.Notice) {
	return func(n exactly.Notice) {
		l.flush(ctx)
		l.notice(n)
	}
}

func (l *lane) take(ctx context.Context, rec *kgo.Record) error {
	epoch := rec.LeaderEpoch
	l.epoch, l.last = &epoch, rec.Offset
	if len(l.items) >= chunkItems && !l.flush(ctx) {
		return ctx.Err()
	}
	wanted, err := l.recipe.wants(ctx, rec)
	if err == nil && !wanted && ctx.Err() == nil {
		l.unwanted++
		return nil
	}
	l.room()
	made := &l.records[len(l.items)]
	if err == nil {
		err = l.recipe.copy(ctx, rec, made)
	}
	var unavailable *UnavailableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unavailable):
		return &EndedError{"reading " + coordinates(rec) + " with its schema", err}
	case err != nil:
		l.fail(rec, err)
		return nil
	}
	l.add(note{partition: l.partition, offset: rec.Offset, covers: span{l.at, rec.Offset + 1}, unwanted: l.unwanted}, made)
	if l.bytes += len(made.Value) + len(made.Key); len(l.items) >= chunkItems || l.bytes >= chunkBytes {
		if !l.flush(ctx) {
			return ctx.Err()
		}
	}
	return nil
}

// settle makes an item of what needn't be copied up to an offset.
func (l *lane) settle(to int64) {
	if l.at < to {
		l.room()
		l.add(note{partition: l.partition, offset: to, covers: span{l.at, to}, unwanted: l.unwanted}, nil)
	}
}

// fail makes an item of what needn't be copied before a record, and leaves the record
// itself for another run. It is told when it comes to that item: what is read ahead may
// be left.
func (l *lane) fail(rec *kgo.Record, err error) {
	failed := &Item{coordinates(rec), "failed", err.Error()}
	l.add(note{partition: l.partition, offset: rec.Offset, covers: span{l.at, rec.Offset}, unwanted: l.unwanted, failed: failed}, nil)
	l.at = rec.Offset + 1
}

// room makes room for one more item: all of a chunk in one piece, as there are many.
func (l *lane) room() {
	const most = chunkItems + 1 // the end of a span comes on top
	if l.notes == nil {
		l.items = make([]exactly.Item, 0, most)
		l.notes, l.records, l.pointers = make([]note, most), make([]kgo.Record, most), make([]*kgo.Record, most)
	}
}

// add makes an item; a nil record is none.
func (l *lane) add(n note, rec *kgo.Record) {
	i := len(l.items)
	l.notes[i] = n
	item := exactly.Item{Note: &l.notes[i]}
	if rec != nil {
		l.pointers[i] = rec
		item.Records = l.pointers[i : i+1 : i+1]
	}
	item.Key = n.key(len(item.Records))
	l.items = append(l.items, item)
	l.at, l.unwanted = n.covers.to, 0
}

// isEmpty tells an item that there is nothing to do for.
func (n *note) isEmpty(i exactly.Item) bool {
	return len(i.Records) == 0 && n.covers.from == n.covers.to
}

// key names an item: by the record, or by the end of what needn't be copied.
func (n *note) key(records int) string {
	var b [13]byte
	binary.BigEndian.PutUint32(b[:], uint32(n.partition))
	binary.BigEndian.PutUint64(b[4:], uint64(n.offset))
	b[12] = byte(records)
	return string(b[:])
}

func (l *lane) flush(ctx context.Context) bool {
	if len(l.items) == 0 {
		return ctx.Err() == nil
	}
	c := chunk{items: l.items}
	l.items, l.notes, l.records, l.pointers, l.bytes = nil, nil, nil, nil, 0
	return l.send(ctx, c)
}
