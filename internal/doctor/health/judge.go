package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/evtctl/evtctl/lag"
)

// Judge holds a report against limits and fills in its figures and its verdict. The
// commands say how to go on.
func Judge(r *Report, l Limits, next Commands) {
	r.limits = l
	j := &judge{r: r, l: l, next: next}
	r.Figures = []Figure{
		j.offline(), j.replicas(), j.lag(), j.letters(), j.expiry(), j.latency(), j.rebalances(), j.transactions(),
	}
	slices.SortStableFunc(r.Figures, func(a, b Figure) int { return cmp.Compare(b.Verdict, a.Verdict) })
	r.Verdict = lag.OK
	for i := range r.Figures {
		r.Verdict = max(r.Verdict, r.Figures[i].Verdict)
	}
}

type judge struct {
	r    *Report
	l    Limits
	next Commands
}

// figure begins one. One whose source could not be read is unknown, and done.
func (j *judge) figure(name Name, unit string, of source) (f Figure, read bool) {
	f = Figure{Name: name, Unit: unit, Value: Unknown(), Warning: Unknown(), Critical: Unknown(), Findings: []Finding{}, Measured: measured[name], Limit: "no limit"}
	if problem, unread := j.r.unread[of]; unread {
		f.Verdict, f.Reason = lag.Uncertain, lag.Text(problem)
		f.Says = "not known: " + problem
		return f, false
	}
	return f, true
}

// measured says how each figure comes about.
var measured = map[Name]string{
	LagFigure: "offsets between a group's commit and the high watermark of each partition, at the end of the window; " +
		"transaction markers and what compaction removed are counted",
	LettersFigure: "letters from the first one on whose time stamp is within the time, or, where more of them, those that arrived in the window; " +
		"frameworks that keep the time stamp of the source make the first too few. Up to 10,000 are read; of more, offsets are counted, markers of transactions with them",
	ExpiryFigure: "the time stamp of a topic's first letter and its retention; segments go as a whole, so that it may take longer",
	RebalancesFigure: "generations that Kafka has written of a group in the last hour; where those can't be read, " +
		"changes of its members from look to look in the window",
	LatencyFigure: "the time from a record's time stamp to its commit, of the record last committed in each partition; " +
		"the interval between commits is part of it. Where commit times can't be read, to the end of the window",
	ReplicasFigure: "partitions of all topics that have a leader, and fewer replicas in sync than they should",
	OfflineFigure:  "partitions of all topics that have no leader",
	TransactFigure: "transactions that their coordinators say are open, and those that hold a group",
}

func (j *judge) lag() Figure {
	f, read := j.figure(LagFigure, "records", ofGroups)
	if !read {
		return f
	}
	f.Warning, f.Critical = limit(j.l.Lag.Warn), limit(j.l.Lag.Critical)
	f.Limit = bounds(over(commas, f.Warning), over(commas, f.Critical), j.l.Lag.MaxTimeLag)
	f.Subjects = len(j.r.Groups)
	if len(j.r.Groups) == 0 {
		f.Reason, f.Says = "no groups", "no groups"
		return f
	}
	lag.Judge(j.r.Lag, j.l.Lag)
	var list []Finding
	worst := ""
	for i := range j.r.Lag.Groups {
		g := &j.r.Lag.Groups[i]
		for k := range g.Partitions {
			p := &g.Partitions[k]
			if n := number(p.Lag); n.Known() && !(f.Value >= n) {
				f.Value, worst = n, fmt.Sprintf("%s %s:%d", shown(g.Name), p.Topic, p.Partition)
			}
		}
		list = append(list, j.topicsBehind(g)...)
		if g.Verdict != lag.OK && (g.Error != "" || len(g.Partitions) == 0) {
			list = append(list, j.unreadable(g))
		}
	}
	list = append(list, j.stalled()...)
	f.found(list)
	switch {
	case !f.Value.Known():
		f.Reason = "no partition whose lag is known"
		f.Says = "not known of " + things(len(j.r.Groups), "group")
	case f.Value == 0:
		f.Says = "none in " + things(len(j.r.Groups), "group")
	default:
		f.Says = fmt.Sprintf("at most %s, %s, in %s", things(int(f.Value), "record"), worst, things(len(j.r.Groups), "group"))
	}
	return f
}

