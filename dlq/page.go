package dlq

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// pile is what a page has of one partition, at most the limit, in order.
type pile struct {
	letters []*Letter
	bytes   int
}

// page reads partition by partition as little as a page may need, and gives what is
// first, or last, of all of them.
func (f *filter) page(ctx context.Context, s *scanner, spans []span, visit func(*Letter) error) error {
	piles := map[int32]*pile{}
	for _, sp := range spans {
		piles[sp.partition] = &pile{}
	}
	var err error
	if f.q.Order == Oldest {
		err = f.forward(ctx, s, spans, piles)
	} else {
		err = f.backward(ctx, s, spans, piles)
	}
	if err != nil {
		return err
	}
	var all []*Letter
	for _, sp := range spans {
		all = append(all, piles[sp.partition].letters...)
	}
	sortPage(all, f.q.Order)
	if len(all) > f.q.Limit {
		all, f.result.More = all[:f.q.Limit], true
	}
	for _, l := range all {
		f.result.Matched++
		if err := visit(l); err != nil {
			return err
		}
	}
	return nil
}

func sortPage(letters []*Letter, order Order) {
	at := func(l *Letter) int64 {
		if l.Timestamp == nil {
			return -1
		}
		return l.Timestamp.UnixNano()
	}
	slices.SortStableFunc(letters, func(a, b *Letter) int {
		c := cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Coordinates.Partition, b.Coordinates.Partition),
			cmp.Compare(a.Coordinates.Offset, b.Coordinates.Offset))
		if order == Newest {
			return -c
		}
		return c
	})
}

// add takes letters in and tells whether the pile is full. Of what is too much, it
// keeps the beginning, or with newest the end.
func (p *pile) add(letters []*Letter, limit int, maxBytes int, newest bool) (full bool) {
	for _, l := range letters {
		if !newest && (len(p.letters) >= limit || p.bytes >= maxBytes) {
			return true
		}
		p.letters = append(p.letters, l)
		p.bytes += l.size()
		for newest && len(p.letters) > 1 && (len(p.letters) > limit || p.bytes > maxBytes) {
			p.bytes -= p.letters[0].size()
			p.letters[0] = nil
			p.letters = p.letters[1:]
			full = true
		}
	}
	return full
}

// size is about what a letter takes in memory.
func (l *Letter) size() int {
	n := 1000 + len(l.Key) + len(l.Value) + 2*len(deref(l.Cause.Stack))
	for _, h := range l.Headers {
		n += len(h.Key) + len(h.Value)
	}
	if l.Decoded != nil {
		n += len(l.Decoded.Key.JSON) + len(l.Decoded.Value.JSON)
	}
	return n
}

func (f *filter) forward(ctx context.Context, s *scanner, spans []span, piles map[int32]*pile) error {
	return scan(ctx, s, spans, func(recs []*kgo.Record) []*Letter { return f.match(ctx, recs) },
		func(sp span, letters []*Letter) error {
			if piles[sp.partition].add(letters, f.q.Limit, maxPageBytes/len(spans), false) {
				f.result.More = true
				return errEnough
			}
			return nil
		})
}

// backward reads windows from the end, each twice as wide as the one before, until
// there is enough of each partition.
func (f *filter) backward(ctx context.Context, s *scanner, spans []span, piles map[int32]*pile) error {
	width := int64(max(f.q.Limit, 50))
	for open := slices.Clone(spans); len(open) > 0; width *= 2 {
		windows := make([]span, len(open))
		found := map[int32]*pile{}
		for i, sp := range open {
			windows[i] = span{sp.partition, max(sp.from, sp.to-width), sp.to}
			found[sp.partition] = &pile{}
		}
		more := map[int32]bool{}
		err := scan(ctx, s, windows, func(recs []*kgo.Record) []*Letter { return f.match(ctx, recs) },
			func(w span, letters []*Letter) error {
				if found[w.partition].add(letters, f.q.Limit, maxPageBytes/len(spans), true) {
					more[w.partition] = true
				}
				return nil
			})
		if err != nil {
			return err
		}
		var next []span
		for i, sp := range open {
			p, had := found[sp.partition], piles[sp.partition]
			if p.add(had.letters, f.q.Limit, maxPageBytes/len(spans), false) {
				more[sp.partition] = true
			}
			piles[sp.partition] = p
			f.result.More = f.result.More || more[sp.partition]
			sp.to = windows[i].from
			switch {
			case sp.from >= sp.to:
			case len(p.letters) >= f.q.Limit || more[sp.partition]:
				f.result.More = true
			default:
				next = append(next, sp)
			}
		}
		open = next
	}
	return nil
}

// beginnings asks where the first record of a time is.
func beginnings(ctx context.Context, cl *kgo.Client, t *topic, q Query) (map[int32]int64, error) {
	if q.Since.IsZero() || q.Since.Before(time.UnixMilli(0)) {
		return nil, nil
	}
	listed, err := kadm.NewClient(cl).ListOffsetsAfterMilli(ctx, q.Since.UnixMilli(), t.name)
	if err = some(err); err != nil {
		return nil, err
	}
	begin := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			begin[o.Partition] = o.Offset
		}
	})
	return begin, nil
}
