package dispose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
)

// Target reads the cluster that letters are sent to. It has no method that writes.
type Target struct {
	cl  *kgo.Client
	adm *kadm.Client
}

// Look makes a target of a client, which it only reads with.
func Look(cl *kgo.Client) *Target { return &Target{cl, kadm.NewClient(cl)} }

// topic is what a topic takes.
type topic struct {
	name      string
	id        kadm.TopicID
	start     []int64 // of each partition
	end       []int64
	maxBytes  int // 0: unknown
	compacted bool
	known     bool // whether the settings are; the rest is zero where they aren't
	times     times
	choose    kgo.TopicPartitioner
}

// topic looks a topic up. It is nil when there is none.
func (t *Target) topic(ctx context.Context, name string) (*topic, error) {
	details, err := t.adm.ListTopics(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("topic %q: reading its metadata: %w", name, err)
	}
	d, ok := details[name]
	if !ok || errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
		return nil, nil
	}
	if d.Err != nil {
		return nil, fmt.Errorf("topic %q: %w", name, d.Err)
	}
	found := &topic{name: name, id: d.ID, choose: kgo.StickyKeyPartitioner(nil).ForTopic(name)}
	for _, end := range []struct {
		list func(context.Context, ...string) (kadm.ListedOffsets, error)
		to   *[]int64
	}{{t.adm.ListStartOffsets, &found.start}, {t.adm.ListEndOffsets, &found.end}} {
		listed, err := end.list(ctx, name)
		if err == nil {
			err = listed.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("topic %q: listing its offsets: %w", name, err)
		}
		*end.to = make([]int64, len(d.Partitions))
		listed.Each(func(o kadm.ListedOffset) {
			if int(o.Partition) < len(*end.to) {
				(*end.to)[o.Partition] = o.Offset
			}
		})
	}
	t.settings(ctx, found)
	return found, nil
}

// settings reads what the topic refuses. Who may not see it can still write: what the
// broker says then counts.
func (t *Target) settings(ctx context.Context, to *topic) {
	configs, err := t.adm.DescribeTopicConfigs(ctx, to.name)
	if err != nil {
		return
	}
	config, err := configs.On(to.name, nil)
	if err != nil || config.Err != nil {
		return
	}
	to.known = true
	for _, c := range config.Configs {
		switch c.Key {
		case "cleanup.policy":
			to.compacted = strings.Contains(c.MaybeValue(), "compact")
		case "max.message.bytes":
			to.maxBytes, _ = strconv.Atoi(c.MaybeValue())
		}
	}
	to.times = timesOf(config)
}

// cluster is the cluster's id.
func (t *Target) cluster(ctx context.Context) (string, error) {
	m, err := t.adm.BrokerMetadata(ctx)
	if err != nil {
		return "", fmt.Errorf("the id of the cluster to send to: %w", err)
	}
	return m.Cluster, nil
}

// dispositions reads the ledger; nil where there is none yet.
func (t *Target) dispositions(ctx context.Context, source ledger.Source) (*ledger.Index, error) {
	topics, err := ledger.Open(ctx, t.cl)
	switch {
	case errors.Is(err, ledger.ErrNone):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return topics.Read(ctx, t.cl, source, func(exactly.Notice) {})
}

// maxGroups is how many groups are asked whether they read a topic.
const maxGroups = 500

// readers are the groups that have committed offsets in a topic, sorted. They are nil
// when that can't be known: it only serves a warning.
func (t *Target) readers(ctx context.Context, topic string) []string {
	listed, err := t.adm.ListGroups(ctx)
	if err != nil && len(listed) == 0 {
		return nil
	}
	var names []string
	for _, name := range listed.Groups() {
		if !strings.HasPrefix(name, "evtctl.dlq.") && len(names) < maxGroups {
			names = append(names, name)
		}
	}
	var readers []string
	for group, offsets := range t.adm.FetchManyOffsets(ctx, names...) {
		if offsets.Err == nil && len(offsets.Fetched[topic]) > 0 {
			readers = append(readers, group)
		}
	}
	slices.Sort(readers)
	return readers
}

// keys reads the keys of a partition's records, committed ones only.
func (t *Target) keys(ctx context.Context, topic string, partition int32, from int64, each func(*kgo.Record) error) error {
	span, err := exactly.Stable(ctx, t.cl, topic, partition, from)
	if err != nil {
		return err
	}
	return exactly.ReadCommitted(ctx, t.cl, span, func(exactly.Notice) {}, each)
}
