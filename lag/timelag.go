package lag

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// position is one offset of one partition.
type position struct {
	topic     string
	partition int32
	offset    int64
}

// measureTime fills in the time lag of every partition that is behind: the age of
// the first record that the group has not read. It reads that record itself;
// brokers have no call for the time stamp at an offset, and interpolating between
// two known points is off by hours where traffic comes in bursts. It returns the
// number of positions left out: because they are too many, or for lack of time.
func (c *collector) measureTime(ctx context.Context, r *Report) int {
	waiting := map[position][]*Partition{}
	for i := range r.Groups {
		for j := range r.Groups[i].Partitions {
			if p := &r.Groups[i].Partitions[j]; p.Lag.Known() && p.Lag > 0 {
				at := position{p.Topic, p.Partition, int64(p.firstUnread())}
				waiting[at] = append(waiting[at], p)
			}
		}
	}
	found := map[position]found{}
	if len(waiting) <= c.req.MaxPositions {
		found = c.readTimes(ctx, waiting)
	}
	now, unmeasured := c.req.Now(), 0
	for at, partitions := range waiting {
		f, ok := found[at]
		if !ok {
			unmeasured++
		}
		for _, p := range partitions {
			c.setTime(p, f, ok, now)
		}
	}
	if c.req.MaxPositions < 0 {
		return 0 // nobody asked for any
	}
	return unmeasured
}

func (c *collector) setTime(p *Partition, f found, ok bool, now time.Time) {
	switch {
	case !ok:
		p.TimeLagError = "not measured"
	case f.err != nil:
		p.TimeLagError = Text(c.req.Word(f.err))
	case f.drained:
		p.TimeLag = 0
	default:
		p.nextRecord = Int(f.offset)
		if p.TimeLag = since(now, f.timestamp); !p.TimeLag.Known() {
			p.TimeLagError = "the record's time stamp is in the future, or it has none"
		}
	}
}

// firstUnread is where the group goes on, or the log start when it has no commit
// or what it would read next is gone.
func (p *Partition) firstUnread() Int {
	if !p.Committed.Known() {
		return p.LogStart
	}
	return max(p.Committed, p.LogStart)
}

// found is what stands at a position.
type found struct {
	offset    int64 // of the first record there or after
	timestamp int64 // milliseconds
	drained   bool  // no record follows, only transaction markers
	err       error
}

// Fetch sizes. A batch larger than what a partition may return is sent only for the
// first partition of a request, so what did not fit is asked for again with more.
const (
	firstFetchBytes = 16 << 10
	maxFetchBytes   = 8 << 20
	fetchBytes      = 32 << 20 // of all partitions of one response together
)

// readTimes looks the positions up, one round of fetches after the other: a round
// asks each broker once, for one position of each of its partitions.
func (c *collector) readTimes(ctx context.Context, waiting map[position][]*Partition) map[position]found {
	all := map[position]found{}
	if len(waiting) == 0 {
		return all
	}
	reader := &timeReader{cl: c.cl, logs: c.logs, size: firstFetchBytes}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	reader.decompressor, _ = c.cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	queues := map[partitionKey][]*cursor{}
	for at := range waiting {
		k := partitionKey{topic: at.topic, partition: at.partition}
		queues[k] = append(queues[k], &cursor{position: at, next: at.offset})
	}
	for len(queues) > 0 && ctx.Err() == nil {
		var round []*cursor
		for _, q := range queues {
			round = append(round, q[0])
		}
		reader.fetch(ctx, round)
		for k, q := range queues {
			if cur := q[0]; cur.done {
				all[cur.position] = cur.found
				if queues[k] = q[1:]; len(q) == 1 {
					delete(queues, k)
				}
			}
		}
	}
	return all
}

// cursor is the search for the first record at or after a position.
type cursor struct {
	position
	next  int64 // where the next fetch begins
	found found
	done  bool
}

