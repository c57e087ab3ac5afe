package copies

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// readSource gives what each record that was dealt with should be in the target.
func (v *verifier) readSource(ctx context.Context, want func(stretch int) bool, each func(int32, int64, digest)) error {
	for _, s := range v.p.Spans {
		part := v.parts[s.Partition]
		for _, c := range part.covered {
			for from := c.from; from < c.to; {
				i := v.stretch(s.Partition, from)
				to := min(c.to, part.from+int64(i-part.first+1)*v.width)
				for to < c.to && want(i) == want(v.stretch(s.Partition, to)) { // as much as can be read in one go
					to = min(c.to, to+v.width)
				}
				if want(i) {
					if err := v.readSpan(ctx, s.Partition, span{from, to}, each); err != nil {
						return err
					}
				}
				from = to
			}
		}
	}
	return nil
}

func (v *verifier) readSpan(ctx context.Context, partition int32, s span, each func(int32, int64, digest)) error {
	read := exactly.Span{Topic: v.p.From.Topic, Partition: partition, From: s.from, To: s.to, TopicID: v.p.from.id}
	return exactly.ReadCommitted(ctx, v.p.source.cl, read, v.notice, func(rec *kgo.Record) error {
		made := &kgo.Record{}
		wanted, err := v.recipe.wants(ctx, rec)
		if wanted && err == nil {
			err = v.recipe.copy(ctx, rec, made)
		}
		switch { // what fails now didn't when it was dealt with
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("%s: %w", coordinates(rec), err)
		case !wanted:
			return nil
		}
		if made.Partition == exactly.ByKey {
			made.Partition = int32(v.choose.Partition(made, v.p.to.partitions))
			if made.Key == nil {
				made.Partition = -1 // any
			}
		}
		each(partition, rec.Offset, v.digest(made))
		return nil
	})
}

// readTarget gives the records of this copy and span.
func (v *verifier) readTarget(ctx context.Context, each func(partition int32, offset int64, d digest, r *kgo.Record)) error {
	firsts := v.firsts()
	for _, id := range slices.Sorted(maps.Keys(firsts)) {
		s, err := exactly.Mark(ctx, v.p.target.cl, v.p.To.Topic, id, firsts[id])
		if err != nil {
			return err
		}
		start, err := exactly.Mark(ctx, v.p.target.cl, v.p.To.Topic, id, -1)
		if err != nil {
			return err
		}
		s.From, s.TopicID = max(s.From, start.From), v.p.to.id // retention may have taken the first ones
		err = exactly.ReadCommitted(ctx, v.p.target.cl, s, v.notice, func(r *kgo.Record) error {
			at, ours := origin(r, v.p.Copy)
			if part := v.parts[at.partition]; !ours || part == nil || at.offset < part.from || at.offset >= part.to {
				return nil
			}
			seen := *r
			if v.p.Partition == ByKey && r.Key == nil {
				seen.Partition = -1
			}
			each(at.partition, at.offset, v.digest(&seen), r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// origin reads where a record was copied from, if a copy did.
func origin(r *kgo.Record, id string) (at sourcePlace, ours bool) {
	n := len(r.Headers) - ownHeaders
	if n < 0 || r.Headers[n].Key != HeaderID || string(r.Headers[n].Value) != id || r.Headers[n+1].Key != HeaderFrom {
		return at, false
	}
	from := string(r.Headers[n+1].Value)
	last := strings.LastIndexByte(from, ':')
	if last < 0 {
		return at, false
	}
	first := strings.LastIndexByte(from[:last], ':')
	partition, errPartition := strconv.ParseInt(from[first+1:last], 10, 32)
	offset, errOffset := strconv.ParseInt(from[last+1:], 10, 64)
	return sourcePlace{int32(partition), offset}, errPartition == nil && errOffset == nil
}

// firsts are the lowest offsets of this copy by partition of the target.
func (v *verifier) firsts() map[int32]int64 {
	firsts := map[int32]int64{}
	for id := range int32(v.p.ToPartitions) {
		if v.p.lost != nil { // it may be anywhere
			firsts[id] = 0
		}
	}
	for _, e := range v.book.partitions {
		for id, offset := range e.First {
			if first, known := firsts[id]; !known || offset < first {
				firsts[id] = offset
			}
		}
	}
	return firsts
}
