package commands

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/twmb/franz-go/pkg/kadm"
)

// Windows of offsets: the first is small, so that something is there at once. The next
// are as wide as makes about a page, within bounds.
const (
	firstWindow  = 100
	widestWindow = 100_000
	fullPage     = 1000
)

// descent reads a topic from its end backwards, window by window.
type descent struct {
	b     *letterBrowser
	query dlq.Query
	extent
	width int64
	read  dlq.ReadResult // of all windows
	page  render.Page[letterRow]
}

// extent is what there is to read: offsets by partition, and what can't be read.
type extent struct {
	start, end map[int32]int64
	faults     []dlq.Fault
}

// open compiles a filter and reads the letters from the end of the topic on; within a
// window, the newest come first.
func (b *letterBrowser) open(ctx context.Context, filter string) (iter.Seq2[render.Page[letterRow], error], error) {
	q, err := b.query(filter)
	if err != nil {
		return nil, err
	}
	q.Order, q.Limit, q.Brief = dlq.Stream, 0, true
	return func(yield func(render.Page[letterRow], error) bool) {
		if err := b.descend(ctx, q, yield); err != nil {
			yield(render.Page[letterRow]{}, b.office.settings.Explain(err))
		}
	}, nil
}

func (b *letterBrowser) descend(ctx context.Context, q dlq.Query, yield func(render.Page[letterRow], error) bool) error {
	e, err := b.extent(ctx)
	if err != nil {
		return err
	}
	undecoded, _ := b.office.decoder.undecoded()
	d := &descent{b: b, query: q, extent: e, width: firstWindow}
	d.read.Faults = e.faults
	for p := range d.end {
		d.page.Total += d.end[p] - d.start[p]
	}
	for more := true; more; {
		if more, err = d.window(ctx); err != nil {
			return err
		}
		if !yield(d.page, nil) {
			return nil
		}
	}
	return d.incomplete(undecoded)
}

// window reads the next one, and tells whether there is more.
func (d *descent) window(ctx context.Context) (more bool, err error) {
	d.query.From, d.query.To = map[int32]int64{}, d.end
	for p := range d.end {
		d.query.From[p] = max(d.start[p], d.end[p]-d.width)
		d.page.Read += d.end[p] - d.query.From[p]
		more = more || d.query.From[p] > d.start[p]
	}
	d.page.Rows = nil
	if len(d.end) == 0 {
		return false, nil
	}
	read, err := d.b.office.Read(ctx, d.query, func(l *dlq.Letter) error { d.page.Rows = append(d.page.Rows, rowOf(l)); return nil })
	if err != nil {
		return false, err
	}
	d.read.Scanned += read.Scanned
	d.read.Faults = append(d.read.Faults, read.Faults...)
	d.read.WhereErrors += read.WhereErrors
	d.read.WhereError = cmp.Or(d.read.WhereError, read.WhereError)
	newestFirst(d.page.Rows)
	d.end = d.query.From
	d.width = min(widestWindow, max(firstWindow, d.width*fullPage/max(1, int64(len(d.page.Rows)))), 4*d.width)
	return more, nil
}

// incomplete gives the error of what the list lacks, for the screen to show.
func (d *descent) incomplete(undecodedBefore int64) error {
	if err := faulty(d.query.Topic, d.read.Faults, d.read.Scanned); err != nil {
		return err
	}
	if d.read.WhereErrors > 0 {
		return fmt.Errorf("the filter failed at %s, which are left out; the first: %w", plural(d.read.WhereErrors, "letter"), d.read.WhereError)
	}
	if n, first := d.b.office.decoder.undecoded(); n > undecodedBefore && d.query.Where != nil {
		return fmt.Errorf("%s keys and values could not be decoded for the filter; the first: %w", render.Count(n-undecodedBefore), first)
	}
	return nil
}

func newestFirst(rows []letterRow) {
	at := func(r letterRow) int64 {
		if r.timestamp == nil {
			return -1
		}
		return r.timestamp.UnixNano()
	}
	slices.SortStableFunc(rows, func(a, b letterRow) int {
		return cmp.Or(cmp.Compare(at(b), at(a)), cmp.Compare(a.at.Partition, b.at.Partition), cmp.Compare(b.at.Offset, a.at.Offset))
	})
}

// extent asks for the offsets that the wanted partitions have, up to the last that is
// committed.
func (b *letterBrowser) extent(ctx context.Context) (extent, error) {
	topic, adm := b.opts.Query.Topic, kadm.NewClient(b.office.client)
	e := extent{start: map[int32]int64{}, end: map[int32]int64{}}
	known, err := adm.ListTopics(ctx, topic)
	if err != nil {
		return e, err
	}
	if d := known[topic]; len(d.Partitions) == 0 {
		return e, &dlq.TopicNotFoundError{Topic: topic}
	}
	for _, p := range b.opts.Query.Partitions {
		if n := len(known[topic].Partitions); int(p) >= n {
			return e, &dlq.PartitionNotFoundError{Topic: topic, Partition: p, Partitions: n}
		}
	}
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return e, err
	}
	ends, err := adm.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return e, err
	}
	for _, d := range known[topic].Partitions.Sorted() {
		p := d.Partition
		if len(b.opts.Query.Partitions) > 0 && !slices.Contains(b.opts.Query.Partitions, p) {
			continue
		}
		start, _ := starts.Lookup(topic, p)
		end, _ := ends.Lookup(topic, p)
		if err := cmp.Or(d.Err, start.Err, end.Err); err != nil {
			e.faults = append(e.faults, dlq.Fault{Partition: p, From: start.Offset, To: max(start.Offset+1, end.Offset), Reason: err.Error()})
			continue
		}
		e.start[p], e.end[p] = start.Offset, max(start.Offset, end.Offset)
	}
	return e, nil
}
