package dlq

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
	"golang.org/x/sync/errgroup"
)

// topic is a topic as it is at the moment of asking.
type topic struct {
	name       string
	id         kadm.TopicID
	partitions []partition // by number
	retention  retention
	maxMessage int64 // how large its batches may be; 0: unknown
}

// partition is the extent of a partition. A reader that only sees committed
// records gets as far as stable.
type partition struct {
	leader             int32
	start, end, stable int64
	err                error
}

// TopicNotFoundError tells of a topic that the cluster does not have.
type TopicNotFoundError struct{ Topic string }

func (e *TopicNotFoundError) Error() string {
	return fmt.Sprintf("topic %q: not found in this cluster", e.Topic)
}

// PartitionNotFoundError tells of a partition that a topic does not have.
type PartitionNotFoundError struct {
	Topic      string
	Partition  int32
	Partitions int // how many it has
}

func (e *PartitionNotFoundError) Error() string {
	return fmt.Sprintf("topic %q has no partition %d: they are 0 to %d", e.Topic, e.Partition, e.Partitions-1)
}

// describe asks for topics, their extents and their retention. A topic that isn't
// there isn't in the answer.
func describe(ctx context.Context, cl *kgo.Client, names ...string) (map[string]*topic, error) {
	if len(names) == 0 {
		return map[string]*topic{}, nil
	}
	adm := kadm.NewClient(cl)
	details, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("topic %q: reading its metadata: %w", names[0], err)
	}
	topics := map[string]*topic{}
	for _, name := range names {
		d, ok := details[name]
		switch {
		case !ok || errors.Is(d.Err, kerr.UnknownTopicOrPartition):
		case d.Err != nil:
			return nil, fmt.Errorf("topic %q: %w", name, d.Err)
		default:
			topics[name] = newTopic(name, d)
		}
	}
	return topics, fill(ctx, adm, topics)
}

func describeOne(ctx context.Context, cl *kgo.Client, name string) (*topic, error) {
	topics, err := describe(ctx, cl, name)
	if err != nil {
		return nil, err
	}
	if topics[name] == nil {
		return nil, &TopicNotFoundError{name}
	}
	return topics[name], nil
}

func newTopic(name string, d kadm.TopicDetail) *topic {
	t := &topic{name: name, id: d.ID, partitions: make([]partition, len(d.Partitions))}
	for i := range t.partitions {
		p := d.Partitions[int32(i)]
		t.partitions[i].leader = p.Leader
		if p.Leader < 0 {
			t.partitions[i].err = kerr.LeaderNotAvailable
		}
	}
	return t
}

// fill adds the extents and the retention. The stable offset is asked for after
// the end, which it would lag behind otherwise.
func fill(ctx context.Context, adm *kadm.Client, topics map[string]*topic) error {
	var names []string
	for name, t := range topics {
		if len(t.partitions) > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	var starts, ends, stables kadm.ListedOffsets
	var eg errgroup.Group
	eg.Go(func() (err error) { starts, err = adm.ListStartOffsets(ctx, names...); return some(err) })
	eg.Go(func() (err error) {
		if ends, err = adm.ListEndOffsets(ctx, names...); some(err) == nil {
			stables, err = adm.ListCommittedOffsets(ctx, names...)
		}
		return some(err)
	})
	eg.Go(func() error { readRetention(ctx, adm, names, topics); return nil })
	if err := eg.Wait(); err != nil {
		return fmt.Errorf("topic %q: listing its offsets: %w", names[0], err)
	}
	for name, t := range topics {
		for i := range t.partitions {
			p := &t.partitions[i]
			for _, from := range []struct {
				listed kadm.ListedOffsets
				to     *int64
			}{{starts, &p.start}, {ends, &p.end}, {stables, &p.stable}} {
				o, ok := from.listed.Lookup(name, int32(i))
				switch {
				case p.err != nil:
				case !ok:
					p.err = errors.New("no broker listed its offsets")
				case o.Err != nil:
					p.err = fmt.Errorf("listing its offsets: %w", o.Err)
				default:
					*from.to = o.Offset
				}
			}
		}
	}
	return nil
}

// some drops the error of brokers that did not answer where others did: each
// partition has its own.
func some(err error) error {
	var shards *kadm.ShardErrors
	if errors.As(err, &shards) && !shards.AllFailed {
		return nil
	}
	return err
}

// retention is when a topic deletes its records.
type retention struct {
	known   bool // the configuration could be read
	deletes bool // by time or by size, not only by compaction
	age     *time.Duration
	bytes   *int64 // of a partition
}

func readRetention(ctx context.Context, adm *kadm.Client, names []string, topics map[string]*topic) {
	configs, err := adm.DescribeTopicConfigs(ctx, names...)
	if err != nil && len(configs) == 0 {
		return // it stays unknown
	}
	for _, c := range configs {
		if t := topics[c.Name]; t != nil && c.Err == nil {
			t.retention = newRetention(c)
			t.maxMessage, _ = strconv.ParseInt(configured(c, "max.message.bytes"), 10, 64)
		}
	}
}

func newRetention(c kadm.ResourceConfig) retention {
	r := retention{known: true, deletes: true}
	for _, kv := range c.Configs {
		if kv.Value == nil {
			continue
		}
		n, err := strconv.ParseInt(*kv.Value, 10, 64)
		switch kv.Key {
		case "cleanup.policy":
			r.deletes = strings.Contains(*kv.Value, "delete")
		case "retention.ms":
			if err == nil && n >= 0 && n < maxTime {
				age := time.Duration(min(n, int64(1<<63-1)/1e6)) * time.Millisecond
				r.age = &age
			}
		case "retention.bytes":
			if err == nil && n >= 0 {
				r.bytes = &n
			}
		}
	}
	return r
}

// expires tells when retention may delete a record with this time stamp, at the
// earliest: segments go as a whole, by their newest record. Nil: never by time, or
// unknown. What retention.bytes will delete can't be foretold.
func (r retention) expires(timestamp *time.Time) *time.Time {
	if !r.known || !r.deletes || r.age == nil || timestamp == nil {
		return nil
	}
	at := timestamp.Add(*r.age)
	if at.UnixMilli() > maxTime || at.Before(*timestamp) {
		return nil
	}
	return &at
}
