package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// CommitPrefix commits, for the group [Source.Group], how far the letters of each
// partition are disposed without a gap. Ordinary lag tools then count what is left;
// letters disposed behind the first that isn't are counted too, as lag can't tell
// otherwise. The client is of the cluster that has the DLQ, and nobody may be a
// member of the group. It returns the offsets committed.
//
// The offsets follow from the ledger and the DLQ alone: losing them loses nothing.
func CommitPrefix(ctx context.Context, cl *kgo.Client, source Source, x *Index) (map[int32]int64, error) {
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, source.Topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of topic %q: %w", source.Topic, err)
	}
	committed := map[int32]int64{}
	var offsets kadm.Offsets
	for _, s := range starts[source.Topic] {
		at, err := firstLeft(ctx, cl, source.Topic, s.Partition, s.Offset, x)
		if err != nil {
			return nil, err
		}
		committed[s.Partition] = at
		offsets.AddOffset(source.Topic, s.Partition, at, -1)
	}
	if err := adm.CommitAllOffsets(ctx, source.Group(), offsets); err != nil {
		return nil, fmt.Errorf("committing offsets of group %q: %w", source.Group(), err)
	}
	return committed, nil
}

var errStop = errors.New("stop")

// firstLeft finds the first letter that isn't disposed, or the partition's end. The
// offsets of control records, and of letters that compaction took, have no letter, so
// the DLQ is read along, but only where the index alone doesn't get further.
func firstLeft(ctx context.Context, cl *kgo.Client, topic string, partition int32, from int64, x *Index) (int64, error) {
	at := x.Prefix(partition, from)
	span, err := exactly.Stable(ctx, cl, topic, partition, at)
	if err != nil {
		return 0, err
	}
	err = exactly.ReadCommitted(ctx, cl, span, func(exactly.Notice) {}, func(r *kgo.Record) error {
		if _, disposed := x.Disposition(partition, r.Offset); !disposed {
			at = r.Offset
			return errStop
		}
		return nil
	})
	switch {
	case errors.Is(err, errStop):
		return at, nil
	case err != nil:
		return 0, err
	}
	return max(at, span.To), nil
}
