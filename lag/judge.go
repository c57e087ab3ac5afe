package lag

import "time"

// Limits is what is acceptable for one partition. A negative limit is no limit.
type Limits struct {
	Warn       int64         // records; more is a warning
	Critical   int64         // records; more is critical
	MaxTimeLag time.Duration // older is critical; zero is no limit
}

// DefaultLimits are those of the order flow's service levels.
var DefaultLimits = Limits{Warn: 10_000, Critical: 100_000}

// longTransaction is how old an open transaction must be before it is more than
// news: the producers' own default limit (transaction.timeout.ms, one minute).
const longTransaction = time.Minute

// Judge fills in the reasons and verdicts of every partition, and of every group
// the worst of its partitions'.
func Judge(r *Report, l Limits) {
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Partitions {
			p := &g.Partitions[j]
			p.Reasons = reasonsOf(g, p, l)
			p.Verdict = verdictOf(p)
			p.sustained, p.looked = p.Verdict, p.Reasons&unreadable == 0
		}
		g.conclude()
	}
}

// conclude takes a group's verdict from its partitions and its own error. A group
// without partitions is no healthy one: it never committed, or its topics are hidden
// from the user, which brokers don't tell apart.
func (g *Group) conclude() {
	g.Reasons, g.Verdict = 0, OK
	switch {
	case g.Error != "":
		g.Reasons, g.Verdict = failure(g.notAuthorized), Uncertain
	case len(g.Partitions) == 0 && (g.ProtocolType == "" || g.ProtocolType == "consumer"):
		g.Reasons, g.Verdict = NeverCommitted, Uncertain
	}
	for i := range g.Partitions {
		g.Reasons |= g.Partitions[i].Reasons
		g.Verdict = max(g.Verdict, g.Partitions[i].Verdict)
	}
}

// settled tells whether it is known who holds what: while members are being given
// their partitions, nobody seems to.
func (g *Group) settled() bool {
	return g.Members.Known() && (g.Members == 0 || g.State == "Stable")
}

func failure(notAuthorized bool) Reasons {
	if notAuthorized {
		return NotAuthorized
	}
	return Failed
}

func reasonsOf(g *Group, p *Partition, l Limits) Reasons {
	var r Reasons
	if p.Error != "" {
		r |= failure(p.notAuthorized)
	}
	if !p.Committed.Known() && p.Error == "" {
		r |= NeverCommitted
	}
	if p.Committed.Known() && p.LogEnd.Known() && p.Committed > p.LogEnd {
		r |= BeyondEnd
	}
	if p.Lost.Known() && p.Lost > 0 {
		r |= BelowStart
	}
	if p.Lag.Known() {
		if l.Critical >= 0 && int64(p.Lag) > l.Critical {
			r |= OverCritical
		}
		if l.Warn >= 0 && int64(p.Lag) > l.Warn {
			r |= OverWarning
		}
		if p.Lag > 0 && p.MemberID == "" && g.settled() {
			r |= NoMember
		}
	}
	if l.MaxTimeLag > 0 {
		switch waiting := p.Lag.Known() && p.Lag > 0; {
		case p.TimeLag.Known() && p.TimeLag.Duration() > l.MaxTimeLag:
			r |= OverTimeLag
		case waiting && !p.TimeLag.Known():
			r |= Failed // what isn't known isn't within its limit
		}
	}
	if p.stalled {
		r |= Stalled
	}
	if p.Transaction != nil {
		r |= OpenTransaction
	}
	return r
}

// verdictOf follows from the reasons alone, but for two that are news at first:
// a partition without a commit matters once it has records, and a transaction
// once it is old.
func verdictOf(p *Partition) Verdict {
	waiting := p.Lag.Known() && p.Lag > 0
	switch r := p.Reasons; {
	case r&(OverCritical|OverTimeLag|BeyondEnd|BelowStart|Stalled) != 0:
		return Critical
	case r&(OverWarning|NoMember) != 0,
		r.Has(NeverCommitted) && waiting,
		r.Has(OpenTransaction) && p.Transaction.Age.Duration() >= longTransaction:
		return Warning
	case r&(NotAuthorized|Failed) != 0:
		return Uncertain
	default:
		return OK
	}
}

// Sustain makes each partition's verdict in cur the least bad one of all looks so
// far: what is bad in one look at the cluster and gone in the next was a moment's. A
// stall needs the whole series to be seen and stands by itself. A look at which the
// partition couldn't be read tells nothing of it; now being the last look, it leaves
// the verdict unknown. Both reports must have been judged, and prev been given to
// Sustain with the look before it, if there was one.
func Sustain(prev, cur *Report) {
	before := map[partitionKey]*Partition{}
	for i := range prev.Groups {
		g := &prev.Groups[i]
		for j := range g.Partitions {
			p := &g.Partitions[j]
			before[partitionKey{g.Name, p.Topic, p.Partition}] = p
		}
	}
	for i := range cur.Groups {
		g := &cur.Groups[i]
		for j := range g.Partitions {
			p := &g.Partitions[j]
			if last, ok := before[partitionKey{g.Name, p.Topic, p.Partition}]; ok {
				p.sustain(last)
			}
		}
		g.conclude()
	}
}

func (p *Partition) sustain(last *Partition) {
	switch {
	case !p.looked:
		p.sustained, p.looked = last.sustained, last.looked
		return
	case p.stalled:
		return
	case last.looked:
		p.sustained = min(last.sustained, p.Verdict)
	}
	p.Verdict = p.sustained
	if p.Verdict == OK {
		p.Reasons &= NeverCommitted
	}
}

// unreadable are the reasons of a look that tells nothing of a partition.
const unreadable = NotAuthorized | Failed

type partitionKey struct {
	group, topic string
	partition    int32
}
