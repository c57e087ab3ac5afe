package dlq

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// maxPageBytes bounds the letters of a page in memory. There is one letter at least.
const maxPageBytes = 16 << 20

// page reads partition by partition as little as a page may need, and gives what is
// first, or last, of all of them.
func (f *filter) page(ctx context.Context, s *scanner, spans []span, visit func(*Letter) error) error {
	p := &pile{order: f.q.Order, limit: f.q.Limit, met: map[int32]*met{}}
	for _, sp := range spans {
		p.met[sp.partition] = &met{}
	}
	var err error
	if f.q.Order == Oldest {
		err = f.forward(ctx, s, spans, p)
	} else {
		err = f.backward(ctx, s, spans, p)
	}
	if err != nil {
		return err
	}
	f.result.More = p.more
	for _, l := range p.sorted() {
		f.result.Matched++
		if err := visit(l); err != nil {
			return err
		}
	}
	return nil
}

// pile is the first, or last, of the letters that were met: as many as a page has, and no
// more than fit into memory. Which those are doesn't depend on how partitions take turns.
// It is a heap of [container/heap], with the letter on top that comes last.
type pile struct {
	order   Order
	limit   int
	letters []*Letter
	bytes   int
	cut     *Letter // without its bytes: the first that didn't fit, as far as is known
	more    bool    // there are letters that aren't in it
	met     map[int32]*met
}

// met is how many letters of a partition were met, and about what they take.
type met struct{ letters, bytes int }

// enough tells that what is further on in the partition isn't needed.
func (p *pile) enough(partition int32) bool {
	m := p.met[partition]
	return m.letters >= p.limit || m.bytes >= maxPageBytes
}

func (p *pile) add(l *Letter) {
	m := p.met[l.Coordinates.Partition]
	m.letters++
	m.bytes += l.size()
	if p.cut != nil && inPage(l, p.cut, p.order) >= 0 {
		p.more = true
		return
	}
	heap.Push(p, l)
	for len(p.letters) > p.limit || p.bytes > maxPageBytes && len(p.letters) > 1 {
		last := heap.Pop(p).(*Letter)
		p.cut, p.more = &Letter{Coordinates: last.Coordinates, Timestamp: last.Timestamp}, true
	}
}

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (p *pile) Len() int           { return len(p.letters) }
func (p *pile) Less(i, j int) bool { return inPage(p.letters[i], p.letters[j], p.order) > 0 }
func (p *pile) Swap(i, j int)      { p.letters[i], p.letters[j] = p.letters[j], p.letters[i] }

func (p *pile) Push(l any) {
	p.letters = append(p.letters, l.(*Letter))
	p.bytes += l.(*Letter).size()
}

func (p *pile) Pop() any {
	last := len(p.letters) - 1
	l := p.letters[last]
	p.letters[last] = nil
	p.letters = p.letters[:last]
	p.bytes -= l.size()
	return l
}

func (p *pile) sorted() []*Letter {
	slices.SortFunc(p.letters, func(a, b *Letter) int { return inPage(a, b, p.order) })
	return p.letters
}

// inPage compares letters as a page has them.
func inPage(a, b *Letter, order Order) int {
	at := func(l *Letter) int64 {
		if l.Timestamp == nil {
			return -1
		}
		return l.Timestamp.UnixNano()
	}
	c := cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Coordinates.Partition, b.Coordinates.Partition),
		cmp.Compare(a.Coordinates.Offset, b.Coordinates.Offset))
	if order == Newest {
		return -c
	}
	return c
}

// size is about what a letter takes in memory.
func (l *Letter) size() int {
	n := 1000 + len(l.Key) + len(l.Value) + 2*len(deref(l.Cause.Stack)) + len(deref(l.Cause.Message)) + len(deref(l.Cause.Class))
	for _, h := range l.Headers {
		n += 50 + len(h.Key) + len(h.Value)
	}
	if l.Decoded != nil {
		n += len(l.Decoded.Key.JSON) + len(l.Decoded.Value.JSON)
	}
	return n
}

func (f *filter) forward(ctx context.Context, s *scanner, spans []span, p *pile) error {
	return scan(ctx, s, spans, func(recs []*kgo.Record) []*Letter { return f.match(ctx, recs) },
		func(sp span, letters []*Letter) error {
			for _, l := range letters {
				if p.enough(sp.partition) {
					p.more = true
					return errEnough
				}
				p.add(l)
			}
			return nil
		})
}

// backward reads windows from the end, each twice as wide as the one before, until
// there is enough of each partition.
func (f *filter) backward(ctx context.Context, s *scanner, spans []span, p *pile) error {
	width := int64(max(f.q.Limit, 50))
	for open := slices.Clone(spans); len(open) > 0; width *= 2 {
		windows := make([]span, len(open))
		for i, sp := range open {
			windows[i] = span{sp.partition, max(sp.from, sp.to-width), sp.to}
		}
		err := scan(ctx, s, windows, func(recs []*kgo.Record) []*Letter { return f.match(ctx, recs) },
			func(_ span, letters []*Letter) error {
				for _, l := range letters {
					p.add(l)
				}
				return nil
			})
		if err != nil {
			return err
		}
		var next []span
		for i, sp := range open {
			sp.to = windows[i].from
			switch {
			case sp.from >= sp.to:
			case p.enough(sp.partition):
				p.more = true
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
