package health

import (
	"context"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/lag"
)

const (
	minBetween = time.Second // samples cost a few requests each
	maxSamples = 60
)

// sampleOn takes samples over the window, once dead-letter topics are found. The window
// ends it; a sample that isn't complete by then is dropped.
func (k *collector) sampleOn(ctx context.Context, found <-chan struct{}) {
	if k.Window <= 0 {
		return
	}
	select {
	case <-found:
	case <-ctx.Done():
		return
	}
	tick := time.NewTicker(max(minBetween, k.Window/maxSamples))
	defer tick.Stop()
	for {
		s := k.sample(ctx)
		if ctx.Err() != nil {
			return
		}
		k.report.History = append(k.report.History, s)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sample looks once. Time lags are left out: they need records.
func (k *collector) sample(ctx context.Context) Sample {
	s := Sample{Lag: lag.Unknown, UnderReplicated: lag.Unknown, Rebalancing: lag.Unknown}
	if r, err := lag.Collect(ctx, k.Client, lag.Request{MaxPositions: -1, Now: k.Now}); err == nil {
		s.ofGroups(r)
	}
	if r, err := k.askReplicas(ctx); err == nil {
		s.UnderReplicated = r.UnderReplicated + r.Offline
	}
	s.Letters = k.total(k.listEnds(ctx))
	s.At = k.Now().UTC()
	return s
}

func (s *Sample) ofGroups(r *lag.Report) {
	s.Lag, s.Rebalancing = 0, 0
	for i := range r.Groups {
		if n := r.Groups[i].Lag; n.Known() {
			s.Lag += n
		}
		if observe.Rebalancing(r.Groups[i].State) {
			s.Rebalancing++
		}
	}
}

// total is how many offsets all dead-letter topics have; unknown where one of them is.
func (k *collector) total(ends map[string]offsets) (n lag.Int) {
	for i := range k.queues {
		sum := ends[k.queues[i].Topic].sum()
		if !sum.Known() {
			return lag.Unknown
		}
		n += sum
	}
	return n
}

// lastSample is what the report says itself.
func (k *collector) lastSample() {
	r := k.report
	s := Sample{
		At: r.TakenAt, Lag: lag.Unknown, Rebalancing: lag.Unknown, UnderReplicated: lag.Unknown,
	}
	if r.Replicas.Partitions.Known() {
		s.UnderReplicated = r.Replicas.UnderReplicated + r.Replicas.Offline
	}
	if r.Lag != nil {
		s.ofGroups(r.Lag)
	}
	for i := range r.Queues {
		if n := r.Queues[i].Written; n.Known() && s.Letters.Known() {
			s.Letters += n
		} else {
			s.Letters = lag.Unknown
		}
	}
	if r.unread[ofLetters] != "" {
		s.Letters = lag.Unknown
	}
	r.History = append(r.History, s)
}
