package lag

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// topicLog is the extent of a topic's partitions, in the order of their numbers.
type topicLog struct {
	id         kadm.TopicID
	partitions []partitionLog
	err        error // why the topic as a whole can't be read
}

type partitionLog struct {
	leader             int32
	start, end, stable int64
	err                error
}

// readLogs lists the start, the end and the last stable offset of every partition
// of the topics that the groups have to do with.
func (c *collector) readLogs(ctx context.Context, states []*groupState) map[string]*topicLog {
	logs := map[string]*topicLog{}
	for _, s := range states {
		for t := range s.commits {
			logs[t] = nil
		}
		for t := range s.holders {
			if c.wanted(t) {
				logs[t] = nil
			}
		}
	}
	if len(logs) == 0 {
		return logs
	}
	names := make([]string, 0, len(logs))
	for t := range logs {
		names = append(names, t)
	}
	details, err := c.topics(ctx, names...)
	for t := range logs {
		logs[t] = newTopicLog(details, t, err)
	}
	c.listExtents(ctx, logs)
	return logs
}

func newTopicLog(details kadm.TopicDetails, topic string, err error) *topicLog {
	d, ok := details[topic]
	switch {
	case err != nil:
		return &topicLog{err: fmt.Errorf("reading its metadata: %w", err)}
	case !ok:
		return &topicLog{err: kerr.UnknownTopicOrPartition}
	case d.Err != nil:
		return &topicLog{err: d.Err}
	}
	l := &topicLog{id: d.ID, partitions: make([]partitionLog, len(d.Partitions))}
	for i := range l.partitions {
		p := d.Partitions[int32(i)]
		l.partitions[i] = partitionLog{leader: p.Leader}
		if p.Leader < 0 {
			// Asking nevertheless would only wait for the client's retries to end.
			l.partitions[i].err = kerr.LeaderNotAvailable
		}
	}
	return l
}

// What ListOffsets is asked for in the place of a time stamp.
const (
	earliest = -2
	latest   = -1
)

// listExtents asks for the three ends one by one, as the broker takes a partition
// only once in a request. The last stable offset comes after the end: asked for at
// the same time, it would lag behind it wherever records arrive.
func (c *collector) listExtents(ctx context.Context, logs map[string]*topicLog) {
	var starts, ends, stables map[string][]listed
	var eg errgroup.Group
	eg.Go(func() error { starts = c.listOffsets(ctx, logs, earliest, 0); return nil })
	eg.Go(func() error { ends = c.listOffsets(ctx, logs, latest, 0); return nil })
	_ = eg.Wait()
	stables = c.listOffsets(ctx, logs, latest, 1)
	for t, l := range logs {
		for i := range l.partitions {
			p := &l.partitions[i]
			if p.err != nil {
				continue
			}
			start, end, stable := starts[t][i], ends[t][i], stables[t][i]
			p.start, p.end, p.stable = start.offset, end.offset, stable.offset
			for _, err := range []error{start.err, end.err, stable.err} {
				if err != nil && p.err == nil {
					p.err = fmt.Errorf("listing its offsets: %w", err)
				}
			}
		}
	}
}

// listed is one partition's answer; it begins as a failure, so that a partition
// that no broker answers for is one.
type listed struct {
	offset int64
	err    error
}

func (c *collector) listOffsets(ctx context.Context, logs map[string]*topicLog, at int64, isolation int8) map[string][]listed {
	answers := make(map[string][]listed, len(logs))
	req := kmsg.NewPtrListOffsetsRequest()
	req.IsolationLevel = isolation
	for t, l := range logs {
		rt := kmsg.NewListOffsetsRequestTopic()
		rt.Topic = t
		answers[t] = make([]listed, len(l.partitions))
		for i := range l.partitions {
			answers[t][i].err = kerr.UnknownTopicOrPartition
			if l.partitions[i].err != nil {
				continue
			}
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp = int32(i), at
			rt.Partitions = append(rt.Partitions, p)
		}
		if len(rt.Partitions) > 0 {
			req.Topics = append(req.Topics, rt)
		}
	}
	if len(req.Topics) == 0 {
		return answers
	}
	for _, shard := range c.cl.RequestSharded(ctx, req) {
		if shard.Err != nil {
			blameShard(answers, shard.Req.(*kmsg.ListOffsetsRequest), shard.Err)
			continue
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			list := answers[t.Topic]
			for _, p := range t.Partitions {
				if p.Partition >= 0 && int(p.Partition) < len(list) {
					list[p.Partition] = listed{p.Offset, kerr.ErrorForCode(p.ErrorCode)}
				}
			}
		}
	}
	return answers
}

func blameShard(answers map[string][]listed, req *kmsg.ListOffsetsRequest, err error) {
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			answers[t.Topic][p.Partition].err = err
		}
	}
}
