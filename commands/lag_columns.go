package commands

import (
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
)

var groupColumns = []render.Column[lag.Group]{
	{Name: "GROUP", Raw: func(g lag.Group) string { return groupName(g.Name) }},
	{Name: "TYPE", Raw: func(g lag.Group) string { return string(g.Type) }, Drop: 2},
	{Name: "STATE", Raw: func(g lag.Group) string { return string(g.State) }},
	{Name: "ASSIGNOR", Raw: func(g lag.Group) string { return string(g.Assignor) }, Wide: true},
	{Name: "COORDINATOR", Raw: func(g lag.Group) string { return string(g.Coordinator) }, Wide: true},
	{Name: "MEMBERS", Right: true, Raw: func(g lag.Group) string { return g.Members.String() }, Drop: 3},
	{Name: "PARTITIONS", Right: true, Raw: func(g lag.Group) string { return fmt.Sprint(len(g.Partitions)) }, Drop: 4},
	{Name: "NEVER-COMMITTED", Right: true, Raw: func(g lag.Group) string { return fmt.Sprint(g.NeverCommitted) }, Wide: true},
	{Name: "LAG", Right: true, Raw: func(g lag.Group) string { return g.Lag.String() }, Text: func(g lag.Group) string { return atLeast(g.Lag, g.UnknownPartitions) }},
	{Name: "MAX-LAG", Right: true, Raw: func(g lag.Group) string { return g.MaxPartitionLag.String() }, Text: func(g lag.Group) string { return count(g.MaxPartitionLag) }, Wide: true},
	{Name: "TIME-LAG", Right: true, Raw: func(g lag.Group) string { return g.TimeLag.String() }, Text: func(g lag.Group) string { return age(g.TimeLag) }},
	{Name: "VERDICT", Raw: func(g lag.Group) string { return g.Verdict.String() }, Tone: func(g lag.Group) render.Tone { return tone(g.Verdict) }},
	{Name: "REASONS", Raw: func(g lag.Group) string { return reasons(g.Reasons, g.Error) }, Drop: 1},
}

var topicColumns = []render.Column[lag.TopicLag]{
	{Name: "GROUP", Raw: func(t lag.TopicLag) string { return groupName(t.Group) }, Shrink: true},
	{Name: "TOPIC", Raw: func(t lag.TopicLag) string { return t.Topic }, Shrink: true},
	{Name: "PARTITIONS", Right: true, Raw: func(t lag.TopicLag) string { return fmt.Sprint(t.PartitionCount) }, Drop: 2},
	{Name: "LAG", Right: true, Raw: func(t lag.TopicLag) string { return t.Lag.String() }, Text: func(t lag.TopicLag) string { return count(t.Lag) }},
	{Name: "MAX-LAG", Right: true, Raw: func(t lag.TopicLag) string { return t.MaxPartitionLag.String() }, Text: func(t lag.TopicLag) string { return count(t.MaxPartitionLag) }, Wide: true},
	{Name: "TIME-LAG", Right: true, Raw: func(t lag.TopicLag) string { return t.TimeLag.String() }, Text: func(t lag.TopicLag) string { return age(t.TimeLag) }},
	{Name: "VERDICT", Raw: func(t lag.TopicLag) string { return t.Verdict.String() }, Tone: func(t lag.TopicLag) render.Tone { return tone(t.Verdict) }},
	{Name: "REASONS", Raw: func(t lag.TopicLag) string { return reasons(t.Reasons, "") }, Drop: 1},
}

var partitionColumns = []render.Column[lag.GroupPartition]{
	{Name: "GROUP", Raw: func(p lag.GroupPartition) string { return groupName(p.Group) }, Shrink: true},
	{Name: "TOPIC", Raw: func(p lag.GroupPartition) string { return p.Topic }, Shrink: true},
	{Name: "PARTITION", Right: true, Raw: func(p lag.GroupPartition) string { return fmt.Sprint(p.Partition.Partition) }},
	{Name: "LOG-START-OFFSET", Right: true, Wide: true, Raw: func(p lag.GroupPartition) string { return p.LogStart.String() }},
	{Name: "CURRENT-OFFSET", Right: true, Drop: 2, Raw: func(p lag.GroupPartition) string { return p.Committed.String() }},
	{Name: "LOG-END-OFFSET", Right: true, Drop: 3, Raw: func(p lag.GroupPartition) string { return p.LogEnd.String() }},
	{Name: "LAG", Right: true, Raw: func(p lag.GroupPartition) string { return p.Lag.String() }, Text: func(p lag.GroupPartition) string { return count(p.Lag) }},
	{Name: "TIME-LAG", Right: true, Raw: func(p lag.GroupPartition) string { return p.TimeLag.String() }, Text: func(p lag.GroupPartition) string { return age(p.TimeLag) }},
	{Name: "VERDICT", Raw: func(p lag.GroupPartition) string { return p.Verdict.String() }, Tone: func(p lag.GroupPartition) render.Tone { return tone(p.Verdict) }},
	{Name: "CONSUMER-ID", Raw: func(p lag.GroupPartition) string { return string(p.MemberID) }, Shrink: true, Drop: 7},
	{Name: "HOST", Raw: func(p lag.GroupPartition) string { return string(p.Host) }, Drop: 6},
	{Name: "CLIENT-ID", Raw: func(p lag.GroupPartition) string { return string(p.ClientID) }, Shrink: true, Drop: 5},
	{Name: "REASONS", Drop: 4, Raw: func(p lag.GroupPartition) string { return reasons(p.Reasons, p.Error) }},
}

// groupName makes the group without a name visible: brokers accept commits for it.
func groupName(name string) string {
	if name == "" {
		return `""`
	}
	return name
}

func count(n lag.Int) string {
	if !n.Known() {
		return ""
	}
	return render.Count(int64(n))
}

// atLeast is a sum that some parts are missing from.
func atLeast(n lag.Int, missing int) string {
	if n.Known() && missing > 0 {
		return "≥" + count(n)
	}
	return count(n)
}

// plural is a number of things: 1 record, 2 records.
func plural(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return render.Count(n) + " " + thing
}

func age(s lag.Seconds) string {
	if !s.Known() {
		return ""
	}
	return render.Age(s.Duration())
}

func tone(v lag.Verdict) render.Tone {
	switch v {
	case lag.OK:
		return render.Good
	case lag.Critical:
		return render.Bad
	default:
		return render.Warn
	}
}

// reasons lists a set, without the lesser of two limits that were both passed.
func reasons(r lag.Reasons, err lag.Text) string {
	if r.Has(lag.OverCritical) {
		r &^= lag.OverWarning
	}
	list := strings.Join(r.Names(), ",")
	if err != "" {
		list += ": " + string(err)
	}
	return list
}
