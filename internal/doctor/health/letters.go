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
	first  lag.Int // the sum of the ends when it was found
	ends   lag.Int
	recent []Count
}

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
		k.queues = append(k.queues, queue{Queue: q})
	}
	if len(found.Notes) > 1 { // the first is always there, and about Connect
		k.tell(found.Notes[1:]...)
	}
	var sums map[string]lag.Int
	_ = k.within(ctx, 0, func(ctx context.Context) error { sums = k.sumEnds(ctx); return nil })
	for i := range k.queues {
		k.queues[i].first = sums[k.queues[i].Topic]
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

// sumEnds gives the sum of the ends of each dead-letter topic; unknown where one of
// them is.
func (k *collector) sumEnds(ctx context.Context) map[string]lag.Int {
	sums := make(map[string]lag.Int, len(k.queues))
	if len(k.queues) == 0 {
		return sums
	}
	listed, err := k.adm.ListEndOffsets(ctx, k.queueNames()...)
	for _, q := range k.queues {
		sums[q.Topic] = lag.Unknown
		if len(listed[q.Topic]) > 0 && (err == nil || len(listed) > 0) {
			sums[q.Topic] = sum(listed[q.Topic])
		}
	}
	return sums
}

func sum(partitions map[int32]kadm.ListedOffset) (n lag.Int) {
	for _, p := range partitions {
		if p.Err != nil {
			return lag.Unknown
		}
		n += lag.Int(p.Offset)
	}
	return n
}

// countQueues counts the letters that have time stamps in the limits' windows: those
// from the first offset at or after that time on.
func (k *collector) countQueues(ctx context.Context) error {
	if len(k.queues) == 0 {
		return nil
	}
	sums := k.sumEnds(ctx)
	for i := range k.queues {
		k.queues[i].ends = sums[k.queues[i].Topic]
	}
	for _, window := range k.windows() {
		begin, _ := k.adm.ListOffsetsAfterMilli(ctx, k.Now().Add(-window).UnixMilli(), k.queueNames()...)
		for i := range k.queues {
			q := &k.queues[i]
			count := Count{window.Seconds(), lag.Unknown}
			if from := sum(begin[q.Topic]); len(begin[q.Topic]) > 0 && from.Known() && q.ends.Known() {
				count.Letters = max(0, q.ends-from)
			}
			q.recent = append(q.recent, count)
		}
	}
	return nil
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
		Written: q.ends, Arrived: lag.Unknown, Recent: q.recent, Oldest: q.Oldest, FirstExpiry: q.FirstExpiry,
		ExpiryKnown: q.RetentionKnown, RetentionBytes: q.RetentionBytes,
	}
	if q.Error != nil {
		out.Error = lag.Text(*q.Error)
		if q.LastHour == nil { // nothing was counted yet when it went wrong
			out.Letters = lag.Unknown
		}
	}
	if q.ends.Known() && q.first.Known() {
		out.Arrived = max(0, q.ends-q.first)
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