// over words a limit: it is passed by more.
func over(word func(Number) string, n Number) string {
	if !n.Known() {
		return ""
	}
	return "over " + word(n)
}

// bounds words the limits of a figure; a time is critical.
func bounds(warning, critical string, time time.Duration) string {
	if time > 0 {
		critical = strings.TrimPrefix(critical+" or over "+short(time)+" in time", " or ")
	}
	var words []string
	if warning != "" {
		words = append(words, "warning "+warning)
	}
	if critical != "" {
		words = append(words, "critical "+critical)
	}
	if words == nil {
		return "no limit"
	}
	return strings.Join(words, ", ")
}

func commas(n Number) string { return humanize.Comma(int64(n)) }

func times(n Number) string { return short(n.Seconds()) }

func limit(n int64) Number {
	if n < 0 {
		return Unknown()
	}
	return Number(n)
}

// topicsBehind has one finding for each topic of a group: its worst partition, and how
// many others are not ok.
func (j *judge) topicsBehind(g *lag.Group) (list []Finding) {
	for from := 0; from < len(g.Partitions); {
		var worst *lag.Partition
		n, to := 0, from
		for ; to < len(g.Partitions) && g.Partitions[to].Topic == g.Partitions[from].Topic; to++ {
			p := &g.Partitions[to]
			if p.Verdict == lag.OK {
				continue
			}
			n++
			if worst == nil || p.Verdict > worst.Verdict || p.Verdict == worst.Verdict && p.Lag > worst.Lag {
				worst = p
			}
		}
		if from = to; worst == nil {
			continue
		}
		f := j.behind(g, worst)
		if n > 1 {
			f.Evidence += fmt.Sprintf("; %s of the topic", things(n-1, "more partition"))
		}
		list = append(list, f)
	}
	return list
}

func (j *judge) behind(g *lag.Group, p *lag.Partition) Finding {
	text := fmt.Sprintf("%s %s:%d is %s behind", shown(g.Name), p.Topic, p.Partition, things(int(p.Lag), "record"))
	if !p.Lag.Known() {
		text = fmt.Sprintf("%s %s:%d: its lag is not known", shown(g.Name), p.Topic, p.Partition)
	} else if p.TimeLag.Known() && p.TimeLag >= 1 {
		text += ", " + short(p.TimeLag.Duration()) + " in time"
	}
	reasons := p.Reasons
	if reasons.Has(lag.OverCritical) {
		reasons &^= lag.OverWarning
	}
	if names := reasons.Names(); len(names) > 0 {
		text += " (" + strings.Join(names, ", ") + ")"
	}
	if p.Error != "" {
		text += ": " + string(p.Error)
	}
	return Finding{
		Verdict: p.Verdict, Group: lag.Text(g.Name), Topic: lag.Text(p.Topic), Partition: lag.Int(p.Partition), Value: number(p.Lag),
		Reasons: p.Reasons.Names(), Evidence: text, Next: j.next.Group(g.Name, "--topic", p.Topic),
	}
}

func (j *judge) unreadable(g *lag.Group) Finding {
	text := shown(g.Name) + ": nothing that may be seen is committed or assigned"
	if g.Error != "" {
		text = shown(g.Name) + ": " + string(g.Error)
	}
	return Finding{
		Verdict: g.Verdict, Group: lag.Text(g.Name), Partition: lag.Unknown, Value: Unknown(),
		Reasons: g.Reasons.Names(), Evidence: text, Next: j.next.Group(g.Name),
	}
}

// shown makes the group without a name visible.
func shown(group string) string {
	if group == "" {
		return `""`
	}
	return group
}

// things is a number of things: 1 record, 2,000 records.
func things(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return humanize.Comma(int64(n)) + " " + thing
}

// short is a duration for people: two units at most.
func short(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		d = d.Round(time.Minute)
		return units(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	case d >= time.Minute:
		d = d.Round(time.Second)
		return units(d/time.Minute, "m", d%time.Minute/time.Second, "s")
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}

func units(n time.Duration, unit string, rest time.Duration, below string) string {
	text := fmt.Sprintf("%d%s", n, unit)
	if rest > 0 {
		text += fmt.Sprintf("%d%s", rest, below)
	}
	return text
}
