package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"golang.org/x/sync/errgroup"
)

// logs is what the brokers tell of partitions.
type logs struct {
	ids        map[string]string
	partitions map[string][]int32 // sorted
	start, end map[partition]int64
	at         map[int64]map[partition]found // by the time asked for, in milliseconds
}

// found is the first record of a time or later.
type found struct {
	offset int64
	millis int64 // -1: there is none
}

// readLogs asks for topics, starts, ends and offsets by time, side by side.
func (p *planner) readLogs(ctx context.Context) error {
	topics := p.topics()
	p.logs = logs{at: map[int64]map[partition]found{}}
	times := p.times()
	answers := make([]map[partition]found, len(times))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.readTopics(ctx, topics) })
	group.Go(func() (err error) {
		p.logs.start, err = offsets(p.r.ListStartOffsets(ctx, topics...))
		return err
	})
	group.Go(func() (err error) {
		p.logs.end, err = offsets(p.r.ListEndOffsets(ctx, topics...))
		return err
	})
	for i, millis := range times {
		group.Go(func() (err error) {
			answers[i], err = foundAt(p.r.ListOffsetsAfterMilli(ctx, millis, topics...))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, millis := range times {
		p.logs.at[millis] = answers[i]
	}
	return nil
}

// times are all times that positions name, each once.
func (p *planner) times() []int64 {
	positions := []Position{p.req.To}
	if p.req.Until != nil {
		positions = append(positions, *p.req.Until)
	}
	for _, s := range p.req.Topics {
		if s.To != nil {
			positions = append(positions, *s.To)
		}
	}
	var list []int64
	for _, position := range positions {
		if t, ok := position.Time(); ok {
			list = append(list, millisOf(t))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// millisOf rounds up: what is earlier than the time must not be found.
func millisOf(t time.Time) int64 {
	millis := t.UnixMilli()
	if t.After(time.UnixMilli(millis)) {
		millis++
	}
	return millis
}

func (p *planner) readTopics(ctx context.Context, topics []string) error {
	metadata, err := p.r.BrokerMetadata(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's id: %w", err)
	}
	p.clusterID = metadata.Cluster
	details, err := p.r.ListTopics(ctx, topics...)
	if err != nil {
		return fmt.Errorf("looking up topics %s: %w", strings.Join(topics, ", "), err)
	}
	p.logs.ids, p.logs.partitions = map[string]string{}, map[string][]int32{}
	for _, topic := range topics {
		d, listed := details[topic]
		switch {
		case !listed || errors.Is(d.Err, kerr.UnknownTopicOrPartition):
			return askedf("\"evtctl lag --by topic\" lists the topics that groups read", "topic %q: not found in this cluster", topic)
		case d.Err != nil:
			return fmt.Errorf("topic %q: %w", topic, d.Err)
		}
		p.logs.ids[topic] = d.ID.String()
		p.logs.partitions[topic] = d.Partitions.Numbers()
	}
	return nil
}

// offsets reads a listing. A partition that can't be told of fails it.
func offsets(listed kadm.ListedOffsets, err error) (map[partition]int64, error) {
	all, err := foundAt(listed, err)
	if err != nil {
		return nil, err
	}
	plain := make(map[partition]int64, len(all))
	for at, f := range all {
		plain[at] = f.offset
	}
	return plain, nil
}

func foundAt(listed kadm.ListedOffsets, err error) (map[partition]found, error) {
	if err != nil {
		return nil, fmt.Errorf("listing offsets: %w", err)
	}
	all := map[partition]found{}
	for topic, partitions := range listed {
		for id, o := range partitions {
			if errors.Is(o.Err, kerr.UnknownTopicOrPartition) && id < 0 {
				continue // a missing topic: readTopics has the words for it
			}
			if o.Err != nil {
				return nil, fmt.Errorf("listing the offsets of %s:%d: %w", topic, id, o.Err)
			}
			all[partition{topic, id}] = found{o.Offset, o.Timestamp}
		}
	}
	return all, nil
}
