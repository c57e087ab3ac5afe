package health

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
)

// Offsets count the markers of transactions too, of which each transaction leaves one in
// every partition that it wrote to. So letters are read, where they are few; else they
// are told as what they are at the most.
const (
	maxCounted = 10_000 // letters of one topic that came lately
	maxHeld    = 1_000  // letters that a topic holds
	atOnce     = 4      // topics that are read at the same time
	// countTime is the bound where there is no time limit.
	countTime = 10 * time.Second
)

// stretch is from where on letters count, up to the end.
type stretch struct {
	from    offsets
	letters lag.Int
}

// measure counts offsets.
func (s *stretch) measure(ends offsets) {
	if s.letters = 0; s.from == nil || ends == nil {
		s.letters = lag.Unknown
		return
	}
	for n, end := range ends {
		from, known := s.from[n]
		if !known {
			s.letters = lag.Unknown
			return
		}
		s.letters += lag.Int(max(0, end-from))
	}
}

// countQueues counts the letters that have time stamps in the limits' windows (those from
// the first offset at or after that time on), and those that arrived.
func (k *collector) countQueues(ctx context.Context) error {
	if len(k.queues) == 0 {
		return nil
	}
	ends := k.listEnds(ctx)
	begins := make([]map[string]offsets, 0, 2)
	for _, window := range k.windows() {
		begins = append(begins, byTopic(k.adm.ListOffsetsAfterMilli(ctx, k.Now().Add(-window).UnixMilli(), k.queueNames()...)))
	}
	bound := countTime
	if k.Timeout > 0 {
		bound = k.Timeout / 2
	}
	reading, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	var eg errgroup.Group
	eg.SetLimit(atOnce)
	for i := range k.queues {
		q := &k.queues[i]
		q.ends = ends[q.Topic]
		eg.Go(func() error { k.countQueue(reading, q, begins); return nil })
	}
	_ = eg.Wait()
	k.countHeld(reading)
	k.Tally.add(k.queues)
	return nil
}

func (k *collector) countQueue(ctx context.Context, q *queue, begins []map[string]offsets) {
	arrived, tallied := &stretch{from: q.first}, &stretch{from: k.Tally.since(q.Topic)}
	list := []*stretch{arrived, tallied}
	for _, begin := range begins {
		list = append(list, &stretch{from: begin[q.Topic]})
	}
	for _, s := range list {
		s.measure(q.ends)
	}
	q.counted = q.ends != nil && k.readMost(ctx, q, list)
	q.arrived, q.tallied = arrived.letters, tallied.letters
	for i, window := range k.windows() {
		q.recent = append(q.recent, Count{window.Seconds(), list[i+2].letters})
	}
}

var (
	errEnough = errors.New("enough was read")
	errPart   = errors.New("not all could be read")
)

// readMost counts records, and tells whether it could in all stretches. Where the longest
// one has too many, the others are counted.
func (k *collector) readMost(ctx context.Context, q *queue, list []*stretch) bool {
	list = slices.SortedFunc(slices.Values(list), func(a, b *stretch) int { return cmp.Compare(a.letters, b.letters) })
	all := true
	for len(list) > 0 {
		switch err := k.read(ctx, q, list); {
		case err == nil:
			return all
		case !errors.Is(err, errEnough):
			return false
		}
		all, list = false, list[:len(list)-1]
	}
	return false
}

// read counts records. After an error the stretches are as they were.
func (k *collector) read(ctx context.Context, q *queue, list []*stretch) error {
	from := offsets{} // the first of each partition that is to be read
	for _, s := range list {
		for n, at := range s.from {
			if had, ok := from[n]; at < q.ends[n] && s.letters.Known() && (!ok || at < had) {
				from[n] = at
			}
		}
	}
	if len(from) == 0 {
		return nil
	}
	counts, read := make([]lag.Int, len(list)), 0
	result, err := k.Letters.Read(ctx, dlq.Query{
		Topic: q.Topic, Order: dlq.Stream, Partitions: slices.Sorted(maps.Keys(from)), From: from, To: q.ends,
	}, func(l *dlq.Letter) error {
		if read++; read > maxCounted {
			return errEnough
		}
		for i, s := range list {
			if at, ok := s.from[l.Coordinates.Partition]; ok && l.Coordinates.Offset >= at {
				counts[i]++
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(result.Faults) > 0 || result.Open > 0: // behind an open transaction nothing is read
		return errPart
	}
	for i, s := range list {
		if s.letters.Known() {
			s.letters = counts[i]
		}
	}
	return nil
}

// countHeld counts the letters that small topics hold, so that none of them seems to have
// undisposed ones by markers alone.
func (k *collector) countHeld(ctx context.Context) {
	var small []string
	for i := range k.queues {
		if q := &k.queues[i]; q.Error == nil && !q.Exact && q.Queue.Letters > 0 && q.Queue.Letters <= maxHeld {
			small = append(small, q.Topic)
		}
	}
	if len(small) == 0 {
		return
	}
	found, err := k.Letters.Find(ctx, dlq.FindRequest{Topics: small, Count: true})
	if err != nil {
		return
	}
	for _, counted := range found.Queues {
		i := slices.IndexFunc(k.queues, func(q queue) bool { return q.Topic == counted.Topic })
		if i >= 0 && counted.Error == nil && counted.Exact {
			k.queues[i].Queue = counted
		}
	}
}

// Tally counts the letters that arrive from one report to the next, for who makes reports
// all the time. It is for one of them at a time.
type Tally struct {
	ends    map[string]offsets // of the report before
	letters map[string]lag.Int
}

func (t *Tally) since(topic string) offsets {
	if t == nil {
		return nil
	}
	return t.ends[topic]
}

// add takes in what a report has counted, and gives it what was counted in all. Of a topic
// that is new, counting begins here.
func (t *Tally) add(queues []queue) {
	if t == nil {
		return
	}
	if t.ends == nil {
		t.ends, t.letters = map[string]offsets{}, map[string]lag.Int{}
	}
	for i := range queues {
		q := &queues[i]
		if q.ends == nil {
			continue // the next report counts from where the last one that knew ended
		}
		t.letters[q.Topic] += max(0, q.tallied)
		q.tallied, t.ends[q.Topic] = t.letters[q.Topic], q.ends
	}
}
