package observe

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/lag"
)

// Source says where the times of consuming are from.
type Source string

// The sources.
const (
	FromCommits Source = "commits" // the times that Kafka keeps with commits
	// FromLooks is the time of the look that saw a commit first: a latency from it is too
	// long by up to the window.
	FromLooks Source = "looks"
)

// Latency is the time between producing a record and committing it as consumed, of the
// records that a group has committed last, one of each partition. The time of producing
// is the record's time stamp: the producer's, or the broker's where the topic is set so.
// The interval at which consumers commit is part of it.
type Latency struct {
	Source  Source
	Samples int
	Median  lag.Seconds // unknown without samples, as the others
	Max     lag.Seconds
	// Slowest is the partition of Max.
	Slowest lag.Position
	// Ahead counts records whose time stamps are later than their commits: the clocks of
	// producers and brokers differ, by MaxAhead at the most. They are no samples.
	Ahead    int
	MaxAhead lag.Seconds
}

// Latencies works out the latency of every group. One that has committed nothing new is
// in it without samples. An error means that no record can be read at all.
func (o *Observation) Latencies(ctx context.Context, cl *kgo.Client) (map[string]*Latency, error) {
	samples := map[string][]Commit{}
	var positions []lag.Position
	for name := range o.Activities {
		for _, c := range o.consumed(name) {
			samples[name] = append(samples[name], c)
			positions = append(positions, c.record())
		}
	}
	if len(positions) > lag.DefaultMaxPositions { // the newest tell enough
		positions = positions[:0]
		thin(samples, lag.DefaultMaxPositions)
		for _, commits := range samples {
			for _, c := range commits {
				positions = append(positions, c.record())
			}
		}
	}
	stamps, err := lag.Times(ctx, cl, positions)
	if err != nil {
		return nil, err
	}
	latencies := make(map[string]*Latency, len(o.Activities))
	for name := range o.Activities {
		latencies[name] = o.latency(o.Activities[name], samples[name], stamps)
	}
	return latencies, nil
}

// consumed lists what a group has committed anew, of each partition the newest.
func (o *Observation) consumed(group string) []Commit {
	if !o.History.Since.IsZero() {
		return slices.DeleteFunc(slices.Clone(o.Activities[group].Commits), func(c Commit) bool { return c.Offset <= 0 })
	}
	first, last := find(o.First, group), find(o.Last, group)
	if first == nil || last == nil {
		return nil
	}
	before := map[lag.Position]lag.Int{}
	for _, p := range first.Partitions {
		before[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p.Committed
	}
	var moved []Commit
	for _, p := range last.Partitions {
		was, known := before[lag.Position{Topic: p.Topic, Partition: p.Partition}]
		if known && p.Committed.Known() && p.Committed > max(0, was) {
			moved = append(moved, Commit{p.Topic, p.Partition, int64(p.Committed), o.Last.TakenAt})
		}
	}
	return moved
}

// record is the position of the last record that a commit says is consumed.
func (c Commit) record() lag.Position {
	return lag.Position{Topic: c.Topic, Partition: c.Partition, Offset: c.Offset - 1}
}

// thin leaves each group its newest commits, so that there are at most as many.
func thin(samples map[string][]Commit, most int) {
	each := max(1, most/len(samples))
	for name, commits := range samples {
		slices.SortFunc(commits, func(a, b Commit) int { return b.At.Compare(a.At) })
		samples[name] = commits[:min(each, len(commits))]
	}
}

// repeats tells whether a commit may be a repetition of one from before the history:
// consumers commit the same offset again and again. One that is beyond the first that
// was seen of its partition was made within it.
func (a *Activity) repeats(c Commit) bool {
	return !slices.ContainsFunc(a.First, func(first Commit) bool {
		return first.Topic == c.Topic && first.Partition == c.Partition && first.Offset < c.Offset
	})
}

func (o *Observation) latency(a *Activity, commits []Commit, stamps map[lag.Position]lag.Stamp) *Latency {
	l := &Latency{Source: FromLooks, Median: lag.UnknownSeconds(), Max: lag.UnknownSeconds(), MaxAhead: lag.UnknownSeconds()}
	if !o.History.Since.IsZero() {
		l.Source = FromCommits
	}
	var took []time.Duration
	for _, c := range commits {
		stamp := stamps[c.record()]
		switch between := c.At.Sub(stamp.Time); {
		case stamp.Err != nil || stamp.None || stamp.Offset >= c.Offset || stamp.Time.UnixMilli() < 0:
			// the record is gone, or it was a transaction's marker
		case l.Source == FromCommits && stamp.Time.Before(o.History.Since) && a.repeats(c):
			// its first time may be older than what was read
		case between < 0:
			l.Ahead++
			if ahead := lag.Seconds(-between.Seconds()); !(l.MaxAhead >= ahead) {
				l.MaxAhead = ahead
			}
		default:
			took = append(took, between)
			if s := lag.Seconds(between.Seconds()); !(l.Max >= s) {
				l.Max, l.Slowest = s, c.record()
			}
		}
	}
	if l.Samples = len(took); l.Samples > 0 {
		slices.Sort(took)
		l.Median = lag.Seconds(took[len(took)/2].Seconds())
	}
	return l
}
