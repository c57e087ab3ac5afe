package copies

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// openLedger checks the topic, and makes it where there is none.
func openLedger(ctx context.Context, cl *kgo.Client) (kadm.TopicID, error) {
	id, err := ledgerID(ctx, cl)
	if !errors.Is(err, errNoLedger) {
		return id, err
	}
	if err := createLedger(ctx, cl); err != nil {
		return id, err
	}
	for deadline := time.Now().Add(15 * time.Second); ; { // not every broker knows of it at once
		id, err := ledgerID(ctx, cl)
		if err == nil || !time.Now().Before(deadline) {
			return id, err
		}
		select {
		case <-ctx.Done():
			return id, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errNoLedger = errors.New("topic " + Topic + ": not there")

// ledgerID finds the topic, in order, or errNoLedger.
func ledgerID(ctx context.Context, cl *kgo.Client) (id kadm.TopicID, err error) {
	adm := kadm.NewClient(cl)
	details, err := adm.ListTopics(fresh(ctx), Topic)
	if err != nil {
		return id, fmt.Errorf("looking for topic %s: %w", Topic, err)
	}
	d := details[Topic]
	switch {
	case errors.Is(d.Err, kerr.UnknownTopicOrPartition) || d.Err == nil && len(d.Partitions) == 0:
		return id, errNoLedger
	case d.Err != nil:
		return id, fmt.Errorf("looking for topic %s: %w", Topic, d.Err)
	}
	configs, err := adm.DescribeTopicConfigs(ctx, Topic)
	if err != nil {
		return id, fmt.Errorf("settings of topic %s: %w", Topic, err)
	}
	policy, err := settingOf(configs, Topic, "cleanup.policy")
	if err == nil && strings.TrimSpace(policy) != "compact" {
		err = &LedgerError{fmt.Sprintf("its cleanup.policy is %q: entries would be deleted, and their records copied again", policy), "set cleanup.policy=compact on " + Topic}
	}
	return d.ID, err
}

func createLedger(ctx context.Context, cl *kgo.Client) error {
	adm := kadm.NewClient(cl)
	m, err := adm.BrokerMetadata(ctx)
	if err != nil {
		return fmt.Errorf("creating topic %s: %w", Topic, err)
	}
	// Small segments, since a copy writes its whole state with each transaction.
	compact, segment, two := "compact", strconv.Itoa(16<<20), "2"
	configs := map[string]*string{"cleanup.policy": &compact, "segment.bytes": &segment}
	replicas := int16(min(3, len(m.Brokers)))
	if replicas >= 3 {
		configs["min.insync.replicas"] = &two
	}
	_, err = adm.CreateTopic(ctx, 1, replicas, configs, Topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("creating topic %s: %w", Topic, err)
	}
	return nil
}

// fresh makes the client ask for metadata anew, rather than answer from what it knows
// for up to five seconds.
func fresh(ctx context.Context) context.Context { return kadm.WithAuthorizedOps(ctx) }

func settingOf(configs kadm.ResourceConfigs, topic, key string) (string, error) {
	config, err := configs.On(topic, nil)
	if err == nil {
		err = config.Err
	}
	if err != nil {
		return "", fmt.Errorf("settings of topic %q: %w", topic, err)
	}
	for _, c := range config.Configs {
		if c.Key == key {
			return c.MaybeValue(), nil
		}
	}
	return "", nil
}
