package dispose

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
)

// NotPermittedError says that the user may not use the transactional id. A [Writer]
// can do without, see AtLeastOnce there.
type NotPermittedError = exactly.NotPermittedError

// Dispositions looks up what was done about the letters of one cluster in the ledger of
// another, or the same: letters that were sent to another one are in the ledger there. A
// ledger that can't be trusted is a [*ledger.RefusedError].
func Dispositions(letters, books *kgo.Client) dlq.OpenDispositions {
	return func(ctx context.Context, topic string, id [16]byte) (dlq.Dispositions, error) {
		topics, err := ledger.Open(ctx, books)
		if errors.Is(err, ledger.ErrNone) {
			return dispositions{nil}, nil
		}
		if err != nil {
			return nil, err
		}
		source := ledger.Source{Cluster: topics.Cluster, TopicID: kadm.TopicID(id), Topic: topic}
		if letters != books {
			if source.Cluster, err = Look(letters).cluster(ctx); err != nil {
				return nil, err
			}
		}
		index, err := topics.Read(ctx, books, source, func(exactly.Notice) {})
		if err != nil {
			return nil, err
		}
		return dispositions{index}, nil
	}
}

// dispositions are those of an index. It has the states; who did it and why is in the
// history.
type dispositions struct{ index *ledger.Index }

func (d dispositions) Of(c dlq.Coordinates) *dlq.Disposition {
	state, disposed := d.index.Disposition(c.Partition, c.Offset)
	if !disposed {
		return nil
	}
	return &dlq.Disposition{State: string(state)}
}

func (d dispositions) Count(partition int32, from, to int64) int64 {
	return d.index.Count(partition, from, to)
}

// History tells what was done about the letters of a topic, oldest first; nothing where
// there is no ledger. The clients are of the clusters that have the letters and the
// ledger, as in [Dispositions]. Notice is told in words what is waited for. A topic that
// isn't there is a [*dlq.TopicNotFoundError].
func History(ctx context.Context, letters, books *kgo.Client, topic string, notice func(string), each func(ledger.Entry) error) error {
	source, err := ledger.SourceOf(ctx, letters, topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return &dlq.TopicNotFoundError{Topic: topic}
	}
	if err != nil {
		return err
	}
	return withLedger(ctx, books, func(topics *ledger.Topics) error {
		return topics.History(ctx, books, source, func(n exactly.Notice) { notice(n.Text) }, each)
	})
}

// AllHistory tells it of all topics that the ledger knows, those included that are gone:
// in order within a topic only.
func AllHistory(ctx context.Context, books *kgo.Client, notice func(string), each func(ledger.Entry) error) error {
	return withLedger(ctx, books, func(topics *ledger.Topics) error {
		return topics.AllHistory(ctx, books, func(n exactly.Notice) { notice(n.Text) }, each)
	})
}

func withLedger(ctx context.Context, books *kgo.Client, do func(*ledger.Topics) error) error {
	topics, err := ledger.Open(ctx, books)
	switch {
	case errors.Is(err, ledger.ErrNone):
		return nil
	case err != nil:
		return err
	}
	return do(topics)
}
