package orderflow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// Summary is what happened in a run.
type Summary struct {
	Version         int       `json:"version"` // of this document's form: 1
	StartedAt       time.Time `json:"started_at"`
	DurationSeconds float64   `json:"duration_seconds"`
	Seed            int64     `json:"seed"`
	Database        string    `json:"database"` // without its password
	// Placed are the orders that customers got, Refused those that they didn't get.
	Placed  int `json:"placed"`
	Refused int `json:"refused"`
	// What the database has, of all runs on it.
	Reserved int `json:"reserved"`
	Paid     int `json:"paid"`
	Refunded int `json:"refunded"`
	Shipped  int `json:"shipped"`
	Notified int `json:"notified"`
	// Duplicates are events that came again in this run, and were known.
	Duplicates  int            `json:"duplicates"`
	DeadLetters int            `json:"dead_letters"` // seen by the monitor
	Alerts      []Alert        `json:"alerts"`
	Totals      Totals         `json:"totals"` // of the orders that analytics has counted
	Topics      []TopicSummary `json:"topics"`
	Groups      []GroupSummary `json:"groups"`
}

// GroupSummary is what became of one consumer group. Handled and DeadLettered are this
// run's member's work; Lag is the whole group's.
type GroupSummary struct {
	Group        string `json:"group"`
	Handled      int    `json:"handled"`
	DeadLettered int    `json:"dead_lettered"`
	// Lag is how many records the group has not committed, as the cluster said
	// when the run had ended; nil when it didn't say, with LagUnknown why.
	Lag        *int64 `json:"lag"`
	LagUnknown string `json:"lag_unknown,omitempty"`
}

// summary says how things stand. It asks even when ctx has ended.
func (s *shop) summary(ctx context.Context, startedAt, start time.Time) *Summary {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
	defer cancel()
	sum := &Summary{
		Version: 1, StartedAt: startedAt.UTC(), DurationSeconds: time.Since(start).Seconds(), Seed: s.Seed,
		Database: store.Redact(s.db.URL()), Duplicates: int(s.duplicates.Load()), Totals: s.analytics.totals(), Topics: s.topics,
	}
	if s.customers != nil {
		sum.Placed, sum.Refused = int(s.customers.placed.Load()), int(s.customers.refused.Load())
	}
	sum.DeadLetters, sum.Alerts = s.monitor.seen()
	if counts, err := s.db.Count(ctx); err == nil {
		sum.Reserved, sum.Paid, sum.Refunded = int(counts.Reserved), int(counts.Charged), int(counts.Refunded)
		sum.Shipped, sum.Notified = int(counts.Shipped), int(counts.Notified)
	} else {
		s.Logger.Warn("counts unknown", "error", err)
	}
	sum.Groups = s.groups(ctx)
	return sum
}

func (s *shop) groups(ctx context.Context) []GroupSummary {
	lags, err := s.lags(ctx)
	list := []GroupSummary{}
	for _, service := range slices.Sorted(maps.Keys(s.consumers)) {
		consumer := s.consumers[service]
		stats := consumer.Stats()
		g := GroupSummary{Group: consumer.Group, Handled: int(stats.Handled), DeadLettered: int(stats.DeadLettered)}
		if err != nil {
			g.LagUnknown = fmt.Sprint(err)
		} else {
			lag := lags[consumer.Group]
			g.Lag = &lag
		}
		list = append(list, g)
	}
	return list
}
