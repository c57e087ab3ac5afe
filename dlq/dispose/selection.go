package dispose

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/evtctl/evtctl/dlq"
)

// errEnough ends a reading that has what it wants.
var errEnough = errors.New("enough")

// selection is a set of letters of one topic, in little memory.
type selection map[int32]*roaring64.Bitmap

func (s selection) add(partition int32, offset int64) {
	if s[partition] == nil {
		s[partition] = roaring64.New()
	}
	s[partition].Add(uint64(offset))
}

func (s selection) remove(partition int32, offset int64) {
	if b := s[partition]; b != nil {
		b.Remove(uint64(offset))
	}
}

func (s selection) has(partition int32, offset int64) bool {
	b := s[partition]
	return b != nil && b.Contains(uint64(offset))
}

func (s selection) count() (n int64) {
	for _, b := range s {
		n += int64(b.GetCardinality())
	}
	return n
}

func (s selection) partitions() []int32 { return slices.Sorted(maps.Keys(s)) }

// each gives the members, partition by partition.
func (s selection) each(visit func(partition int32, offset int64) error) error {
	for _, p := range s.partitions() {
		for it := s[p].Iterator(); it.HasNext(); {
			if err := visit(p, int64(it.Next())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Range is a stretch of a partition of which every letter is meant. To is not in it.
type Range struct {
	Partition int32 `json:"partition"`
	From      int64 `json:"from"`
	To        int64 `json:"to"`
}

func (s selection) ranges() []Range {
	ranges := []Range{}
	_ = s.each(func(p int32, o int64) error {
		if last := len(ranges) - 1; last >= 0 && ranges[last].Partition == p && ranges[last].To == o {
			ranges[last].To++
		} else {
			ranges = append(ranges, Range{p, o, o + 1})
		}
		return nil
	})
	return ranges
}

func selectionOf(ranges []Range) selection {
	s := selection{}
	for _, r := range ranges {
		if s[r.Partition] == nil {
			s[r.Partition] = roaring64.New()
		}
		s[r.Partition].AddRange(uint64(r.From), uint64(r.To))
	}
	return s
}

// fewLetters are fetched one by one; more are read along with what is between them.
const fewLetters = 100

// read gives the letters of a selection, in order within each partition, and then tells
// which are not there, and why.
func (s selection) read(ctx context.Context, r *dlq.Reader, topic string, visit func(*dlq.Letter) error, gone func(dlq.Coordinates, error) error) error {
	bare := *r // what became of them is known to who visits them
	bare.Open = nil
	r = &bare
	absent := s
	if s.count() > fewLetters {
		rest, err := s.stream(ctx, r, topic, visit)
		if err != nil {
			return err
		}
		absent = rest
	}
	return absent.each(func(p int32, o int64) error {
		at := dlq.Coordinates{Topic: topic, Partition: p, Offset: o}
		l, err := r.Get(ctx, at)
		var none *dlq.NoRecordError
		switch {
		case errors.As(err, &none):
			return gone(at, err)
		case err != nil:
			return err
		}
		return visit(l)
	})
}

// stream reads the topic along, and returns what it didn't come across.
func (s selection) stream(ctx context.Context, r *dlq.Reader, topic string, visit func(*dlq.Letter) error) (selection, error) {
	q := dlq.Query{Topic: topic, From: map[int32]int64{}, To: map[int32]int64{}}
	rest := selection{}
	for p, b := range s {
		if b.IsEmpty() {
			continue
		}
		q.Partitions = append(q.Partitions, p)
		q.From[p], q.To[p] = int64(b.Minimum()), int64(b.Maximum())+1
		rest[p] = b.Clone()
	}
	_, err := r.Read(ctx, q, func(l *dlq.Letter) error {
		at := l.Coordinates
		if !s.has(at.Partition, at.Offset) {
			return nil
		}
		rest.remove(at.Partition, at.Offset)
		if at.Offset > 0 && !s.has(at.Partition, at.Offset-1) { // the others of its batch aren't to be kept with it
			l.Detach()
		}
		return visit(l)
	})
	return rest, err
}
