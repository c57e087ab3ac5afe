package replay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// findingExamples is how many records a finding shows.
const findingExamples = 5

// checker takes records one after the other, each partition in order.
type checker struct {
	header   string
	topic    string
	remember int
	idsOnly  bool

	pieceOffsets int64 // 0: as many as usual

	max     int64     // records to take, with those taken before; 0: all
	taken   int64     // before
	end     time.Time // of taking records; zero: none
	offsets int64     // that are to be read
	ids     map[digest]place
	keys    map[digest]keyState
	check   *Check
	visit   func(*kgo.Record) error // nil: nobody
	visited error                   // its error
}

// digest stands for an id or a key of any length: that two of them share one doesn't
// happen within the age of the universe.
type digest [16]byte

func digestOf(b []byte) (d digest) {
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

// place is where a record is, in few bytes.
type place struct {
	partition int32
	offset    int64
	millis    int64
}

// keyState is the newest record of a key, in the partition it was seen in first.
type keyState struct {
	place
	spread bool
}

func newChecker(req CheckRequest) *checker {
	c := &checker{
		header: cmp.Or(req.IDHeader, DefaultIDHeader), topic: req.Topic, remember: cmp.Or(req.Remember, 1_000_000),
		idsOnly: req.idsOnly, visit: req.Visit, max: req.MaxRecords, pieceOffsets: req.pieceOffsets, taken: req.taken, keys: map[digest]keyState{},
	}
	if req.MaxTime > 0 {
		c.end = req.began.Add(req.MaxTime)
		if req.began.IsZero() {
			c.end = time.Now().Add(req.MaxTime) // not the request's clock: it measures
		}
	}
	none := Finding{Examples: []Repeat{}}
	c.check = &Check{
		Version: CheckVersion, Topic: req.Topic, IDHeader: c.header, Spans: []CheckedSpan{},
		Duplicates: none, WithoutID: none, OutOfOrder: none, Spread: none,
	}
	return c
}

// spans takes the records of spans, in order.
func (c *checker) spans(ctx context.Context, a *ahead, spans []span, progress func(done, total int64)) error {
	defer a.end()
	if progress == nil {
		progress = func(int64, int64) {}
	}
	before, total := make([]int64, len(spans)), int64(0) // offsets of the spans before
	for i, s := range spans {
		before[i] = total
		total += s.to - s.from
		c.check.Spans = append(c.check.Spans, CheckedSpan{Partition: s.id, From: s.from, To: s.to, Reached: s.from})
	}
	c.offsets = total
	for p := range a.pieces {
		checked := &c.check.Spans[p.of]
		if checked.Error != "" {
			continue
		}
		c.check.Stopped = p.from == checked.From && c.enough(0)
		if !c.check.Stopped {
			c.piece(p, checked, func(at int64) { progress(before[p.of]+at-checked.From, total) })
		}
		switch {
		case c.check.Stopped || c.visited != nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case unanswered(p.err): // the other partitions would wait for that broker as long
			return p.err
		case p.err != nil:
			checked.Error = p.err.Error()
			a.leave[p.of]()
		}
		checked.Reached = max(checked.Reached, p.at) // one before may have found a hole
	}
	return ctx.Err()
}

// piece takes the records of a piece, and waits for its end unless it stops before.
func (c *checker) piece(p *piece, checked *CheckedSpan, progress func(at int64)) {
	for answer := range p.answers {
		for i := range answer.list {
			g := &answer.list[i]
			if g.offset%1024 == 0 {
				progress(g.offset)
			}
			c.record(g)
			if c.visit != nil {
				if c.visited = c.visit(answer.records[i]); c.visited != nil {
					return
				}
			}
			if g.offset+1 < checked.To && c.enough(g.offset) {
				c.check.Stopped, checked.Reached = true, g.offset+1
				return
			}
		}
	}
}

// enough tells whether to stop early. It looks at the clock for some offsets only.
func (c *checker) enough(offset int64) bool {
	return c.max > 0 && c.taken+c.check.Records >= c.max || !c.end.IsZero() && offset%256 == 0 && time.Now().After(c.end)
}

func (c *checker) record(g *glance) {
	c.check.Records++
	c.id(g)
	if g.hasKey {
		c.key(g)
	}
}

// manyIDs are as many as the room is made for at once: offsets may have no records.
const manyIDs = 100_000

func (c *checker) id(g *glance) {
	if !g.hasID {
		c.check.WithoutID.add(c.topic, g.place, nil)
		return
	}
	before, seen := c.ids[g.id]
	switch {
	case seen:
		c.check.Duplicates.add(c.topic, g.place, &before)
	case len(c.ids) < c.remember:
		if c.ids == nil { // most records have one, if any has
			c.ids = make(map[digest]place, min(c.offsets, int64(c.remember), manyIDs))
		}
		c.ids[g.id] = g.place
	default:
		c.check.NotRemembered++
	}
}

func (c *checker) key(g *glance) {
	k, seen := c.keys[g.key]
	switch {
	case !seen && len(c.keys) >= c.remember:
		c.check.NotRemembered++
		return
	case !seen:
		k.place = g.place
	case k.partition != g.partition:
		if !k.spread {
			c.check.Spread.add(c.topic, g.place, &k.place)
		}
		k.place, k.spread = g.place, true // its order is judged within a partition only
	case g.millis < k.millis:
		c.check.OutOfOrder.add(c.topic, g.place, &k.place)
		return
	default:
		k.place = g.place
	}
	c.keys[g.key] = k
}

func (f *Finding) add(topic string, now place, before *place) {
	f.Count++
	if len(f.Examples) >= findingExamples {
		return
	}
	r := Repeat{At: now.at(topic)}
	if before != nil {
		b := before.at(topic)
		r.Before = &b
	}
	f.Examples = append(f.Examples, r)
}

func (p place) at(topic string) At {
	return At{fmt.Sprintf("%s:%d:%d", topic, p.partition, p.offset), time.UnixMilli(p.millis).UTC()}
}
