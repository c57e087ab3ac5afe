package health

import (
	"fmt"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/lag"
)

func (j *judge) rebalances() Figure {
	f, read := j.figure(RebalancesFigure, "rebalances", ofGroups)
	if !read {
		return f
	}
	f.Warning = limit(j.l.Rebalances)
	if f.Warning.Known() {
		f.Limit = fmt.Sprintf("warning over %d an hour", j.l.Rebalances)
	}
	f.Subjects = len(j.r.Groups)
	if f.Subjects == 0 {
		f.Reason, f.Says = "no groups", "no groups"
		return f
	}
	if j.r.Past == nil && j.r.WindowSeconds == 0 {
		f.Reason, f.Says = j.r.PastProblem, "not known: a single look can't tell"
		if j.r.PastProblem != observe.NotAsked {
			f.Verdict = lag.Uncertain
		}
		return f
	}
	var list []Finding
	for i := range j.r.Groups {
		g := &j.r.Groups[i]
		n, span := j.rebalanced(g)
		f.raise(Number(n))
		if j.l.Rebalances < 0 || n <= j.l.Rebalances {
			continue
		}
		list = append(list, Finding{
			Verdict: lag.Warning, Group: lag.Text(g.Name), Partition: lag.Unknown, Value: Number(n), Reasons: []string{"over-warning"},
			Evidence: fmt.Sprintf("%s: %s in %s (limit: %d an hour); state %s, %s",
				shown(g.Name), things(int(n), "rebalance"), span, j.l.Rebalances, state(g.State), members(g.Members)),
			Next: j.next.why(g.Name),
		})
	}
	f.found(list)
	f.Says = fmt.Sprintf("at most %d in %s, in %s", int64(f.Value), j.rebalanceSpan(), things(f.Subjects, "group"))
	if j.r.PastProblem != "" {
		f.Reason = j.r.PastProblem
	}
	return f
}

// rebalanced gives how often a group rebalanced, and within what time. A change that
// was seen in the window is among those that Kafka has written.
func (j *judge) rebalanced(g *Group) (n int64, span string) {
	n = int64(g.Changes)
	if g.Rebalances.Known() {
		n = max(n, int64(g.Rebalances))
	}
	return n, j.rebalanceSpan()
}

func (j *judge) rebalanceSpan() string {
	if j.r.Past != nil {
		return short(j.r.TakenAt.Sub(*j.r.Past).Round(time.Minute))
	}
	return "the " + short(j.r.WindowSeconds.Seconds()) + " that were looked at"
}

func state(s lag.Text) string {
	if s == "" {
		return "unknown"
	}
	return string(s)
}

func members(n lag.Int) string {
	if !n.Known() {
		return "members unknown"
	}
	return things(int(n), "member")
}

func (j *judge) latency() Figure {
	f, read := j.figure(LatencyFigure, "seconds", ofLatencies)
	if !read {
		if j.l.MaxLatency == 0 && j.l.WarnLatency == 0 && j.r.unread[ofGroups] == "" {
			f.Verdict = lag.OK // nobody has said what is slow
		}
		return f
	}
	f.Warning, f.Critical = latencyLimit(j.l.WarnLatency), latencyLimit(j.l.MaxLatency)
	f.Limit = bounds(over(times, f.Warning), over(times, f.Critical), 0)
	f.Subjects = len(j.r.Groups)
	var list []Finding
	worst, ahead := "", Unknown()
	for i := range j.r.Groups {
		g := &j.r.Groups[i]
		if n := g.Latency.Max; n.Known() && !(f.Value >= n) {
			f.Value, worst = n, shown(g.Name)
		}
		if n := g.Latency.ClocksDiffer; n.Known() && !(ahead >= n) {
			ahead = n
		}
		if judged := j.slow(g); judged.Verdict != lag.OK {
			list = append(list, judged)
		}
	}
	f.found(list)
	switch {
	case f.Value.Known():
		f.Says = fmt.Sprintf("at most %s, %s", short(f.Value.Seconds()), worst)
	case f.Subjects == 0:
		f.Reason, f.Says = "no groups", "no groups"
	case ahead.Known():
		f.Reason, f.Says = "clocks differ", "not known"
	default:
		f.Reason = "no group has committed anything new that can be read"
		f.Says = string(f.Reason)
	}
	if ahead.Known() {
		f.Says += fmt.Sprintf("; clocks of producers and brokers differ by up to %s", short(ahead.Seconds()))
	}
	if j.l.MaxLatency == 0 && j.l.WarnLatency == 0 {
		f.Says += "; no limit is set"
	}
	return f
}

func latencyLimit(d time.Duration) Number {
	if d == 0 {
		return Unknown()
	}
	return Number(d.Seconds())
}

// slow judges a group's latency. A record that waits has a latency of at least the time
// that it has waited.
func (j *judge) slow(g *Group) Finding {
	f := Finding{
		Group: lag.Text(g.Name), Topic: g.Latency.Topic, Partition: g.Latency.Partition, Value: g.Latency.Max, Reasons: []string{},
		Next: j.next.Group(g.Name, "--time-lag", "always"),
	}
	over := func(v lag.Verdict, reason string, allowed time.Duration) bool {
		if allowed <= 0 {
			return false
		}
		if took := g.Latency.Max; took.Known() && took.Seconds() > allowed {
			f.Verdict, f.Reasons = v, append(f.Reasons, reason)
			f.Evidence = fmt.Sprintf("%s: %s from producing to consuming, in %s:%d (limit %s); half of its %s within %s", shown(g.Name),
				short(took.Seconds()), g.Latency.Topic, int64(g.Latency.Partition), short(allowed), things(g.Latency.Samples, "partition"), short(g.Latency.Median.Seconds()))
			return true
		}
		if waits := g.TimeLag; waits.Known() && waits.Duration() > allowed {
			f.Verdict, f.Value, f.Reasons = v, Number(waits), append(f.Reasons, reason, "not-consumed-yet")
			f.Topic, f.Partition = "", lag.Unknown
			f.Evidence = fmt.Sprintf("%s: a record waits for %s and isn't consumed yet (limit %s)", shown(g.Name), short(waits.Duration()), short(allowed))
			return true
		}
		return false
	}
	limited := j.l.MaxLatency > 0 || j.l.WarnLatency > 0
	switch {
	case over(lag.Critical, "over-critical", j.l.MaxLatency), over(lag.Warning, "over-warning", j.l.WarnLatency):
	case limited && g.Latency.Samples == 0 && g.Latency.Ahead > 0:
		f.Verdict, f.Reasons = lag.Uncertain, append(f.Reasons, "clocks-differ")
		f.Evidence = fmt.Sprintf("%s: clocks of producers and brokers differ by up to %s, so that its latency is not known", shown(g.Name), short(g.Latency.ClocksDiffer.Seconds()))
	}
	return f
}
