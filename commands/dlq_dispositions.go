package commands

import (
	"context"
	"errors"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// dlqDispositions looks up what was done about letters in the ledger of their own
// cluster. Letters that were sent to another one are in the ledger there.
func dlqDispositions(cl *kgo.Client) dlq.OpenDispositions {
	return func(ctx context.Context, topic string, id [16]byte) (dlq.Dispositions, error) {
		topics, err := ledger.Open(ctx, cl)
		if errors.Is(err, ledger.ErrNone) {
			return noDispositions{}, nil
		}
		if err != nil {
			return nil, err
		}
		index, err := topics.Read(ctx, cl, ledger.Source{Cluster: topics.Cluster, TopicID: kadm.TopicID(id), Topic: topic}, func(exactly.Notice) {})
		if err != nil {
			return nil, err
		}
		return dispositions{index}, nil
	}
}

type noDispositions struct{}

func (noDispositions) Of(dlq.Coordinates) *dlq.Disposition { return nil }
func (noDispositions) Count(int32, int64, int64) int64     { return 0 }

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
