package orderflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// TopicSummary is a topic that the flow used.
type TopicSummary struct {
	Topic      string `json:"topic"`
	Partitions int    `json:"partitions"`
	Created    bool   `json:"created"` // by this run
}

// ensureTopics creates the topics that are missing, with the cluster's own
// replication factor, and waits until every partition has a leader. A topic that
// is there is left as it is.
func ensureTopics(ctx context.Context, admin *kadm.Client, names ...string) ([]TopicSummary, error) {
	found, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("look for topics %q: %w", names, err)
	}
	var missing []string
	for _, name := range names {
		if errors.Is(found[name].Err, kerr.UnknownTopicOrPartition) {
			missing = append(missing, name)
		}
	}
	created, err := createTopics(ctx, admin, missing)
	if err != nil {
		return nil, err
	}
	topics := make([]TopicSummary, 0, len(names))
	for _, name := range names {
		partitions, err := awaitLeaders(ctx, admin, name)
		if err != nil {
			return nil, fmt.Errorf("wait for the leaders of topic %q: %w", name, err)
		}
		topics = append(topics, TopicSummary{Topic: name, Partitions: partitions, Created: created[name]})
	}
	if len(created) > 0 {
		err = awaitService(ctx, admin, names)
	}
	return topics, err
}

// createTopics creates topics, all at once, and says which were.
func createTopics(ctx context.Context, admin *kadm.Client, names []string) (map[string]bool, error) {
	created := make(map[string]bool)
	if len(names) == 0 {
		return created, nil
	}
	answers, err := admin.CreateTopics(ctx, event.Partitions, -1, nil, names...)
	if err != nil {
		return nil, fmt.Errorf("create topics %q: %w", names, err)
	}
	for _, name := range names {
		err := answers[name].Err
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) { // another run was quicker
			return nil, fmt.Errorf("create topic %q: %w", name, err)
		}
		created[name] = err == nil
	}
	return created, nil
}

// awaitLeaders returns how many partitions a topic has, once all are led.
func awaitLeaders(ctx context.Context, admin *kadm.Client, name string) (partitions int, err error) {
	for {
		found, err := admin.ListTopics(ctx, name)
		if err != nil {
			return 0, err
		}
		topic := found[name]
		if err = leaderless(topic); err == nil {
			return len(topic.Partitions), nil
		}
		if fatal(err) {
			return 0, err
		}
		if rest(ctx) != nil {
			return 0, err // more telling than that the time is up
		}
	}
}

// awaitService waits until the leaders lead. They are named a moment before they do,
// and a client that is refused meanwhile looks again after 5 s.
func awaitService(ctx context.Context, admin *kadm.Client, names []string) error {
	for {
		ends, err := admin.ListEndOffsets(ctx, names...)
		if err := firstError(ends, err); err == nil || fatal(err) || rest(ctx) != nil {
			if err != nil {
				return fmt.Errorf("wait for topics %q to be served: %w", names, err)
			}
			return nil
		}
	}
}

// leaderless returns why a topic can't be used yet, nil when it can.
func leaderless(topic kadm.TopicDetail) error {
	if topic.Err != nil {
		return topic.Err
	}
	for _, p := range topic.Partitions {
		if p.Leader < 0 {
			return fmt.Errorf("partition %d: %w", p.Partition, kerr.LeaderNotAvailable)
		}
	}
	return nil
}

// rest is the pause between two looks at the cluster.
func rest(ctx context.Context) error {
	timer := time.NewTimer(lookInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
