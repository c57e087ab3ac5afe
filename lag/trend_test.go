package lag_test

import (
	"math"
	"testing"
	"time"

	"github.com/evtctl/evtctl/lag"
)

// at is a report of one partition, seconds after noon.
func at(seconds int, committed, end lag.Int) *lag.Report {
	return &lag.Report{
		TakenAt: noon.Add(time.Duration(seconds) * time.Second),
		Groups: []lag.Group{{Name: "g", Members: 1, Lag: end - committed, Partitions: []lag.Partition{{
			Topic: "orders", Committed: committed, LogEnd: end, Lag: end - committed, MemberID: "m",
		}}}},
	}
}

// observe gives the last report's reasons.
func observe(trend *lag.Trend, reports ...*lag.Report) lag.Reasons {
	for _, r := range reports {
		trend.Observe(r)
		lag.Judge(r, lag.DefaultLimits)
	}
	return reports[len(reports)-1].Groups[0].Reasons
}

func TestStalledIsACommitThatStandsStillWhileTheEndMoves(t *testing.T) {
	for name, c := range map[string]struct {
		reports []*lag.Report
		want    lag.Reasons
	}{
		"still for long enough, the end moves": {[]*lag.Report{at(0, 5, 10), at(5, 5, 11), at(10, 5, 12)}, lag.Stalled},
		"the end moved at the beginning only":  {[]*lag.Report{at(0, 5, 10), at(5, 5, 11), at(10, 5, 11)}, lag.Stalled},
		"not for long enough":                  {[]*lag.Report{at(0, 5, 10), at(5, 5, 11), at(9, 5, 12)}, 0},
		"nothing arrives":                      {[]*lag.Report{at(0, 5, 10), at(5, 5, 10), at(10, 5, 10)}, 0},
		"the commit moves":                     {[]*lag.Report{at(0, 5, 10), at(5, 6, 11), at(10, 6, 12)}, 0},
		"nothing is left to read":              {[]*lag.Report{at(0, 10, 10), at(5, 10, 10), at(10, 10, 10)}, 0},
		"one look is no trend":                 {[]*lag.Report{at(0, 5, 10)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := observe(&lag.Trend{StallAfter: 10 * time.Second}, c.reports...); got != c.want {
				t.Errorf("reasons = %v, want %v", got.Names(), c.want.Names())
			}
		})
	}
}

func TestAPartitionThatNeverCommittedIsNotStalled(t *testing.T) {
	look := func(seconds int, end lag.Int) *lag.Report {
		r := at(seconds, 0, end)
		r.Groups[0].Partitions[0].Committed = lag.Unknown
		return r
	}
	if got := observe(&lag.Trend{}, look(0, 10), look(10, 20), look(20, 30)); got.Has(lag.Stalled) {
		t.Errorf("reasons = %v, want it not stalled: it stands nowhere", got.Names())
	}
}

func TestMovementMeasuresRatesAndTheTimeToDrain(t *testing.T) {
	for name, c := range map[string]struct {
		reports []*lag.Report
		in, out float64
		drain   time.Duration
	}{
		"catching up":    {[]*lag.Report{at(0, 0, 100), at(10, 30, 110)}, 1, 3, 40 * time.Second},
		"falling behind": {[]*lag.Report{at(0, 0, 100), at(10, 10, 130)}, 3, 1, -1},
		"keeping pace":   {[]*lag.Report{at(0, 0, 100), at(10, 10, 110)}, 1, 1, -1},
		"caught up":      {[]*lag.Report{at(0, 90, 100), at(10, 100, 100)}, 0, 1, 0},
		"a reset to the past is no negative rate": {[]*lag.Report{at(0, 90, 100), at(10, 0, 100)}, 0, 0, -1},
	} {
		t.Run(name, func(t *testing.T) {
			trend := &lag.Trend{}
			observe(trend, c.reports...)
			m := trend.Movement("g")
			if m.In != c.in || m.Out != c.out || m.Drain != c.drain {
				t.Errorf("movement = in %v, out %v, drain %v; want %v, %v, %v", m.In, m.Out, m.Drain, c.in, c.out, c.drain)
			}
		})
	}
	trend := &lag.Trend{}
	observe(trend, at(0, 0, 100))
	if m := trend.Movement("g"); !math.IsNaN(m.In) || !math.IsNaN(m.Out) || len(m.History) != 1 || m.History[0] != 100 {
		t.Errorf("after one report: %+v, want no rates and one point", m)
	}
}

func TestAHistoryIsBounded(t *testing.T) {
	trend := &lag.Trend{}
	for i := range 500 {
		trend.Observe(at(i, 0, lag.Int(i)))
	}
	if h := trend.Movement("g").History; len(h) != 60 || h[59] != 499 {
		t.Errorf("history has %d points and ends with %v; want 60 and 499", len(h), h[len(h)-1])
	}
}
