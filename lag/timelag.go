package lag

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
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
	waiting := map[position]found{}
	eachBehind(r, func(_ *Partition, at position) { waiting[at] = found{err: errNotMeasured} })
	if len(waiting) <= c.req.MaxPositions {
		c.readTimes(ctx, waiting)
	}
	now, unmeasured := c.req.Now(), 0
	for _, f := range waiting {
		if f.err == errNotMeasured {
			unmeasured++
		}
	}
	eachBehind(r, func(p *Partition, at position) { c.setTime(p, waiting[at], now) })
	if c.req.MaxPositions < 0 {
		return 0 // nobody asked for any
	}
	return unmeasured
}

// eachBehind calls do for every partition that is behind, with where it stands.
func eachBehind(r *Report, do func(*Partition, position)) {
	for i := range r.Groups {
		for j := range r.Groups[i].Partitions {
			if p := &r.Groups[i].Partitions[j]; p.Lag.Known() && p.Lag > 0 {
				do(p, position{p.Topic, p.Partition, int64(p.firstUnread())})
			}
		}
	}
}

var errNotMeasured = errors.New("not measured")

func (c *collector) setTime(p *Partition, f found, now time.Time) {
	switch {
	case f.err == errNotMeasured:
		p.TimeLagError = Text(f.err.Error())
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
// asks each broker once, and what a partition returns answers all positions in it.
func (c *collector) readTimes(ctx context.Context, waiting map[position]found) {
	reader := &timeReader{cl: c.cl, logs: c.logs}
	// The client's own decompressor is bounded; see kgo.MaxDecompressBatchBytes.
	reader.decompressor, _ = c.cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	byKey := map[partitionKey]*cursor{}
	for at := range waiting {
		k := partitionKey{topic: at.topic, partition: at.partition}
		if byKey[k] == nil {
			byKey[k] = &cursor{topic: at.topic, partition: at.partition, size: firstFetchBytes}
		}
		byKey[k].offsets = append(byKey[k].offsets, at.offset)
	}
	cursors := slices.SortedFunc(maps.Values(byKey), func(a, b *cursor) int { // the first of a request varies by progress only
		return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	for _, cur := range cursors {
		slices.Sort(cur.offsets)
	}
	for len(cursors) > 0 && ctx.Err() == nil {
		reader.fetch(ctx, cursors)
		for _, cur := range cursors {
			cur.settle(waiting)
		}
		cursors = slices.DeleteFunc(cursors, func(cur *cursor) bool { return len(cur.offsets) == 0 })
	}
}

// cursor goes through a partition, in search of the first record at or after each of
// some offsets.
type cursor struct {
	topic     string
	partition int32
	offsets   []int64 // ascending: those still searched for
	next      int64   // where what was read so far ends
	size      int32   // what the next fetch may return
	answers   []answer
}

type answer struct {
	at    int64
	found found
}

// begin is where the next fetch begins.
func (cur *cursor) begin() int64 { return max(cur.next, cur.offsets[0]) }

// answer ends the search for the offsets up to and including at.
func (cur *cursor) answer(at int64, f found) {
	for len(cur.offsets) > 0 && cur.offsets[0] <= at {
		cur.answers = append(cur.answers, answer{cur.offsets[0], f})
		cur.offsets = cur.offsets[1:]
	}
}

// end ends the search for all of them.
func (cur *cursor) end(f found) { cur.answer(math.MaxInt64, f) }

// settle hands over what was found since the last time.
func (cur *cursor) settle(all map[position]found) {
	for _, a := range cur.answers {
		all[position{cur.topic, cur.partition, a.at}] = a.found
	}
	cur.answers = cur.answers[:0]
}

type timeReader struct {
	cl           *kgo.Client
	logs         map[string]*topicLog
	decompressor kgo.Decompressor
}

// fetch makes one round.
func (r *timeReader) fetch(ctx context.Context, round []*cursor) {
	byLeader := map[int32][]*cursor{}
	for _, cur := range round {
		leader := r.logs[cur.topic].partitions[cur.partition].leader
		byLeader[leader] = append(byLeader[leader], cur)
	}
	var eg errgroup.Group
	for leader, cursors := range byLeader {
		eg.Go(func() error { r.fetchFrom(ctx, leader, cursors); return nil })
	}
	_ = eg.Wait()
}

// fetchFrom asks one broker. What a partition may return grows where too little came.
// A broker returns something of the first partition of a request however large it is;
// so when no partition gets on at the largest size, there is nothing to be had.
func (r *timeReader) fetchFrom(ctx context.Context, leader int32, cursors []*cursor) {
	resp, err := r.cl.Broker(int(leader)).RetriableRequest(ctx, r.request(cursors))
	if err != nil {
		endAll(cursors, err)
		return
	}
	byID, byKey := map[kadm.TopicID]string{}, map[partitionKey]*cursor{}
	for _, cur := range cursors {
		byID[r.logs[cur.topic].id] = cur.topic
		byKey[partitionKey{topic: cur.topic, partition: cur.partition}] = cur
	}
	hope := false
	for _, t := range resp.(*kmsg.FetchResponse).Topics {
		topic := t.Topic
		if topic == "" {
			topic = byID[t.TopicID]
		}
		for i := range t.Partitions {
			cur := byKey[partitionKey{topic: topic, partition: t.Partitions[i].Partition}]
			if cur != nil && (cur.read(&t.Partitions[i], r.decompressor) || cur.grow()) {
				hope = true
			}
		}
	}
	if !hope {
		endAll(cursors, errNoRecord)
	}
}

// grow tells whether more may be asked for the next time.
func (cur *cursor) grow() bool {
	before := cur.size
	cur.size = min(cur.size*4, maxFetchBytes)
	return cur.size > before
}

func endAll(cursors []*cursor, err error) {
	for _, cur := range cursors {
		cur.end(found{err: err})
	}
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
		p.Partition, p.FetchOffset, p.PartitionMaxBytes = cur.partition, cur.begin(), cur.size
		p.LogStartOffset = -1
		last := &req.Topics[len(req.Topics)-1]
		last.Partitions = append(last.Partitions, p)
	}
	return req
}

// read takes in one partition's answer, and tells whether it brought the cursor on.
func (cur *cursor) read(p *kmsg.FetchResponseTopicPartition, d kgo.Decompressor) bool {
	begin := cur.begin()
	fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: begin, Topic: cur.topic, Partition: cur.partition,
	}, p, d, nil)
	for _, rec := range fetched.Records {
		if !rec.Attrs.IsControl() {
			cur.answer(rec.Offset, found{offset: rec.Offset, timestamp: rec.Timestamp.UnixMilli()})
		}
	}
	cur.next = max(begin, next)
	switch {
	case fetched.Err != nil:
		cur.end(found{err: fetched.Err})
	case cur.next >= p.HighWatermark:
		cur.end(found{drained: true})
	}
	return cur.next > begin || len(cur.offsets) == 0
}