type timeReader struct {
	cl           *kgo.Client
	logs         map[string]*topicLog
	decompressor kgo.Decompressor
	size         int32
}

// fetch makes one round. Where no partition got on, what they may return grows; at
// its largest the round is the last.
func (r *timeReader) fetch(ctx context.Context, round []*cursor) {
	sort.Slice(round, func(i, j int) bool { // a stable order, for the first of a request to vary by progress only
		a, b := round[i], round[j]
		return a.topic < b.topic || a.topic == b.topic && a.partition < b.partition
	})
	byLeader := map[int32][]*cursor{}
	for _, cur := range round {
		leader := r.logs[cur.topic].partitions[cur.partition].leader
		byLeader[leader] = append(byLeader[leader], cur)
	}
	var eg errgroup.Group
	var mu sync.Mutex
	progress := false
	for leader, cursors := range byLeader {
		eg.Go(func() error {
			moved := r.fetchFrom(ctx, leader, cursors)
			mu.Lock()
			defer mu.Unlock()
			progress = progress || moved
			return nil
		})
	}
	_ = eg.Wait()
	if !progress && r.size >= maxFetchBytes {
		for _, cur := range round {
			cur.done, cur.found.err = true, errNoRecord
		}
	}
	r.size = min(r.size*4, maxFetchBytes)
}

// fetchFrom asks one broker, and tells whether a cursor moved.
func (r *timeReader) fetchFrom(ctx context.Context, leader int32, cursors []*cursor) bool {
	resp, err := r.cl.Broker(int(leader)).RetriableRequest(ctx, r.request(cursors))
	if err != nil {
		for _, cur := range cursors {
			cur.done, cur.found.err = true, err
		}
		return true
	}
	byID, byKey := map[kadm.TopicID]string{}, map[partitionKey]*cursor{}
	for _, cur := range cursors {
		byID[r.logs[cur.topic].id] = cur.topic
		byKey[partitionKey{topic: cur.topic, partition: cur.partition}] = cur
	}
	moved := false
	for _, t := range resp.(*kmsg.FetchResponse).Topics {
		topic := t.Topic
		if topic == "" {
			topic = byID[t.TopicID]
		}
		for i := range t.Partitions {
			if cur := byKey[partitionKey{topic: topic, partition: t.Partitions[i].Partition}]; cur != nil {
				moved = cur.read(&t.Partitions[i], r.decompressor) || moved
			}
		}
	}
	return moved
}

func (r *timeReader) request(cursors []*cursor) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.SessionEpoch = -1, -1 // a consumer, without a fetch session
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 0, 0, fetchBytes
	for _, cur := range cursors {
		if n := len(req.Topics); n == 0 || req.Topics[n-1].Topic != cur.topic {
			t := kmsg.NewFetchRequestTopic()
			t.Topic, t.TopicID = cur.topic, r.logs[cur.topic].id
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.PartitionMaxBytes = cur.partition, cur.next, r.size
		p.LogStartOffset = -1
		last := &req.Topics[len(req.Topics)-1]
		last.Partitions = append(last.Partitions, p)
	}
	return req
}

// read takes in one partition's answer, and tells whether it brought the cursor on.
func (cur *cursor) read(p *kmsg.FetchResponseTopicPartition, d kgo.Decompressor) bool {
	fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: cur.next, Topic: cur.topic, Partition: cur.partition,
	}, p, d, nil)
	for _, rec := range fetched.Records {
		if rec.Offset >= cur.offset && !rec.Attrs.IsControl() {
			cur.done, cur.found = true, found{offset: rec.Offset, timestamp: rec.Timestamp.UnixMilli()}
			return true
		}
	}
	if fetched.Err != nil {
		cur.done, cur.found.err = true, fetched.Err
		return true
	}
	moved := next > cur.next
	cur.next = max(cur.next, next)
	if cur.next >= p.HighWatermark {
		cur.done, cur.found = true, found{drained: true}
	}
	return moved || cur.done
}
