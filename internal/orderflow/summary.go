package orderflow

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Summary is what happened in a run.
type Summary struct {
	Version         int            `json:"version"` // of this document's form: 1
	StartedAt       time.Time      `json:"started_at"`
	DurationSeconds float64        `json:"duration_seconds"`
	Seed            int64          `json:"seed"`
	Placed          int            `json:"placed"` // orders whose event the brokers acknowledged
	Reserved        int            `json:"reserved"`
	Notified        int            `json:"notified"`
	Counted         int            `json:"counted"`
	Totals          Totals         `json:"totals"` // of the orders counted
	Topics          []TopicSummary `json:"topics"`
	Groups          []GroupSummary `json:"groups"`
}

// GroupSummary is what became of one consumer group. Handled and Skipped are this
// run's member's work, whichever run placed the orders; Lag is the whole group's.
type GroupSummary struct {
	Group    string `json:"group"`
	Topic    string `json:"topic"`
	ClientID string `json:"client_id"`
	Handled  int    `json:"handled"`
	Skipped  int    `json:"skipped"` // records on the topic that are no orders
	// Lag is how many records the group has not committed, as the cluster said
	// when the run had ended; nil when it didn't say, with LagUnknown why.
	Lag        *int64 `json:"lag"`
	LagUnknown string `json:"lag_unknown,omitempty"`
}

// summary says how things stand. It asks the cluster for the lag even when ctx
// has ended, but not when the cluster was lost.
func (f *flow) summary(ctx context.Context, topics []TopicSummary) *Summary {
	s := &Summary{
		Version: 1, StartedAt: f.startedAt.UTC(), Seed: f.Seed,
		Totals: Totals{ByTier: map[string]int{}},
		Topics: append([]TopicSummary{}, topics...),
		Groups: []GroupSummary{},
	}
	if f.analytics != nil {
		p := f.progress()
		f.Progress(p)
		s.Placed, s.Reserved, s.Notified, s.Counted = p.Placed, p.Reserved, p.Notified, p.Counted
		s.Totals = f.analytics.totals()
		s.Groups = f.groups(ctx)
	}
	s.DurationSeconds = time.Since(f.start).Seconds()
	return s
}

func (f *flow) progress() Progress {
	return Progress{
		Placed:   f.orders.published().placed,
		Reserved: int(f.inventory.handled.Load()),
		Notified: int(f.notification.handled.Load()),
		Counted:  int(f.analytics.handled.Load()),
		Elapsed:  time.Since(f.start),
	}
}

func (f *flow) groups(ctx context.Context) []GroupSummary {
	members := []*member{f.inventory.member, f.notification.member, f.analytics.member}
	topic := f.orders.topic
	lags, err := f.lags(ctx, topic, members)
	var groups []GroupSummary
	for _, m := range members {
		g := GroupSummary{
			Group: m.group, Topic: topic, ClientID: m.clientID,
			Handled: int(m.handled.Load()), Skipped: int(m.skipped.Load()),
		}
		if err != nil {
			g.LagUnknown = err.Error()
		} else {
			lag := lags[m.group]
			g.Lag = &lag
		}
		groups = append(groups, g)
	}
	return groups
}

// lags asks the cluster for each group's lag in a topic.
func (f *flow) lags(ctx context.Context, topic string, members []*member) (map[string]int64, error) {
	if cause := context.Cause(f.life); cause != nil {
		return nil, cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.Timeout)
	defer cancel()
	var names []string
	for _, m := range members {
		names = append(names, m.group)
	}
	// The committed offsets first: what is written meanwhile is lag, and no group
	// can seem to be ahead of the end.
	committed, err := committedOffsets(ctx, f.admin, topic, names...)
	if err != nil {
		return nil, err
	}
	starts, err := f.admin.ListStartOffsets(ctx, topic)
	if err := firstError(starts, err); err != nil {
		return nil, fmt.Errorf("start offsets of topic %q: %w", topic, err)
	}
	ends, err := f.admin.ListEndOffsets(ctx, topic)
	if err := firstError(ends, err); err != nil {
		return nil, fmt.Errorf("end offsets of topic %q: %w", topic, err)
	}
	lags := make(map[string]int64, len(names))
	for _, name := range names {
		for partition, end := range ends[topic] {
			from := max(committed[name][partition], starts[topic][partition].Offset)
			lags[name] += max(0, end.Offset-from)
		}
	}
	return lags, nil
}

func firstError(offsets kadm.ListedOffsets, err error) error {
	if err != nil {
		return err
	}
	return offsets.Error()
}
