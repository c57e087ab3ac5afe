package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// setUpTime bounds each step of setting a test up. It is far more than any step
// takes, so that only a broken cluster meets it.
const setUpTime = 30 * time.Second

// Cluster is a running Kafka, fake or real. Its methods set tests up, and end
// the test when they can't.
type Cluster struct {
	brokers    []string
	id         string    // of nodes started here
	auth       []kgo.Opt // what this package's own clients need to be let in
	toolConfig string    // client properties for Apache's tools; empty when they need none
	fake       *kfake.Cluster
	nodes      []*node
	doors      []string // addresses of the first node's listeners
	owned      bool     // by one test, which may stop nodes; not so the shared ones
}

// Brokers returns the bootstrap addresses, host:port. It is the caller's copy.
func (c *Cluster) Brokers() []string { return slices.Clone(c.brokers) }

// IsReal tells Apache Kafka from the fake.
func (c *Cluster) IsReal() bool { return c.fake == nil }

// Kfake returns the fake itself, for tests that script its answers; nil for a
// real cluster.
func (c *Cluster) Kfake() *kfake.Cluster { return c.fake }

// Client returns a client of this cluster that is closed when the test ends.
// On a secured cluster it is the administrator's, unless opts say otherwise.
func (c *Cluster) Client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := c.open(opts...)
	if err != nil {
		t.Fatalf("opening a client of %v: %v", c.brokers, err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// open is Client without a test: the cluster itself needs clients before any
// test has it.
func (c *Cluster) open(opts ...kgo.Opt) (*kgo.Client, error) {
	// A topic just made may have no leader yet where it is asked for first; by
	// default a client would wait five seconds before it looks again.
	all := append([]kgo.Opt{kgo.SeedBrokers(c.brokers...), kgo.MetadataMinAge(50 * time.Millisecond)}, c.auth...)
	return kgo.NewClient(append(all, opts...)...)
}

// Admin returns an admin client that is closed when the test ends.
func (c *Cluster) Admin(t testing.TB) *kadm.Client {
	t.Helper()
	return kadm.NewClient(c.Client(t))
}

// tag tells this test process's names from those of every other, so that a
// cluster can be shared by several runs and used again by the next.
var (
	tag     = strconv.FormatUint(uint64(rand.Uint32()), 36)
	counter atomic.Int64
)

// Name makes a name that no other test uses, for a group, a transactional id or
// a topic: the test's own name, the suffix and a number. It has only letters,
// digits and dashes, and at most 120 of them.
func (c *Cluster) Name(t testing.TB, suffix string) string { return uniqueName(t, suffix) }

func uniqueName(t testing.TB, suffix string) string {
	name := plainName(strings.TrimPrefix(t.Name(), "Test"))
	name = strings.Trim(name[:min(len(name), 70)], "-")
	if suffix = plainName(suffix); suffix != "" {
		name += "-" + suffix[:min(len(suffix), 30)]
	}
	return fmt.Sprintf("%s-%s%d", name, tag, counter.Add(1))
}

// plainName keeps what Kafka permits in a topic's name. Dots and underscores
// are left out too: a broker warns about names that differ only in those.
func plainName(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, s), "-")
}

// Topic creates a topic under a new name and waits until it can be used, as
// [Cluster.AwaitTopic] does. Configs are "key=value". It has the cluster's default
// replication factor.
func (c *Cluster) Topic(t testing.TB, partitions int32, configs ...string) string {
	t.Helper()
	topic := c.Name(t, "")
	settings := make(map[string]*string, len(configs))
	for _, kv := range configs {
		key, value, ok := strings.Cut(kv, "=")
		if !ok {
			t.Fatalf("topic config %q: want key=value", kv)
		}
		settings[key] = &value
	}
	cl := c.Client(t)
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, partitions, -1, settings, topic); err != nil {
		t.Fatalf("creating topic %q: %v", topic, err)
	}
	c.AwaitTopic(t, topic, partitions)
	return topic
}

