package timeline

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/dlq"
)

// report is the story as far as records tell it.
func (s *search) report(start time.Time) *Report {
	now := s.Now()
	r := &Report{
		Version: ReportVersion, ID: s.q.ID, TakenAt: now.UTC(), Window: Window{timeOf(s.q.Since), timeOf(s.q.Until)},
		Followed: []Link{}, Events: []Event{}, Missing: []Missing{},
		Searched: Searched{Bytes: s.bytes.Load(), Seconds: now.Sub(start).Seconds(), Topics: []Topic{}},
	}
	found := map[string]int{}
	if s.finds != nil {
		r.Events = arrange(s.finds.sorted())
		r.Undecided, r.Parts = s.finds.undecided, s.finds.parts.Load()
		for _, l := range slices.SortedFunc(maps.Values(s.finds.links), byKind) {
			r.Followed = append(r.Followed, *l)
		}
	}
	if s.finds != nil && s.finds.left > 0 {
		s.note("%d more records have ids that were followed, and not the id itself; a report has at most %d such", s.finds.left, s.MaxLinked)
	}
	if r.Undecided.Examples == nil {
		r.Undecided.Examples = []dlq.Coordinates{}
	}
	slices.SortFunc(r.Undecided.Examples, func(a, b dlq.Coordinates) int { return strings.Compare(a.String(), b.String()) })
	for i := range r.Events {
		found[r.Events[i].Topic]++
	}
	for _, t := range s.topics {
		read := Topic{Name: t.name, Kind: t.kind, Partitions: len(t.partitions), PartitionsRead: len(s.counts[t]), Found: found[t.name], AppendTime: t.appendTime}
		for _, n := range s.counts[t] {
			read.Records += n
		}
		r.Searched.Records += read.Records
		r.Searched.Topics = append(r.Searched.Topics, read)
	}
	return r
}

func byKind(a, b *Link) int {
	order := []Kind{Trace, Correlation, Key, EventID}
	return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), strings.Compare(a.ID, b.ID))
}

// enrich asks for what records don't tell: who has read them, and what became of letters.
func (s *search) enrich(ctx context.Context, r *Report) error {
	if err := s.passages(ctx, r); err != nil {
		return err
	}
	return s.dispositions(ctx, r)
}

// conclude says what is missing, and what the answer doesn't cover.
func (s *search) conclude(r *Report, err error) {
	r.Interrupted = err != nil
	if !r.Interrupted { // else what is missing may only not have been read yet
		s.missing(r)
	}
	var open int64
	for _, t := range s.topics {
		for i := range t.partitions {
			open += t.partitions[i].open
		}
	}
	if open > 0 {
		s.note("an open transaction holds back %d offsets at the ends of partitions, which were not read", open)
	}
	r.Notes = s.notes
	r.Unread = append([]Unread{}, s.gaps...)
	slices.SortFunc(r.Unread, func(a, b Unread) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.From, b.From))
	})
}
