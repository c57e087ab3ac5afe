package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Order is that in which letters are read.
type Order int

// The orders. A page is sorted by time stamps across partitions, and by offsets
// within one.
const (
	Stream Order = iota // as they come: in order within a partition only
	Oldest              // a page of the first letters
	Newest              // a page of the last
)

// MaxPage is the largest page.
const MaxPage = 10_000

// Query says which letters of a topic to read. Zero values leave a condition out.
type Query struct {
	Topic      string
	Partitions []int32
	// Since and Until compare with the time stamp of the record; Until is not in it.
	// A letter without a time stamp fits neither.
	Since, Until time.Time
	// From and To are offsets by partition; To is not in it.
	From, To    map[int32]int64
	Fingerprint string
	Where       *Where
	// Undisposed leaves out what has a disposition.
	Undisposed bool
	// Brief is for lists: of keys, classes and messages only the beginning is given, and
	// no values, headers, stack traces and problems.
	Brief bool
	// Limit is how many letters to give; a page needs it, at most [MaxPage].
	Limit int
	Order Order
}

// Reader reads letters. Its fields may be used by several goroutines at once, and so
// may the reader.
type Reader struct {
	Client   *kgo.Client
	Dialects Dialects // made by [NewDialects]
	// Open opens the dispositions of a topic; nil: letters have none.
	Open OpenDispositions
	// Decoder decodes keys and values that have a schema; nil: plain forms only.
	Decoder Decoder
	Now     func() time.Time // nil: time.Now
}

// ReadResult tells what was read.
type ReadResult struct {
	Scanned int64 // letters looked at
	Matched int64 // letters given
	// More says that reading ended at the limit, or at the bytes that a page may
	// have, before the end.
	More bool
	// Open is how many offsets at the ends of partitions are behind an open transaction,
	// and were not read.
	Open int64
	// Faults are what could not be read; never nil.
	Faults []Fault
	// WhereErrors counts the letters at which the query failed, which were left out,
	// and WhereError is the first such error.
	WhereErrors int64
	WhereError  error
}

// Read gives the committed letters that the query wants to visit, one at a time, up
// to where the topic ended when reading began. The letters are the caller's to keep.
// An error of visit ends reading and is returned. What can't be read is in the result's
// faults; Read itself fails with a [*TopicNotFoundError], for a query that makes no
// sense, and when the cluster can't be asked.
func (r *Reader) Read(ctx context.Context, q Query, visit func(*Letter) error) (*ReadResult, error) {
	if q.Order != Stream && (q.Limit <= 0 || q.Limit > MaxPage) {
		return nil, fmt.Errorf("a page of topic %q: its limit must be from 1 to %d", q.Topic, MaxPage)
	}
	t, err := describeOne(ctx, r.Client, q.Topic)
	if err != nil {
		return nil, err
	}
	f, err := r.filter(ctx, t, q)
	if err != nil {
		return nil, err
	}
	spans, err := spansOf(ctx, r.Client, t, q)
	if err != nil {
		return nil, err
	}
	s := newScanner(r.Client, t)
	for _, sp := range spans {
		if p := t.partitions[sp.partition]; p.err == nil {
			end := p.end
			if to, bounded := q.To[sp.partition]; bounded {
				end = min(end, to)
			}
			f.result.Open += max(0, end-max(p.stable, sp.from))
		}
	}
	if q.Order == Stream {
		err = f.stream(ctx, s, spans, visit)
	} else {
		err = f.page(ctx, s, spans, visit)
	}
	return f.finish(s), err
}

// spansOf is what to read of each partition.
func spansOf(ctx context.Context, cl *kgo.Client, t *topic, q Query) ([]span, error) {
	begin, err := beginnings(ctx, cl, t, q)
	if err != nil {
		return nil, err
	}
	for _, p := range q.Partitions {
		if p < 0 || int(p) >= len(t.partitions) {
			return nil, &PartitionNotFoundError{t.name, p, len(t.partitions)}
		}
	}
	var spans []span
	for i, p := range t.partitions {
		n := int32(i)
		if len(q.Partitions) > 0 && !slices.Contains(q.Partitions, n) {
			continue
		}
		sp := span{n, max(p.start, begin[n]), p.stable}
		if from, ok := q.From[n]; ok {
			sp.from = max(sp.from, from)
		}
		if to, ok := q.To[n]; ok {
			sp.to = min(sp.to, to)
		}
		spans = append(spans, sp)
	}
	return spans, nil
}

// filter chooses letters.
type filter struct {
	r            *Reader
	q            Query
	topic        *topic
	dispositions Dispositions

	scanned, whereErrors atomic.Int64
	large                sync.Mutex // of who asks jq about a large letter
	mu                   sync.Mutex
	whereError           error
	result               ReadResult
}

func (r *Reader) filter(ctx context.Context, t *topic, q Query) (*filter, error) {
	f := &filter{r: r, q: q, topic: t}
	if r.Open == nil {
		return f, nil
	}
	var err error
	if f.dispositions, err = r.Open(ctx, t.name, t.id); err != nil {
		return nil, fmt.Errorf("topic %q: what was done about its letters: %w", t.name, err)
	}
	return f, nil
}

