package health

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
)

// queue is a dead-letter topic with what is counted beside what dlq tells of it.
type queue struct {
	dlq.Queue
	first, ends offsets // when it was found, and at the end of the window
	counted     bool    // records are counted, and not offsets
	arrived     lag.Int
	tallied     lag.Int
	recent      []Count
}

// offsets are of a topic, by partition; nil: one of them isn't known.
type offsets map[int32]int64

// findQueues looks for dead-letter topics, and where they end.
func (k *collector) findQueues(ctx context.Context) {
	if k.Letters == nil {
		k.report.unread[ofLetters] = "dead letters were not looked for"
		return
	}
	found, err := k.find(ctx)
	if err != nil {
		k.report.unread[ofLetters] = k.Word(err)
		return
	}
	for _, q := range found.Queues {
		k.queues = append(k.queues, queue{Queue: q, arrived: lag.Unknown, tallied: lag.Unknown})
	}
	if len(found.Notes) > 1 { // the first is always there, and about Connect
		k.tell(found.Notes[1:]...)
	}
	var ends map[string]offsets
	_ = k.within(ctx, 0, func(ctx context.Context) error { ends = k.listEnds(ctx); return nil })
	for i := range k.queues {
		k.queues[i].first = ends[k.queues[i].Topic]
	}
}

// find looks into topics without a telling name for as long as the window takes.
func (k *collector) find(ctx context.Context) (found *dlq.Found, err error) {
	if k.Window <= 0 {
		err = k.within(ctx, 0, func(ctx context.Context) error { found, err = k.Letters.Find(ctx, dlq.FindRequest{}); return err })
		return found, err
	}
	bounded, cancel := context.WithTimeout(ctx, k.Window)
	defer cancel()
	found, err = k.Letters.Find(bounded, dlq.FindRequest{})
	if bounded.Err() == nil || ctx.Err() != nil {
		return found, err
	}
	if err = k.within(ctx, 0, func(ctx context.Context) error {
		found, err = k.Letters.Find(ctx, dlq.FindRequest{Named: true})
		return err
	}); err == nil {
		k.tell("dead-letter topics were only looked for by name and configuration: the window was too short to look into the others")
	}
	return found, err
}

func (k *collector) queueNames() []string {
	names := make([]string, len(k.queues))
	for i := range k.queues {
		names[i] = k.queues[i].Topic
	}
	return names
}

// listEnds gives where each dead-letter topic ends.
func (k *collector) listEnds(ctx context.Context) map[string]offsets {
	if len(k.queues) == 0 {
		return nil
	}
	listed, err := k.adm.ListEndOffsets(ctx, k.queueNames()...)
	return byTopic(listed, err)
}

// byTopic leaves out the topics of which a partition isn't known.
func byTopic(listed kadm.ListedOffsets, err error) map[string]offsets {
	topics := map[string]offsets{}
	for topic, partitions := range listed {
		at := offsets{}
		for n, p := range partitions {
			if p.Err != nil {
				at = nil
				break
			}
			at[n] = p.Offset
		}
		if len(at) > 0 {
			topics[topic] = at
		}
	}
	return topics
}

func (o offsets) sum() (n lag.Int) {
	if o == nil {
		return lag.Unknown
	}
	for _, at := range o {
		n += lag.Int(at)
	}
	return n
}

// windows are those in which letters are counted, the shorter first.
func (k *collector) windows() (list []time.Duration) {
	for _, rate := range []Rate{k.Limits.WarnLetters, k.Limits.MaxLetters} {
		if !rate.None && rate.Window > 0 {
			list = append(list, rate.Window)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// addQueues takes over what was found and counted.
func (k *collector) addQueues() {
	for i := range k.queues {
		k.report.Queues = append(k.report.Queues, k.queues[i].figures())
	}
}

func (q *queue) figures() Queue {
	out := Queue{
		Topic: q.Topic, Letters: lag.Int(q.Queue.Letters), Undisposed: known(q.Queue.Undisposed), LastHour: known(q.Queue.LastHour),
		Exact: q.Exact, Written: q.ends.sum(), Arrived: q.arrived, Recent: q.recent, Counted: q.counted, Tallied: q.tallied,
		Oldest: q.Oldest, FirstExpiry: q.FirstExpiry, ExpiryKnown: q.RetentionKnown, RetentionBytes: q.RetentionBytes,
	}
	if q.Error != nil {
		out.Error = lag.Text(*q.Error)
		if q.LastHour == nil { // nothing was counted yet when it went wrong
			out.Letters = lag.Unknown
		}
	}
	if out.Recent == nil {
		out.Recent = []Count{}
	}
	return out
}

func known(n *int64) lag.Int {
	if n == nil {
		return lag.Unknown
	}
	return lag.Int(*n)
}
