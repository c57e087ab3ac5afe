package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/lag"
)

// commitInterval is how long consumers take to commit by default, Java's and franz-go's.
const commitInterval = 5 * time.Second

// inTime looks for partitions that a group holds, and of which it has read nothing.
func (e *examination) inTime(_ context.Context, g *lag.Group) Answer {
	var unread, arrived int64
	partitions := 0
	first := e.ends(g.Name)
	for _, p := range g.Partitions {
		if p.Committed.Known() || p.MemberID == "" || !p.Lag.Known() || p.Lag == 0 || p.Error != "" {
			continue
		}
		partitions++
		unread += int64(p.Lag)
		if end, known := first[lag.Position{Topic: p.Topic, Partition: p.Partition}]; known {
			arrived += int64(p.LogEnd - end)
		}
	}
	window := e.seen.Window()
	switch {
	case partitions == 0:
		return Answer{InTime, Yes, "it has committed on every partition that it holds and that has records"}
	case window < commitInterval:
		return Answer{InTime, Unsure, fmt.Sprintf("it has committed nothing on %s yet; consumers commit every 5 s by default, and the look took %s: look for longer", count(int64(partitions), "partition", "partitions"), window.Round(100*time.Millisecond))}
	}
	evidence := fmt.Sprintf("it holds %s with %s, and committed nothing over %s", count(int64(partitions), "partition", "partitions"), count(unread, "record", "records"), window.Round(100*time.Millisecond))
	f := Finding{
		Cause: StartedAtEnd, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary: fmt.Sprintf("group %q began at the end: it never reads the %s that were there before it", g.Name, count(unread-arrived, "record", "records")),
		Evidence: []string{
			evidence,
			"a group without commits begins where auto.offset.reset says, and that is the end (latest) by default",
			"a consumer that hangs at its very first record looks the same from here: its log tells",
		},
	}
	if arrived > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s came meanwhile, for which it has committed nothing either", count(arrived, "record", "records")))
	}
	f.Commands = []string{"lag " + e.of(g)}
	for _, topic := range topicsOf(g, e.req.Topic) {
		f.Commands = append(f.Commands, fmt.Sprintf("replay reset --from-group %s --in-place --topic %s --to start", g.Name, topic))
	}
	e.d.find(f)
	return Answer{InTime, No, evidence}
}

// ends are where the partitions of a group ended at the beginning of the window.
func (e *examination) ends(group string) map[lag.Position]lag.Int {
	ends := map[lag.Position]lag.Int{}
	for i := range e.seen.First.Groups {
		if e.seen.First.Groups[i].Name != group {
			continue
		}
		for _, p := range e.seen.First.Groups[i].Partitions {
			if p.LogEnd.Known() {
				ends[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p.LogEnd
			}
		}
	}
	return ends
}

// topicsOf lists the topics of which a group holds partitions without a commit.
func topicsOf(g *lag.Group, only string) (topics []string) {
	for _, p := range g.Partitions {
		if !p.Committed.Known() && p.MemberID != "" && p.Lag.Known() && p.Lag > 0 && (only == "" || p.Topic == only) {
			if len(topics) == 0 || topics[len(topics)-1] != p.Topic {
				topics = append(topics, p.Topic)
			}
		}
	}
	return topics
}
