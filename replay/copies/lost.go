package copies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/exactly"
)

// edge is how many offsets are looked at, at either end of a target partition.
const edge = 500

// prove looks for what only a copy can have left where the ledger knows nothing of it:
// then the ledger was deleted, or is an older one, and the copy would be made twice. It
// sets lost.
//
// A transactional id that has committed is proof, for as long as the cluster remembers
// it (transactional.id.expiration.ms, seven days). So are records of this copy in the
// target. Neither needs the ledger, and the second stays; but only the oldest and the
// newest records are looked at.
func (p *Plan) prove(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	proof, err := p.proof(limited)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		p.warn("topic %s may not be read: if %s was deleted since it was copied to, that isn't noticed", p.To.Topic, Topic)
		return nil
	case limited.Err() != nil && err != nil:
		p.warn("topic %s took too long to be looked at: if %s was deleted since it was copied to, that isn't noticed", p.To.Topic, Topic)
		return nil
	case err != nil:
		p.warn("topic %s couldn't be looked at (%v): if %s was deleted since it was copied to, that isn't noticed", p.To.Topic, err, Topic)
		return nil
	case proof == nil:
		return nil
	}
	// Another run may have committed since the ledger was read.
	if err := p.progress.look(ctx, p.target.cl, exactly.Mark, func(exactly.Notice) {}); err != nil {
		return err
	}
	if !proof.holds(p.progress) {
		return nil
	}
	p.lost = &LostError{proof.text}
	return nil
}

// patience is half of the time that there is.
func patience(ctx context.Context) time.Duration {
	if deadline, bounded := ctx.Deadline(); bounded {
		return time.Until(deadline) / 2
	}
	return 30 * time.Second
}

// proof is something that is not there without an entry.
type proof struct {
	text  string
	holds func(*book) bool // that it has no such entry
}

func (p *Plan) proof(ctx context.Context) (*proof, error) {
	if len(p.progress.partitions) == 0 {
		for _, id := range []string{p.TransactionalID(), p.TransactionalID() + exactly.SecondSuffix} {
			if p.committed(ctx, id) {
				return &proof{fmt.Sprintf("it has no entry of this copy, and transactions of %q were committed", id),
					func(b *book) bool { return len(b.partitions) == 0 }}, nil
			}
		}
	}
	r, from, err := p.unaccounted(ctx)
	if r == nil || err != nil {
		return nil, err
	}
	return &proof{fmt.Sprintf("it has no entry for what %s is a copy of, %s:%d:%d", coordinates(r), p.From.Topic, from.partition, from.offset),
		func(b *book) bool { return !b.done(from.partition).has(from.offset) }}, nil
}

// committed tells whether the cluster remembers a commit. What may not be seen, or older
// brokers can't tell, is none.
func (p *Plan) committed(ctx context.Context, id string) bool {
	described, err := p.target.adm.DescribeTransactions(ctx, id)
	d := described[id]
	return err == nil && d.Err == nil && (d.State == "CompleteCommit" || d.State == "PrepareCommit")
}

type sourcePlace struct {
	partition int32
	offset    int64
}

// unaccounted finds a record of this copy that the ledger doesn't know, if there is one
// among the first and the last of the target.
func (p *Plan) unaccounted(ctx context.Context) (*kgo.Record, sourcePlace, error) {
	reads, err := p.edges(ctx)
	if err != nil {
		return nil, sourcePlace{}, err
	}
	found := make(chan *kgo.Record, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReaders)
	for _, s := range reads {
		group.Go(func() error {
			if len(found) > 0 {
				return nil
			}
			return exactly.ReadCommitted(ctx, p.target.cl, s, func(exactly.Notice) {}, func(r *kgo.Record) error {
				if from, ours := origin(r, p.Copy); ours && p.isUnknown(from) {
					select {
					case found <- r:
					default:
					}
				}
				return nil
			})
		})
	}
	err = group.Wait()
	select {
	case r := <-found:
		from, _ := origin(r, p.Copy)
		return r, from, nil
	default:
		return nil, sourcePlace{}, err
	}
}

// isUnknown tells places that the source can have had, and the ledger doesn't know.
func (p *Plan) isUnknown(from sourcePlace) bool {
	for _, s := range p.Spans {
		if s.Partition == from.partition {
			return from.offset < s.LogEnd && !p.progress.done(from.partition).has(from.offset)
		}
	}
	return false // it isn't copied now
}

// edges are the ends of the target's partitions, as far as they can be read now.
func (p *Plan) edges(ctx context.Context) (reads []exactly.Span, err error) {
	starts, err := p.target.adm.ListStartOffsets(ctx, p.To.Topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of topic %q: %w", p.To.Topic, err)
	}
	ends, err := p.target.adm.ListCommittedOffsets(ctx, p.To.Topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of topic %q: %w", p.To.Topic, err)
	}
	ends.Each(func(o kadm.ListedOffset) {
		start, known := starts.Lookup(p.To.Topic, o.Partition)
		if !known || start.Offset >= o.Offset {
			return
		}
		s := exactly.Span{Topic: p.To.Topic, Partition: o.Partition, From: max(start.Offset, o.Offset-edge), To: o.Offset, TopicID: p.to.id}
		reads = append(reads, s)
		if s.From > start.Offset {
			s.From, s.To = start.Offset, min(start.Offset+edge, s.From)
			reads = append(reads, s)
		}
	})
	slices.SortFunc(reads, func(a, b exactly.Span) int { return int(a.Partition - b.Partition) })
	return reads, nil
}
