package health

import (
	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/lag"
)

// addGroups takes over what was seen of groups.
func (k *collector) addGroups() {
	r := k.report
	if k.seen == nil {
		return
	}
	r.Lag, r.ClusterID, r.VisibleOnly = k.seen.Last, k.seen.Last.ClusterID, k.seen.Last.VisibleOnly
	r.Notes = append(r.Notes, k.seen.Last.Problems...)
	r.PastProblem = lag.Text(k.seen.History.Problem)
	if since := k.seen.History.Since; !since.IsZero() {
		r.Past = &since
	}
	if k.Window > 0 {
		r.Produced = produced(k.seen.First, k.seen.Last)
	}
	for i := range k.seen.Last.Groups {
		g := &k.seen.Last.Groups[i]
		r.Groups = append(r.Groups, newGroup(g, k.seen.Activities[g.Name], k.latencies[g.Name]))
		r.Standing = append(r.Standing, k.standing(g.Name)...)
	}
}

func newGroup(g *lag.Group, a *observe.Activity, l *observe.Latency) Group {
	group := Group{
		Name: g.Name, Type: g.Type, State: g.State, Members: g.Members, Lag: g.Lag, MaxLag: g.MaxPartitionLag,
		TimeLag: g.TimeLag, Rebalances: lag.Unknown, Latency: newLatency(l), Error: g.Error,
	}
	if a != nil {
		group.Rebalances, group.Changes, group.Joined, group.Left = a.Rebalances, a.Changes, a.Joined, a.Left
	}
	return group
}

func newLatency(l *observe.Latency) Latency {
	latency := Latency{Median: Unknown(), Max: Unknown(), ClocksDiffer: Unknown(), Partition: lag.Unknown}
	if l == nil {
		return latency
	}
	latency.Source, latency.Samples, latency.Ahead = lag.Text(l.Source), l.Samples, l.Ahead
	latency.Median, latency.Max, latency.ClocksDiffer = Number(l.Median), Number(l.Max), Number(l.MaxAhead)
	if l.Samples > 0 {
		latency.Topic, latency.Partition = lag.Text(l.Slowest.Topic), lag.Int(l.Slowest.Partition)
	}
	return latency
}

// ends are the ends of all partitions that groups have to do with.
func ends(r *lag.Report) map[lag.Position]lag.Int {
	ends := map[lag.Position]lag.Int{}
	for i := range r.Groups {
		for j := range r.Groups[i].Partitions {
			if p := &r.Groups[i].Partitions[j]; p.LogEnd.Known() {
				ends[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p.LogEnd
			}
		}
	}
	return ends
}

// produced is by how much the partitions that are in both reports have grown.
func produced(first, last *lag.Report) (n lag.Int) {
	before := ends(first)
	for at, end := range ends(last) {
		if was, known := before[at]; known && end > was {
			n += end - was
		}
	}
	return n
}
