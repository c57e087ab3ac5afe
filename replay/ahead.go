package replay

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Bounds of reading ahead.
const (
	aheadReaders = 4       // pieces that are read at once
	aheadBytes   = 1 << 20 // of one answer: each reader holds one
	pieceOffsets = 100_000 // of a piece, where the request doesn't say
	pieceAnswers = 16      // that a piece may be ahead
)

// glance is what a check needs of a record: few bytes without pointers, so that much can
// be read ahead.
type glance struct {
	place
	id, key       digest
	hasID, hasKey bool
}

// glances are those of one answer.
type glances struct {
	list    []glance
	records []*kgo.Record // only for who visits them
}

// piece is a part of a span that is read by itself.
type piece struct {
	span
	of      int          // the span, by its index
	answers chan glances // in order; closed at the end
	at      int64        // how far its span was read, once answers is closed
	err     error        // likewise
}

// ahead reads spans in pieces, some of them at once, and hands the pieces over in order:
// who takes them sees what reading one record after the other would show, whatever comes
// first. A span that isn't wanted any more is left.
type ahead struct {
	pieces chan *piece
	leave  []context.CancelFunc // by span
	end    func()
}

func (c *checker) readAhead(ctx context.Context, reader *spanReader, spans []span) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{pieces: make(chan *piece, aheadReaders)}
	wants := make([]context.Context, len(spans))
	for i := range spans {
		of, leave := context.WithCancel(ctx)
		wants[i], a.leave = of, append(a.leave, leave)
	}
	var readers sync.WaitGroup
	a.end = func() { cancel(); readers.Wait() }
	slots, most := make(chan struct{}, aheadReaders), pieceAnswers
	if c.visit != nil {
		most = 1 // each holds its records
	}
	size, known := cmp.Or(c.pieceOffsets, pieceOffsets), make([]atomic.Int64, len(spans)) // how far each span was read, also over holes
	readers.Go(func() {
		defer close(a.pieces)
		for i, s := range spans {
			for from := s.from; from < s.to && wants[i].Err() == nil; from = max(from+size, known[i].Load()) {
				p := &piece{span: span{s.partition, from, min(s.to, from+size)}, of: i, answers: make(chan glances, most)}
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return
				}
				readers.Go(func() {
					defer func() { <-slots }()
					defer close(p.answers)
					p.at, p.err = c.read(wants[p.of], reader, p)
					p.at = min(p.at, s.to)
					known[i].Store(max(known[i].Load(), p.at)) // a race costs a question only
				})
				select {
				case a.pieces <- p:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	return a
}

// read reads a piece.
func (c *checker) read(ctx context.Context, reader *spanReader, p *piece) (int64, error) {
	return reader.answers(ctx, p.span, func(records []*kgo.Record) error {
		answer := glances{list: make([]glance, len(records))}
		for i, r := range records {
			answer.list[i] = c.glance(r)
		}
		if c.visit != nil {
			answer.records = records
		}
		select {
		case p.answers <- answer:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (c *checker) glance(r *kgo.Record) glance {
	g := glance{place: place{r.Partition, r.Offset, r.Timestamp.UnixMilli()}}
	if id, ok := eventID(r, c.header); ok {
		g.id, g.hasID = digestOf(id), true
	}
	if r.Key != nil && !c.idsOnly { // records without a key have no order to keep
		g.key, g.hasKey = digestOf(r.Key), true
	}
	return g
}
