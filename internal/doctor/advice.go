package doctor

import (
	"fmt"

	"github.com/evtctl/evtctl/lag"
)

// written is how many offsets the topic spans now.
func (e *examination) written() (n int64) {
	if e.req.Topic == "" {
		return 0
	}
	return e.span
}

// advice is about what could be better. Nobody is harmed by it now, so that it is no
// finding.
func (e *examination) advice() {
	if e.req.Topic != "" && e.written() == 0 && e.spanKnown {
		e.d.advise(Finding{
			Cause: NothingWritten, Summary: fmt.Sprintf("topic %q is empty: nothing was produced, or retention has deleted it", e.req.Topic),
			Evidence: []string{"the first offset of each partition is its end"},
		})
	}
	if e.seen == nil {
		return
	}
	var classic, eagerly, often []string
	for i := range e.seen.Last.Groups {
		g := &e.seen.Last.Groups[i]
		if len(g.Partitions) == 0 || g.Type != lag.Classic || g.ProtocolType != "consumer" || g.Members < 1 {
			continue
		}
		classic = append(classic, g.Name)
		if a := e.seen.Activities[g.Name]; a.Rebalances.Known() && int(a.Rebalances) > e.req.Rebalances && !e.d.has(g.Name, RebalanceLoop) {
			often = append(often, fmt.Sprintf("%s (%s, %s)", g.Name, count(int64(a.Rebalances), "rebalance", "rebalances"), a.Assignor))
		}
		if eager(g.Assignor) && g.Members > 1 {
			eagerly = append(eagerly, fmt.Sprintf("%s (%s)", g.Name, g.Assignor))
		}
	}
	if len(often) > 0 {
		e.d.advise(Finding{
			Cause: OftenRebalanced, Summary: fmt.Sprintf("groups with more than %s in the last hour: %s", count(int64(e.req.Rebalances), "rebalance", "rebalances"), list(often)),
			Evidence: []string{"a rollout makes some; static members (group.instance.id) and assignors that move only what has to (cooperative-sticky, KIP-848) make fewer"},
		})
	}
	if len(eagerly) > 0 {
		e.d.advise(Finding{
			Cause: EagerAssignor, Summary: "groups whose assignor takes all partitions from all members at each rebalance: " + list(eagerly),
			Evidence: []string{"cooperative-sticky takes only those that move, and so does the protocol of KIP-848"},
		})
	}
	if len(classic) > 0 && e.nextGeneration {
		e.d.advise(Finding{
			Cause: NewProtocol, Summary: "groups of the classic protocol, which these brokers don't need: " + list(classic),
			Evidence: []string{"with group.protocol=consumer (KIP-848) a member that comes or goes stops only those whose partitions move"},
		})
	}
}
