package replay_test

import (
	"context"
	"errors"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// refusing is a cluster that refuses the commit of one partition, as brokers do when a
// right is taken away: the call itself succeeds.
type refusing struct {
	*kadm.Client
	partition int32
}

func (r refusing) CommitOffsets(ctx context.Context, group string, offsets kadm.Offsets) (kadm.OffsetResponses, error) {
	answers, err := r.Client.CommitOffsets(ctx, group, offsets)
	for _, partitions := range answers {
		answer := partitions[r.partition]
		answer.Err = kerr.TopicAuthorizationFailed
		partitions[r.partition] = answer
	}
	return answers, err
}

func TestAPartitionThatIsRefusedIsInTheReceipt(t *testing.T) {
	c := kafkatest.Fake(t)
	_, group := orders(t, c)
	receipt, err := plan(t, c, request(t, group, "start")).Apply(t.Context(), refusing{c.Admin(t), 1})
	var partial *replay.PartialError
	if !errors.As(err, &partial) || partial.Receipt != receipt || receipt.Done != 2 || receipt.Failed != 1 {
		t.Fatalf("receipt %+v, %v", receipt, err)
	}
	if item := receipt.Items[1]; item.Result != "failed" || item.Reason == "" {
		t.Errorf("item %+v", item)
	}
}

// interrupted is a cluster whose answer to a commit never comes.
type interrupted struct {
	*kadm.Client
	stop context.CancelFunc
}

func (i interrupted) CommitOffsets(ctx context.Context, group string, offsets kadm.Offsets) (kadm.OffsetResponses, error) {
	i.stop()
	return i.Client.CommitOffsets(ctx, group, offsets)
}

func TestAnInterruptedCommitSaysThatItMayBeSet(t *testing.T) {
	c := kafkatest.Fake(t)
	_, group := orders(t, c)
	ctx, stop := context.WithCancel(t.Context())
	p := plan(t, c, request(t, group, "start"))
	receipt, err := p.Apply(ctx, interrupted{c.Admin(t), stop})
	if !errors.Is(err, context.Canceled) || receipt.Failed != 3 {
		t.Fatalf("receipt %+v, %v", receipt, err)
	}
	apply(t, c, p) // the same again goes on from there
}
