package replay

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// A cut by time is clean when everything behind it is of that time or later. Nothing
// in a broker's answers tells that: the first record of a time or later is found, and
// an older one may follow. So a stretch behind each cut is read.
const (
	lookRecords    = 500       // behind each cut
	lookPartitions = 100       // of a plan, in its order
	lookBytes      = 256 << 10 // of one fetch
	lookExamples   = 5
)

// Looked is what was seen in the records right behind the new offsets. It proves what
// it lists, and nothing of what wasn't looked at.
type Looked struct {
	Partitions    int   `json:"partitions"`         // that were looked at
	NotLookedAt   int   `json:"not_looked_at"`      // that have records there, too
	PerPartition  int   `json:"records_per_cut"`    // at most
	Records       int64 `json:"records"`            // that were seen
	EarlierTotal  int64 `json:"earlier"`            // behind a cut by time, and older than it
	DuplicateIDs  int64 `json:"duplicate_ids"`      // with an event id that another one had
	WithoutID     int64 `json:"without_id"`         // records without an event id
	EarlierSample []At  `json:"earlier_examples"`   // a few
	DuplicateSeen []At  `json:"duplicate_examples"` // a few
	// Unread are the partitions that couldn't be read, with why.
	Unread []string `json:"unread"`
}

// At is a record's place and time.
type At struct {
	Coordinates string    `json:"coordinates"` // topic:partition:offset
	Time        time.Time `json:"time"`
}

func at(r *kgo.Record) At {
	return At{fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset), r.Timestamp.UTC()}
}

// Look reads a bounded stretch behind each of the plan's new offsets: it adds the time
// of the record there, and warnings in the plan of what it can prove, which is a cut
// that isn't clean and event ids that are there twice. idHeader is the header with a
// record's event id. The plan's Looked says what was looked at, and what wasn't.
func (p *Plan) Look(ctx context.Context, cl *kgo.Client, idHeader string) error {
	l := &look{plan: p, idHeader: idHeader, ids: map[string]bool{}}
	l.seen = &Looked{PerPartition: lookRecords, EarlierSample: []At{}, DuplicateSeen: []At{}, Unread: []string{}}
	var topics []string
	var moves []*Move
	for i := range p.Moves {
		if m := &p.Moves[i]; !m.AtEnd && !m.Uncommit {
			topics, moves = append(topics, m.Topic), append(moves, m)
		}
	}
	l.seen.NotLookedAt = max(0, len(moves)-lookPartitions)
	moves = moves[:len(moves)-l.seen.NotLookedAt]
	if len(moves) > 0 {
		slices.Sort(topics)
		reader, err := newSpanReader(ctx, cl, lookBytes, slices.Compact(topics)...)
		if err != nil {
			return fmt.Errorf("looking at the records to replay: %w", err)
		}
		l.reader = reader
	}
	var eg errgroup.Group
	eg.SetLimit(8)
	for _, m := range moves {
		eg.Go(func() error { return l.at(ctx, m) })
	}
	if err := eg.Wait(); err != nil {
		return fmt.Errorf("looking at the records to replay: %w", err)
	}
	l.conclude()
	return nil
}

// look gathers what is seen.
type look struct {
	plan     *Plan
	reader   *spanReader
	idHeader string

	mu   sync.Mutex
	ids  map[string]bool
	seen *Looked
}

// at looks at one partition.
func (l *look) at(ctx context.Context, m *Move) error {
	to := m.LogEnd
	if m.UntilOffset != nil {
		to = *m.UntilOffset
	}
	n := 0
	_, err := l.reader.read(ctx, span{partition{m.Topic, m.Partition}, m.NewOffset, to}, func(r *kgo.Record) error {
		l.record(m, r)
		if n++; n >= lookRecords {
			return errEnough
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Partitions++
	if err != nil {
		l.seen.Unread = append(l.seen.Unread, err.Error())
	}
	return nil
}

func (l *look) record(m *Move, r *kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seen
	s.Records++
	if r.Offset == m.NewOffset && m.NewTime == nil {
		t := r.Timestamp.UTC()
		m.NewTime = &t
	}
	if m.CutTime != nil && r.Timestamp.Before(*m.CutTime) {
		s.EarlierTotal++
		s.EarlierSample = append(s.EarlierSample, at(r))
	}
	switch id, ok := eventID(r, l.idHeader); {
	case !ok:
		s.WithoutID++
	case l.ids[string(id)]:
		s.DuplicateIDs++
		s.DuplicateSeen = append(s.DuplicateSeen, at(r))
	default:
		l.ids[string(id)] = true
	}
}

// eventID is the value of the first header of that name; ok is false for one that is
// missing or empty.
func eventID(r *kgo.Record, header string) (id []byte, ok bool) {
	for i := range r.Headers {
		if h := &r.Headers[i]; h.Key == header {
			return h.Value, len(h.Value) > 0
		}
	}
	return nil, false
}

// conclude sorts what was seen, as partitions are read side by side, and words it.
func (l *look) conclude() {
	s := l.seen
	slices.Sort(s.Unread)
	s.EarlierSample, s.DuplicateSeen = few(s.EarlierSample), few(s.DuplicateSeen)
	l.plan.Looked = s
	warn := func(format string, args ...any) {
		l.plan.Warnings = append(l.plan.Warnings, fmt.Sprintf(format, args...))
	}
	if s.EarlierTotal > 0 {
		warn("the cut isn't clean: %d of the %d records looked at are older than it although they follow it, such as %s of %s",
			s.EarlierTotal, s.Records, s.EarlierSample[0].Coordinates, s.EarlierSample[0].Time.Format(time.RFC3339))
	}
	if s.DuplicateIDs > 0 {
		warn("of the %d records looked at, %d have the %s of another one, such as %s",
			s.Records, s.DuplicateIDs, l.idHeader, s.DuplicateSeen[0].Coordinates)
	}
	for _, reason := range s.Unread {
		warn("not looked at: %s", reason)
	}
}

func few(list []At) []At {
	slices.SortFunc(list, func(a, b At) int { return a.compare(b) })
	return list[:min(len(list), lookExamples)]
}

// compare puts places in an order that doesn't change.
func (a At) compare(b At) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	return slices.Compare([]byte(a.Coordinates), []byte(b.Coordinates))
}
