package dispose

import (
	"context"
	"errors"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kadm"
)

// Split gives the first n letters of a plan as a plan of their own, and the rest as
// another. What the plan leaves out stays with the first.
func (p *Plan) Split(n int) (first, rest *Plan) {
	a, b := *p, *p
	a.chosen, b.chosen = selection{}, selection{}
	a.Planned, b.Planned = 0, 0
	_ = p.chosen.each(func(partition int32, offset int64) error {
		if a.Planned < int64(n) {
			a.chosen.add(partition, offset)
			a.Planned++
		} else {
			b.chosen.add(partition, offset)
			b.Planned++
		}
		return nil
	})
	a.Ranges, b.Ranges = a.chosen.ranges(), b.chosen.ranges()
	b.left, b.Refused, b.Skipped = nil, 0, 0
	return &a, &b
}

// Join adds the receipt of the second part of a plan.
func (r *Receipt) Join(rest *Receipt) {
	r.Planned += rest.Planned
	r.Done += rest.Done
	r.Parked += rest.Parked
	r.Skipped += rest.Skipped
	r.Failed += rest.Failed
	r.Interrupted = r.Interrupted || rest.Interrupted
	r.MoreItems += rest.MoreItems
	for _, item := range rest.Items {
		if len(r.Items) < MaxItems {
			r.Items = append(r.Items, item)
		} else {
			r.MoreItems++
		}
	}
	r.Elapsed += rest.Elapsed
}

// Watch looks for letters that come back after they were sent.
type Watch struct {
	reader *dlq.Reader
	topic  string
	from   map[int32]int64
}

// NewWatch begins at the present end of the plan's dead-letter topic: make it before
// the plan is applied.
func (p *Plan) NewWatch(ctx context.Context) (*Watch, error) {
	ends, err := kadm.NewClient(p.reader.Client).ListEndOffsets(ctx, p.Topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, err
	}
	w := &Watch{p.reader, p.Topic, map[int32]int64{}}
	ends.Each(func(o kadm.ListedOffset) { w.from[o.Partition] = o.Offset })
	return w, nil
}

// watchEvery is how often new letters are looked for.
const watchEvery = 500 * time.Millisecond

// For waits until one of the items comes back, and gives the new letter, or until the
// time is over, and gives nil. A letter has come back when it carries the item's replay
// id, or says that it came from where the item was sent to.
func (w *Watch) For(ctx context.Context, items []Item, length time.Duration) (*dlq.Letter, error) {
	ids, places := map[string]bool{}, map[dlq.Coordinates]bool{}
	for _, item := range items {
		if item.Target != nil {
			ids[item.ReplayID], places[*item.Target] = true, true
		}
	}
	var back *dlq.Letter
	look := func(l *dlq.Letter) error {
		w.from[l.Coordinates.Partition] = l.Coordinates.Offset + 1
		for _, h := range l.Headers {
			if h.Key == HeaderID && ids[string(h.Value)] {
				back = l
				return errEnough
			}
		}
		if o := l.Origin; o.Topic != nil && o.Partition != nil && o.Offset != nil && places[dlq.Coordinates{Topic: *o.Topic, Partition: *o.Partition, Offset: *o.Offset}] {
			back = l
			return errEnough
		}
		return nil
	}
	end := time.NewTimer(length)
	defer end.Stop()
	for over := false; ; {
		_, err := w.reader.Read(ctx, dlq.Query{Topic: w.topic, From: w.from}, look)
		switch {
		case back != nil:
			return back, nil
		case err != nil && !errors.Is(err, errEnough):
			return nil, err
		case over:
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-end.C:
			over = true // and look once more
		case <-time.After(watchEvery):
		}
	}
}
