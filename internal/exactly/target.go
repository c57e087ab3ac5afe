package exactly

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// target is what a topic takes.
type target struct {
	partitions int
	maxBytes   int // of a batch
	compacted  bool
	refused    error // all records of the topic fail with this
	choose     kgo.TopicPartitioner
}

// targets are the topics written to, looked up once each.
type targets struct {
	cl *kgo.Client

	mu    sync.Mutex // the client's own goroutines ask for sizes
	known map[string]*target
}

func newTargets() *targets { return &targets{known: map[string]*target{}} }

// targetError says that a record can't be written to its topic.
type targetError struct {
	what string
	err  error
}

func (e *targetError) Error() string { return e.what }
func (e *targetError) Unwrap() error { return e.err }

func refuse(err error, format string, args ...any) error {
	return &targetError{fmt.Sprintf(format, args...), err}
}

// check finds what the broker would refuse, which would take other records along,
// and settles the partitions that were left to the key. It fails with a targetError,
// or another error when the topic's settings can't be learnt.
func (ts *targets) check(ctx context.Context, records []*kgo.Record) error {
	for _, r := range records {
		t, err := ts.of(ctx, r.Topic)
		if err != nil {
			return err
		}
		switch {
		case t.refused != nil:
			return refuse(t.refused, "topic %q: %v", r.Topic, t.refused)
		case r.Partition == ByKey:
			r.Partition = int32(t.choose.Partition(r, t.partitions))
		case r.Partition < 0 || int(r.Partition) >= t.partitions:
			return refuse(nil, "topic %q has no partition %d, only %d", r.Topic, r.Partition, t.partitions)
		}
		if r.Key == nil && t.compacted {
			return refuse(kerr.InvalidRecord, "topic %q is compacted and takes no record without a key", r.Topic)
		}
		if size := recordSize(r); size > t.maxBytes {
			return refuse(kerr.MessageTooLarge, "record of %d bytes: topic %q takes %d (max.message.bytes)", size, r.Topic, t.maxBytes)
		}
	}
	return nil
}

// refusal words what a broker said about an item's records.
func (ts *targets) refusal(records []*kgo.Record, err error) error {
	var topics []string
	for _, r := range records {
		if !slices.Contains(topics, r.Topic) {
			topics = append(topics, r.Topic)
		}
	}
	if len(topics) == 1 && isTopicError(err) {
		ts.mu.Lock()
		ts.known[topics[0]].refused = err
		ts.mu.Unlock()
	}
	return refuse(err, "topic %s: %v", strings.Join(topics, ", "), err)
}

// of looks a topic up.
func (ts *targets) of(ctx context.Context, topic string) (*target, error) {
	ts.mu.Lock()
	t := ts.known[topic]
	ts.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t = &target{choose: kgo.StickyKeyPartitioner(nil).ForTopic(topic)}
	if err := patiently(ctx, func() error { return t.learn(ctx, kadm.NewClient(ts.cl), topic) }); err != nil {
		if !isTopicError(err) {
			return nil, fmt.Errorf("settings of topic %q: %w", topic, err)
		}
		t.refused = err
	}
	ts.mu.Lock()
	ts.known[topic] = t
	ts.mu.Unlock()
	return t, nil
}

// defaultMaxBytes is the client's and the broker's own limit.
const defaultMaxBytes = 1_000_012

func (t *target) learn(ctx context.Context, adm *kadm.Client, topic string) error {
	details, err := adm.ListTopics(ctx, topic)
	if err != nil {
		return err
	}
	if err := details[topic].Err; err != nil {
		return err
	}
	t.partitions, t.maxBytes = len(details[topic].Partitions), defaultMaxBytes
	configs, err := adm.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return err
	}
	config, err := configs.On(topic, nil)
	if err == nil {
		err = config.Err
	}
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return nil // it may be written to without: the broker's word then counts
	}
	if err != nil {
		return err
	}
	for _, c := range config.Configs {
		switch c.Key {
		case "cleanup.policy":
			t.compacted = strings.Contains(c.MaybeValue(), "compact")
		case "max.message.bytes":
			if n, err := strconv.Atoi(c.MaybeValue()); err == nil {
				t.maxBytes = n
			}
		}
	}
	return nil
}

// batchBytes is what the client may put into one batch for a topic. Topics that
// weren't looked up, the ledger's, have the default.
func (ts *targets) batchBytes(topic string) int32 {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.known[topic]; t != nil && t.maxBytes > 0 {
		return int32(min(max(t.maxBytes, 512), 64<<20))
	}
	return defaultMaxBytes
}

// shortages finds the partitions that have too few replicas in sync, among all
// topics of the cluster that this user sees.
func shortages(ctx context.Context, cl *kgo.Client) (short []string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	adm := kadm.NewClient(cl)
	details, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return nil
	}
	suspects := details.TopicsSet()
	for topic, d := range details {
		whole := true
		for _, p := range d.Partitions {
			whole = whole && len(p.ISR) >= len(p.Replicas) && p.Leader >= 0
		}
		if whole {
			delete(suspects, topic)
		}
	}
	if len(suspects) == 0 {
		return nil
	}
	configs, err := adm.DescribeTopicConfigs(ctx, suspects.Topics()...)
	if err != nil {
		return nil
	}
	for _, c := range configs {
		need := 1
		for _, kv := range c.Configs {
			if kv.Key == "min.insync.replicas" {
				need, _ = strconv.Atoi(kv.MaybeValue())
			}
		}
		for _, p := range details[c.Name].Partitions.Sorted() {
			if len(p.ISR) < need || p.Leader < 0 {
				short = append(short, fmt.Sprintf("%s:%d has %d of %d", c.Name, p.Partition, len(p.ISR), need))
			}
		}
	}
	slices.Sort(short)
	return short[:min(len(short), 5)]
}
