package lag

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Position is an offset of a partition.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Stamp is the first record at or after a position, and its time stamp.
type Stamp struct {
	Offset int64
	Time   time.Time
	// None says that no record follows: only transaction markers, or nothing.
	None bool
	Err  error // why it isn't known
}

// Times reads the time stamps of the records at positions, as [Collect] does for time
// lags: a fetch for each broker and round, whatever their number. Every position is in
// the answer.
func Times(ctx context.Context, cl *kgo.Client, positions []Position) (map[Position]Stamp, error) {
	stamps := make(map[Position]Stamp, len(positions))
	c := &collector{cl: cl, adm: kadm.NewClient(cl), logs: map[string]*topicLog{}}
	var topics []string
	for _, p := range positions {
		if c.logs[p.Topic] == nil {
			c.logs[p.Topic] = &topicLog{}
			topics = append(topics, p.Topic)
		}
	}
	if len(topics) == 0 {
		return stamps, nil
	}
	details, err := c.topics(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("time stamps of records: reading the metadata of their topics: %w", err)
	}
	for _, t := range topics {
		c.logs[t] = newTopicLog(details, t, nil)
	}
	waiting := map[position]found{}
	for _, p := range positions {
		switch log := c.logs[p.Topic]; {
		case log.err != nil:
			stamps[p] = Stamp{Err: log.err}
		case int(p.Partition) >= len(log.partitions):
			stamps[p] = Stamp{Err: errNoPartition}
		case log.partitions[p.Partition].err != nil:
			stamps[p] = Stamp{Err: log.partitions[p.Partition].err}
		default:
			waiting[position{p.Topic, p.Partition, p.Offset}] = found{err: errNotMeasured}
		}
	}
	c.readTimes(ctx, waiting)
	for at, f := range waiting {
		stamps[Position{at.topic, at.partition, at.offset}] = Stamp{f.offset, time.UnixMilli(f.timestamp).UTC(), f.drained, f.err}
	}
	return stamps, nil
}
