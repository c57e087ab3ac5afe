package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// growth is how many records a lag must grow by over a window to be growing.
const growth = 100

// lags finds groups that get further and further behind, those that have lost records
// to retention already, and those that are about to.
func (e *examination) lags() {
	if e.seen == nil {
		return
	}
	lag.Judge(e.seen.Last, e.req.Limits)
	for i := range e.seen.Last.Groups {
		g := &e.seen.Last.Groups[i]
		if observe.Own(g.Name) {
			continue
		}
		e.lost(g)
		e.expiring(g)
		if g.Members > 0 && !e.d.has(g.Name, StuckRecord, RebalanceLoop, StartedAtEnd, OpenTransaction) {
			e.behind(g)
		}
	}
	e.tellBehind()
}

// tellBehind makes one finding of all groups that are behind: more came in than they could
// take.
func (e *examination) tellBehind() {
	if len(e.slow) == 0 {
		return
	}
	slices.SortStableFunc(e.slow, func(a, b Finding) int { return int(b.Verdict) - int(a.Verdict) })
	all := e.slow[0]
	if n := len(e.slow); n > 1 {
		all.Summary += fmt.Sprintf("; %s, too", count(int64(n-1), "more is behind", "more are behind"))
		all.Evidence = nil
		for _, f := range e.slow {
			all.Evidence = append(all.Evidence, f.Summary)
			all.Evidence = append(all.Evidence, f.Evidence...)
		}
		all.Groups, all.Commands = nil, nil
		for _, f := range e.slow {
			all.Groups, all.Commands = append(all.Groups, f.Groups...), append(all.Commands, f.Commands[0])
		}
	}
	e.d.find(all)
}

// flow is what came and what was read over the window.
func (e *examination) flow(g *lag.Group) (before, in, out float64) {
	was := e.before(g.Name)
	for i := range g.Partitions {
		p := &g.Partitions[i]
		first := was[lag.Position{Topic: p.Topic, Partition: p.Partition}]
		if first == nil || !first.Lag.Known() || !p.Lag.Known() {
			continue
		}
		before += float64(first.Lag)
		in += float64(p.LogEnd - first.LogEnd)
		out += float64(p.LogEnd-first.LogEnd) - float64(p.Lag-first.Lag)
	}
	return before, in, out
}

func (e *examination) behind(g *lag.Group) {
	seconds := e.seen.Window().Seconds()
	before, in, out := e.flow(g)
	// Between two commits every lag grows. Where a broker is missing, who reads gets behind
	// for that reason, and catches up after.
	growing := in-out >= growth && in-out >= before/10 && g.TimeLag.Known() && g.TimeLag.Duration() > commitInterval+time.Second &&
		!e.d.has("", Unreachable, Offline, UnderReplicated)
	over := g.Reasons.Has(lag.OverWarning) || g.Reasons.Has(lag.OverCritical) || g.Reasons.Has(lag.OverTimeLag)
	if !g.Lag.Known() || seconds == 0 || !growing && !over {
		return
	}
	f := Finding{
		Cause: FallingBehind, Verdict: lag.Warning, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("group %q is %s behind", g.Name, count(int64(g.Lag), "record", "records")),
		Evidence: []string{fmt.Sprintf("%.0f records/s came in and it read %.0f/s, over %s", in/seconds, out/seconds, e.seen.Window().Round(100*time.Millisecond))},
		Commands: []shell.Command{{"lag", "watch", "--group", g.Name}, {"lag", "--group", g.Name}},
	}
	if g.Reasons.Has(lag.OverCritical) || g.Reasons.Has(lag.OverTimeLag) {
		f.Verdict = lag.Critical
	}
	if growing {
		f.Summary += ", and gets further behind"
	} else if out > in {
		f.Evidence = append(f.Evidence, fmt.Sprintf("it catches up: at this pace it has read everything in %s", time.Duration(float64(g.Lag)/(out-in)*seconds*float64(time.Second)).Round(time.Second)))
	}
	if g.TimeLag.Known() {
		f.Evidence = append(f.Evidence, "the oldest record that it hasn't read is "+g.TimeLag.Duration().Round(time.Second).String()+" old")
	}
	if held, members := holders(g); members >= held && held > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("more members won't help: it has %d, and %d partitions to share", members, held))
	} else if members > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s for %d partitions: up to as many members can work at once", count(int64(members), "member", "members"), held))
	}
	e.slow = append(e.slow, f)
}

// holders counts the partitions that are held, and the members that hold any.
func holders(g *lag.Group) (partitions, members int) {
	ids := map[lag.Text]bool{}
	for _, p := range g.Partitions {
		if p.MemberID != "" {
			partitions++
			ids[p.MemberID] = true
		}
	}
	return partitions, len(ids)
}

func (e *examination) lost(g *lag.Group) {
	var lost int64
	var where []string
	for _, p := range g.Partitions {
		if p.Lost.Known() && p.Lost > 0 && p.Committed.Known() {
			lost += int64(p.Lost)
			where = append(where, fmt.Sprintf("%s:%d begins at offset %s, and it stands at %s", p.Topic, p.Partition, p.LogStart, p.Committed))
		}
	}
	if lost == 0 {
		return
	}
	e.d.find(Finding{
		Cause: LostRecords, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("%s were deleted before group %q had read them", count(lost, "offset", "offsets"), g.Name),
		Evidence: some(where, shown), Commands: []shell.Command{{"lag", "--group", g.Name}},
	})
}

// expiring finds records that retention deletes before the group gets to them.
func (e *examination) expiring(g *lag.Group) {
	retention := e.set.retention
	if e.req.Topic == "" || retention <= 0 || !g.Lag.Known() || g.Lag == 0 || !g.TimeLag.Known() || g.TimeLag.Duration() < retention*8/10 {
		return
	}
	e.d.find(Finding{
		Cause: ExpiringLag, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("retention deletes records of topic %q before group %q has read them", e.req.Topic, g.Name),
		Evidence: []string{fmt.Sprintf("the oldest record that it hasn't read is %s old, and the topic keeps records for %s (retention.ms)", g.TimeLag.Duration().Round(time.Second), retention)},
		Commands: []shell.Command{e.lagOf(g)},
	})
}
