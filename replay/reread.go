package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Reread is what a group has met of event ids that are there twice, in what it has read
// again so far.
type Reread struct {
	IDHeader string `json:"id_header"`
	// Since is the position from where on it was looked, or "plan".
	Since   string `json:"since"`
	Records int64  `json:"records"`
	// Duplicates are records with an event id that a record before had.
	Duplicates Finding `json:"duplicate_ids"`
	// WithoutID are records that have no event id: whether they are there twice isn't
	// known.
	WithoutID     Finding `json:"without_id"`
	NotRemembered int64   `json:"not_remembered"` // ids that came after memory was full
	// Left is how many offsets weren't looked at, as MaxRecords or MaxTime ended it, or
	// as they couldn't be read; Unread says of the latter why.
	Left   int64    `json:"not_looked_at"`
	Unread []string `json:"unread"`
}

// CountDuplicates reads what the group has read again so far, and counts the event ids
// that were there twice, each topic by itself. It begins where plan did; without a plan
// at req.From, or at the log's start when that is nil: once a consumer has committed,
// the cluster doesn't know any more where it began. Topic, Partitions, Group and Until
// of req mean nothing.
func (s *Status) CountDuplicates(ctx context.Context, cl *kgo.Client, r Reader, plan *Plan, req CheckRequest) error {
	if plan != nil && plan.Group != s.Group {
		return askedf("leave --plan out, or give the plan that was applied", "the plan is for group %q, and not for group %q", plan.Group, s.Group)
	}
	seen := &Reread{
		IDHeader: cmp.Or(req.IDHeader, DefaultIDHeader), Since: "start", Unread: []string{},
		Duplicates: Finding{Examples: []Repeat{}}, WithoutID: Finding{Examples: []Repeat{}},
	}
	switch {
	case plan != nil:
		seen.Since = "plan"
	case req.From != nil:
		seen.Since = req.From.String()
	}
	spans, err := s.reread(ctx, r, plan, req)
	if err != nil {
		return fmt.Errorf("counting what group %q has read twice: %w", s.Group, err)
	}
	req.idsOnly, req.began = true, time.Now()
	for _, topic := range s.topics() {
		req.Topic, req.taken = topic, seen.Records
		if err := seen.topic(ctx, cl, req, spans[topic]); err != nil {
			return fmt.Errorf("counting what group %q has read twice: %w", s.Group, err)
		}
	}
	s.Duplicates = seen
	return nil
}

// reread works out, by topic, what the group has read again.
func (s *Status) reread(ctx context.Context, r Reader, plan *Plan, req CheckRequest) (map[string][]span, error) {
	planned := map[partition]int64{}
	if plan != nil {
		req.From = nil
		for _, m := range plan.Moves {
			planned[partition{m.Topic, m.Partition}] = m.NewOffset
		}
	}
	stands, spans := map[partition]int64{}, map[string][]span{}
	for _, p := range s.Partitions {
		stands[partition{p.Topic, p.Partition}] = p.Offset
	}
	for _, topic := range s.topics() {
		ask := CheckRequest{Topic: topic, From: req.From, Now: req.Now}
		err := req.bounded(ctx, func(ctx context.Context) error {
			all, err := checkSpans(ctx, r, ask)
			for _, at := range all {
				offset, ok := stands[at.partition]
				if start, told := planned[at.partition]; plan != nil && told {
					at.from = max(at.from, start)
				} else if plan != nil {
					ok = false // not of the plan
				}
				if at.to = min(at.to, offset); ok && at.from < at.to {
					spans[topic] = append(spans[topic], at)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return spans, nil
}

// topics are those of the status, each once and sorted, as its partitions are.
func (s *Status) topics() []string {
	var names []string
	for _, p := range s.Partitions {
		names = append(names, p.Topic)
	}
	return slices.Compact(names)
}

// topic adds what is there twice in one topic.
func (d *Reread) topic(ctx context.Context, cl *kgo.Client, req CheckRequest, spans []span) error {
	if len(spans) == 0 {
		return nil
	}
	k, err := checkRecords(ctx, cl, req, spans)
	if err != nil {
		return err
	}
	for _, s := range k.Spans {
		d.Left += s.To - s.Reached
		if s.Error != "" {
			d.Unread = append(d.Unread, s.Error)
		}
	}
	d.Records += k.Records
	d.NotRemembered += k.NotRemembered
	d.Duplicates.join(k.Duplicates)
	d.WithoutID.join(k.WithoutID)
	return nil
}

// join adds the findings of another topic.
func (f *Finding) join(g Finding) {
	f.Count += g.Count
	f.Examples = append(f.Examples, g.Examples[:min(len(g.Examples), findingExamples-len(f.Examples))]...)
}
