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
	if e.req.Topic != "" && e.written() == 0 {
		e.d.advise(Finding{
			Cause: NothingWritten, Summary: fmt.Sprintf("topic %q is empty: nothing was produced, or retention has deleted it", e.req.Topic),
			Evidence: []string{"the first offset of each partition is its end"},
		})
	}
	if e.seen == nil {
		return
	}
	var classic, eagerly []string
	for i := range e.seen.Last.Groups {
		g := &e.seen.Last.Groups[i]
		if len(g.Partitions) == 0 || g.Type != lag.Classic || g.ProtocolType != "consumer" || g.Members < 1 {
			continue
		}
		classic = append(classic, g.Name)
		if eager(g.Assignor) && g.Members > 1 {
			eagerly = append(eagerly, fmt.Sprintf("%s (%s)", g.Name, g.Assignor))
		}
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
