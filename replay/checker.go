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
	max      int64     // records to take, with those taken before; 0: all
	taken    int64     // before
	end      time.Time // of taking records; zero: none
	ids      map[digest]place
	keys     map[digest]keyState
	check    *Check
	visit    func(*kgo.Record) error // nil: nobody
	visited  error                   // its error
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
		idsOnly: req.idsOnly, visit: req.Visit, max: req.MaxRecords, taken: req.taken, ids: map[digest]place{}, keys: map[digest]keyState{},
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

// span takes the records of a stretch. What can't be read is in the answer, but for a
// broker that gives none: the other partitions would wait for it as long.
func (c *checker) span(ctx context.Context, reader *spanReader, s span, progress func(at int64)) (CheckedSpan, error) {
	checked := CheckedSpan{Partition: s.id, From: s.from, To: s.to}
	if c.check.Stopped = c.check.Stopped || s.from < s.to && c.enough(0); c.check.Stopped {
		checked.Reached = s.from
		return checked, nil
	}
	var err error
	checked.Reached, err = reader.read(ctx, s, func(rec *kgo.Record) error {
		if rec.Offset%1024 == 0 {
			progress(rec.Offset)
		}
		c.record(rec)
		if c.visit != nil {
			if c.visited = c.visit(rec); c.visited != nil {
				return c.visited
			}
		}
		if rec.Offset+1 < s.to && c.enough(rec.Offset) {
			c.check.Stopped = true
			return errEnough
		}
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return checked, ctx.Err()
	case unanswered(err):
		return checked, err
	case err != nil:
		checked.Error = err.Error()
	}
	return checked, nil
}

// enough tells whether to stop early. It looks at the clock for some offsets only.
func (c *checker) enough(offset int64) bool {
	return c.max > 0 && c.taken+c.check.Records >= c.max || !c.end.IsZero() && offset%256 == 0 && time.Now().After(c.end)
}

func (c *checker) record(r *kgo.Record) {
	c.check.Records++
	now := place{r.Partition, r.Offset, r.Timestamp.UnixMilli()}
	c.id(r, now)
	if r.Key != nil && !c.idsOnly { // records without a key have no order to keep
		c.key(r, now)
	}
}

func (c *checker) id(r *kgo.Record, now place) {
	id, ok := eventID(r, c.header)
	if !ok {
		c.check.WithoutID.add(c.topic, now, nil)
		return
	}
	d := digestOf([]byte(id))
	before, seen := c.ids[d]
	switch {
	case seen:
		c.check.Duplicates.add(c.topic, now, &before)
	case len(c.ids) < c.remember:
		c.ids[d] = now
	default:
		c.check.NotRemembered++
	}
}

func (c *checker) key(r *kgo.Record, now place) {
	d := digestOf(r.Key)
	k, seen := c.keys[d]
	switch {
	case !seen && len(c.keys) >= c.remember:
		c.check.NotRemembered++
		return
	case !seen:
		k.place = now
	case k.partition != now.partition:
		if !k.spread {
			c.check.Spread.add(c.topic, now, &k.place)
		}
		k.place, k.spread = now, true // its order is judged within a partition only
	case now.millis < k.millis:
		c.check.OutOfOrder.add(c.topic, now, &k.place)
	default:
		k.place = now
	}
	c.keys[d] = k
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