// AwaitTopic waits until every broker knows a leader for each of a new topic's
// partitions, and these lead: they are named a moment before they do, and a client
// that is refused meanwhile looks again after five seconds.
func (c *Cluster) AwaitTopic(t testing.TB, topic string, partitions int32) {
	t.Helper()
	cl := c.Client(t, kgo.RetryBackoffFn(func(int) time.Duration { return pollEvery }), kgo.MetadataMinAge(pollEvery))
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	Eventually(t, setUpTime, fmt.Sprintf("leaders of topic %q", topic), func() (bool, string) {
		err := hasLeaders(ctx, cl, topic, int(partitions))
		if err == nil {
			var ends kadm.ListedOffsets
			if ends, err = kadm.NewClient(cl).ListEndOffsets(ctx, topic); err == nil {
				err = ends.Error()
			}
		}
		return err == nil, fmt.Sprint(err)
	})
}

// hasLeaders asks every broker, because the one that a test asks next may be
// the one that hasn't heard yet.
func hasLeaders(ctx context.Context, cl *kgo.Client, topic string, partitions int) error {
	req := kmsg.NewPtrMetadataRequest()
	reqTopic := kmsg.NewMetadataRequestTopic()
	reqTopic.Topic = &topic
	req.Topics = append(req.Topics, reqTopic)
	brokers, err := kadm.NewClient(cl).ListBrokers(ctx)
	if err != nil {
		return err
	}
	for _, broker := range brokers {
		resp, err := req.RequestWith(ctx, cl.Broker(int(broker.NodeID)))
		if err != nil {
			return fmt.Errorf("broker %d: %w", broker.NodeID, err)
		}
		found := resp.Topics[0]
		if err := kerr.ErrorForCode(found.ErrorCode); err != nil {
			return fmt.Errorf("broker %d: %w", broker.NodeID, err)
		}
		led := 0
		for _, p := range found.Partitions {
			if p.ErrorCode == 0 && p.Leader >= 0 {
				led++
			}
		}
		if led != partitions {
			return fmt.Errorf("broker %d knows leaders of %d of %d partitions", broker.NodeID, led, partitions)
		}
	}
	return nil
}

// Produce writes the records, in order, and waits until all in-sync replicas
// have them. Each goes to its own Partition field, which is 0 unless the caller
// set it: keys choose no partition here. The offsets are filled in.
func (c *Cluster) Produce(t testing.TB, recs ...*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	// With too few in-sync replicas an idempotent producer waits beyond its
	// context, unless it is told that a record may be given up.
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AllowIdempotentProduceCancellation())
	defer cl.Close()
	if err := cl.ProduceSync(ctx, recs...).FirstErr(); err != nil {
		t.Fatalf("producing %d records: %v", len(recs), err)
	}
}

// Commit sets a group's offsets in one topic. The group must have no members;
// it comes into being by this. A coordinator that is still starting is waited
// for; any other refusal ends the test.
func (c *Cluster) Commit(t testing.TB, group, topic string, offsets map[int32]int64) {
	t.Helper()
	var want kadm.Offsets
	for partition, at := range offsets {
		want.AddOffset(topic, partition, at, -1)
	}
	adm := c.Admin(t)
	defer adm.Close()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	what := fmt.Sprintf("group %q to accept offsets of topic %q", group, topic)
	Eventually(t, setUpTime, what, func() (bool, string) {
		err := adm.CommitAllOffsets(ctx, group, want)
		if err != nil && !passing(err) {
			t.Fatalf("committing offsets of topic %q for group %q: %v", topic, group, err)
		}
		return err == nil, fmt.Sprint(err)
	})
}

// passing tells the errors of a broker that is still starting, or whose
// coordinator moves, from those that stay.
func passing(err error) bool {
	for _, starting := range []error{
		kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator,
		kerr.UnknownTopicOrPartition, kerr.NotLeaderForPartition, kerr.LeaderNotAvailable,
		kerr.UnstableOffsetCommit, kerr.ConcurrentTransactions,
	} {
		if errors.Is(err, starting) {
			return true
		}
	}
	return false
}
