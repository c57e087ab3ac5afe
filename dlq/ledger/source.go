package ledger

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// SourceOf looks up a dead-letter topic. The client is of the cluster that has it.
func SourceOf(ctx context.Context, cl *kgo.Client, topic string) (Source, error) {
	m, err := kadm.NewClient(cl).Metadata(now(ctx), topic)
	if err == nil {
		err = m.Topics[topic].Err
	}
	if err != nil {
		return Source{}, fmt.Errorf("topic %q: %w", topic, err)
	}
	return Source{Cluster: m.Cluster, TopicID: m.Topics[topic].ID, Topic: topic}, nil
}
