package commands

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
)

// maxFindings bounds what is told of single partitions; -o json has it all.
const maxFindings = 10

// finding is something of a group or partition that the columns have no room for.
type finding struct {
	tone render.Tone
	text string
}

// explainLag tells on stderr what the columns have no room for.
func explainLag(s *render.Streams, r *lag.Report) {
	if r.VisibleOnly && len(r.Groups) > 0 {
		render.Message(s, render.Faint, "%s visible to this user, who may not describe the cluster; topics hidden from the user are left out", plural(int64(len(r.Groups)), "group"))
	}
	if n := r.UnmeasuredPositions; n > 0 {
		render.Message(s, render.Faint, "time lag not measured of %s: too many, or not answered in time; name groups or topics, or say --time-lag always", plural(int64(n), "position"))
	}
	for _, problem := range r.Problems {
		render.Message(s, render.Warn, "incomplete: %s", problem)
	}
	var findings []finding
	for i := range r.Groups {
		findings = append(findings, findingsOf(&r.Groups[i])...)
	}
	slices.SortStableFunc(findings, func(a, b finding) int { // the worst first, as the rest may be cut
		return cmp.Compare(rank(b.tone), rank(a.tone))
	})
	for i, f := range findings {
		if i == maxFindings {
			render.Message(s, render.Faint, "and %d more findings like these: -o wide shows the reasons, -o json everything", len(findings)-i)
			break
		}
		render.Message(s, f.tone, "%s", f.text)
	}
}

func rank(t render.Tone) int {
	if t == render.Bad {
		return 1
	}
	return 0
}

func findingsOf(g *lag.Group) []finding {
	var list []finding
	add := func(tone render.Tone, format string, args ...any) {
		list = append(list, finding{tone, groupName(g.Name) + fmt.Sprintf(format, args...)})
	}
	if g.Error != "" {
		add(render.Warn, ": %s", g.Error)
	}
	if len(g.Partitions) == 0 && g.Error == "" && g.Verdict != lag.OK {
		add(render.Warn, ": nothing that this user may see is committed or assigned")
	}
	held := map[string]bool{}
	for i := range g.Partitions {
		p := &g.Partitions[i]
		at := coordinates{p.Topic, p.Partition}
		if p.Reasons.Has(lag.BelowStart) {
			add(render.Bad, " %s: %s deleted before the group read them", at, plural(int64(p.Lost), "record"))
		}
		if p.Reasons.Has(lag.BeyondEnd) {
			add(render.Bad, " %s: committed at %s, but the log ends at %s: its consumers will go on where their auto.offset.reset says",
				at, count(p.Committed), count(p.LogEnd))
		}
		if p.Reasons.Has(lag.Stalled) {
			add(render.Bad, " %s: stands still at offset %d while records arrive", at, int64(p.Committed))
		}
		if tx := p.Transaction; tx != nil && !held[transactionName(tx)] {
			held[transactionName(tx)] = true
			add(render.Warn, " %s: %s holds read_committed readers", at, transactionName(tx))
		}
		if p.Error != "" && p.Error != g.Error {
			add(render.Warn, " %s: %s", at, p.Error)
		}
	}
	return list
}

// coordinates name a partition. They are put into words only where something was
// found, which is nowhere in most reports.
type coordinates struct {
	topic     string
	partition int32
}

func (c coordinates) String() string { return fmt.Sprintf("%s:%d", c.topic, c.partition) }

func transactionName(tx *lag.Transaction) string {
	name := "an open transaction"
	if tx.ID != "" {
		name += fmt.Sprintf(" %q", string(tx.ID))
	}
	if tx.ProducerID.Known() {
		name += fmt.Sprintf(" of producer %d", tx.ProducerID)
	}
	if tx.Age.Known() {
		name += ", open for " + render.Age(tx.Age.Duration().Round(time.Second)) + ","
	}
	return name
}
