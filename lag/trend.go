package lag

import (
	"math"
	"time"
)

var nan = math.NaN()

// Movement is how a group moved over the reports a [Trend] has seen.
type Movement struct {
	In  float64 // records a second written to its partitions; NaN before the second report
	Out float64 // records a second committed by it; NaN before the second report
	// Drain is how long the group needs to catch up at these rates: zero when there
	// is nothing to catch up, negative when it never will.
	Drain   time.Duration
	History []float64 // its lag in each report, oldest first, NaN where unknown
}

// Trend follows groups from report to report. It is not safe for concurrent use.
type Trend struct {
	// StallAfter is how long a commit must stand still, while the end moves, to be
	// stalled. Consumers commit every five seconds by default, so less than that
	// makes stalls of nothing.
	StallAfter time.Duration

	stands map[partitionKey]stand
	groups map[string]*groupTrend
	last   time.Time
}

// historyLength is how many reports a group's history and rates reach back.
const historyLength = 60

// ratePoints is how many reports back the rates are measured over: long enough to
// even out that consumers commit in steps.
const ratePoints = 6

// stand is since when a partition's commit is where it is.
type stand struct {
	committed, end Int // end: when the commit got there
	since          time.Time
	seen           Int // the end in the last report
}

type groupTrend struct {
	history []float64
	points  []point
}

// point is what moved in a group between two reports.
type point struct {
	in, out float64
	took    time.Duration
}

// Observe takes a report in and marks in it the partitions that are stalled, for
// [Judge] to see. Reports must come in the order of their times.
func (t *Trend) Observe(r *Report) {
	now := r.taken // the monotonic clock's: a clock set back must not hide a stall
	if now.IsZero() {
		now = r.TakenAt
	}
	stands, groups := make(map[partitionKey]stand, len(t.stands)), map[string]*groupTrend{}
	for i := range r.Groups {
		g := &r.Groups[i]
		var moved point
		for j := range g.Partitions {
			p := &g.Partitions[j]
			k := partitionKey{g.Name, p.Topic, p.Partition}
			if !p.LogEnd.Known() {
				continue
			}
			at := stand{committed: p.Committed, end: p.LogEnd, since: now, seen: p.LogEnd}
			if before, ok := t.stands[k]; ok {
				moved.in += float64(max(0, p.LogEnd-before.seen))
				if p.Committed.Known() && before.committed.Known() {
					moved.out += float64(max(0, p.Committed-before.committed))
				}
				if p.Committed == before.committed {
					at.end, at.since = before.end, before.since
				}
			}
			stands[k] = at
			p.stalled = p.Committed.Known() && p.Lag.Known() && p.Lag > 0 &&
				p.LogEnd > at.end && now.Sub(at.since) >= t.StallAfter && now.After(at.since)
		}
		groups[g.Name] = t.follow(g, moved, now)
	}
	t.stands, t.groups, t.last = stands, groups, now
}

// follow adds a look at a group to what is known of it.
func (t *Trend) follow(g *Group, moved point, at time.Time) *groupTrend {
	gt := t.groups[g.Name]
	if gt == nil {
		gt = &groupTrend{}
	} else if moved.took = at.Sub(t.last); moved.took > 0 {
		gt.points = lastOf(append(gt.points, moved), ratePoints)
	}
	lag := nan
	if g.Lag.Known() {
		lag = float64(g.Lag)
	}
	gt.history = lastOf(append(gt.history, lag), historyLength)
	return gt
}

func lastOf[T any](s []T, n int) []T { return s[max(0, len(s)-n):] }

// Movement tells how the group moved, up to the report observed last.
func (t *Trend) Movement(group string) Movement {
	gt := t.groups[group]
	if gt == nil {
		return Movement{In: nan, Out: nan, Drain: -1}
	}
	m := Movement{In: nan, Out: nan, History: gt.history}
	var sum point
	for _, p := range gt.points {
		sum.in, sum.out, sum.took = sum.in+p.in, sum.out+p.out, sum.took+p.took
	}
	if sum.took > 0 {
		m.In, m.Out = sum.in/sum.took.Seconds(), sum.out/sum.took.Seconds()
	}
	m.Drain = drain(gt.history[len(gt.history)-1], m.Out-m.In)
	return m
}

// drain is the time to work off lag at a rate of net records a second.
func drain(lag, net float64) time.Duration {
	if lag == 0 {
		return 0
	}
	seconds := lag / net
	if !(net > 0) || !(seconds < float64(1<<62)/float64(time.Second)) {
		return -1
	}
	return time.Duration(seconds * float64(time.Second))
}