func (f *filter) finish(s *scanner) *ReadResult {
	f.result.Scanned, f.result.WhereErrors, f.result.WhereError = f.scanned.Load(), f.whereErrors.Load(), f.whereError
	f.result.Faults = sortedFaults(s.faults)
	return &f.result
}

func sortedFaults(faults []Fault) []Fault {
	slices.SortFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.From, b.From))
	})
	return orEmpty(faults)
}

// match gives those of the records that are wanted, as letters.
func (f *filter) match(ctx context.Context, recs []*kgo.Record) []*Letter {
	f.scanned.Add(int64(len(recs)))
	p := f.r.Dialects.parser()
	defer p.done()
	var letters []*Letter
	var lean Letter
	for _, rec := range recs {
		if l := f.letter(ctx, p, &lean, rec); l != nil {
			letters = append(letters, l)
		}
	}
	if f.detaches(recs, letters) {
		for _, l := range letters {
			l.Detach()
		}
	}
	return letters
}

// detaches tells whether letters are to be given without the rest of what was read: those
// of a page are kept, and those of which there are few would keep much more than they are.
func (f *filter) detaches(recs []*kgo.Record, letters []*Letter) bool {
	if f.q.Brief || len(recs) == 1 && recordBytes(recs[0]) >= smallBatch {
		return false
	}
	if f.q.Order != Stream || len(letters) == 0 || len(letters) == len(recs) {
		return f.q.Order != Stream
	}
	all, kept := 0, 0
	for _, rec := range recs {
		all += recordBytes(rec)
	}
	for _, l := range letters {
		kept += l.size()
	}
	return kept*2 < all
}

// letter gives nil for a record that isn't wanted. It is read as a lean letter first,
// with only what is needed to tell.
func (f *filter) letter(ctx context.Context, p *parser, lean *Letter, rec *kgo.Record) *Letter {
	d, ok := f.wanted(ctx, p, lean, rec)
	if !ok {
		return nil
	}
	l := new(Letter)
	if f.q.Brief {
		p.parse(l, rec, everything&^(wantHeaders|wantProblems|1<<causeStack))
		l.shorten()
	} else {
		p.parse(l, rec, everything)
	}
	l.Disposition, l.ExpiresAt = d, f.topic.retention.expires(l.Timestamp)
	if f.q.Brief {
		return l
	}
	if f.q.Where != nil && f.q.Where.needs("decoded") {
		l.Decoded = lean.Decoded
	}
	return l
}

// wanted tells whether a record is, and gives its disposition. The cheap conditions
// come first.
func (f *filter) wanted(ctx context.Context, p *parser, lean *Letter, rec *kgo.Record) (d *Disposition, ok bool) {
	if !f.inTime(rec.Timestamp) {
		return nil, false
	}
	if f.dispositions != nil {
		d = f.dispositions.Of(Coordinates{rec.Topic, rec.Partition, rec.Offset})
		if d != nil && f.q.Undisposed {
			return nil, false
		}
	}
	if f.q.Fingerprint != "" {
		if p.parse(lean, rec, wantFingerprint); lean.Cause.Fingerprint != f.q.Fingerprint {
			return nil, false
		}
	}
	return d, f.q.Where == nil || f.where(ctx, p, lean, rec, d)
}

// where asks the query, about a letter with what it looks at.
func (f *filter) where(ctx context.Context, p *parser, lean *Letter, rec *kgo.Record, d *Disposition) bool {
	w := f.q.Where
	look := func(wants wants) {
		p.parse(lean, rec, wants)
		if lean.Disposition = d; wants&wantTimes != 0 {
			lean.ExpiresAt = f.topic.retention.expires(lean.Timestamp)
		}
	}
	if w.plain != nil {
		look(w.plainWants)
		if v, ok := w.plain(lean); ok {
			return truth(v)
		}
	}
	look(w.wants)
	if w.needs("decoded") {
		lean.Decode(ctx, f.r.Decoder, rec.Headers)
	}
	if len(rec.Key)+len(rec.Value) > handOver { // as a tree it is many times as large
		f.large.Lock()
		defer f.large.Unlock()
	}
	ok, err := w.jq(ctx, lean)
	if err != nil {
		f.failed(lean, err)
	}
	return ok && err == nil
}

func (f *filter) inTime(at time.Time) bool {
	if !f.q.Since.IsZero() && at.Before(f.q.Since) {
		return false
	}
	return f.q.Until.IsZero() || timeOf(at) != nil && at.Before(f.q.Until)
}

func (f *filter) failed(l *Letter, err error) {
	f.whereErrors.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.whereError == nil {
		f.whereError = fmt.Errorf("%s: %w", l.Coordinates, err)
	}
}

// errLimit ends all reading.
var errLimit = errors.New("the limit is reached")

func (f *filter) stream(ctx context.Context, s *scanner, spans []span, visit func(*Letter) error) error {
	err := scan(ctx, s, spans, func(recs []*kgo.Record) []*Letter { return f.match(ctx, recs) },
		func(_ span, letters []*Letter) error {
			for _, l := range letters {
				if f.q.Limit > 0 && f.result.Matched == int64(f.q.Limit) {
					f.result.More = true
					return errLimit
				}
				f.result.Matched++
				if err := visit(l); err != nil {
					return err
				}
			}
			return nil
		})
	if errors.Is(err, errLimit) {
		return nil
	}
	return err
}
