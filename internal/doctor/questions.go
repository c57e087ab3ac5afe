package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// noGroup is a group that was asked for and isn't there, with a topic that is.
func (e *examination) noGroup(missing *lag.GroupsNotFoundError) {
	name := missing.Groups[0]
	e.d.Patients = append(e.d.Patients, Patient{name, []Answer{{Running, No, fmt.Sprintf("there is no group %q in this cluster", name)}}, []shell.Command{}})
	f := Finding{
		Cause: NoConsumer, Verdict: lag.Critical, Groups: []string{name},
		Summary:  fmt.Sprintf("nobody consumes as group %q: the cluster has no such group", name),
		Evidence: []string{"no member has joined under that name, and nothing was ever committed, or it was so long ago that it is forgotten"},
		Commands: []shell.Command{{"lag"}},
	}
	if len(missing.Near) > 0 {
		f.Evidence = append(f.Evidence, "there are groups with a name like it: "+strings.Join(missing.Near, ", "))
	}
	e.d.find(f)
}

// nobody is a topic that no group reads.
func (e *examination) nobody() {
	if e.written() == 0 {
		return
	}
	if e.seen.Last.VisibleOnly {
		e.unseen("who reads the topic: this user sees the groups only that it has a permission for")
		return
	}
	f := Finding{
		Cause: NoConsumer, Verdict: lag.Critical, Summary: fmt.Sprintf("no consumer group reads topic %q", e.req.Topic),
		Evidence: []string{"no group has a member on it, or has ever committed an offset of it; consumers without a group can't be seen"},
		Commands: []shell.Command{{"lag"}},
	}
	e.d.find(f)
}

// ask asks a group the questions until one is answered "no".
func (e *examination) ask(ctx context.Context, g *lag.Group) {
	if e.req.Group == "" && (g.ProtocolType == "connect" || len(g.Partitions) == 0 || observe.Own(g.Name)) {
		return // it has nothing to do with topics, or not with this one
	}
	p := Patient{Group: g.Name, Answers: []Answer{}}
	defer func() {
		p.Commands = append([]shell.Command{}, e.settling[g.Name]...)
		e.d.Patients = append(e.d.Patients, p)
	}()
	if g.Error != "" {
		p.Answers = append(p.Answers, Answer{Running, Unsure, string(g.Error)})
		e.unseen(fmt.Sprintf("group %q: %s", g.Name, g.Error))
		return
	}
	for _, question := range []func(context.Context, *lag.Group) Answer{e.running, e.subscribed, e.atRest, e.moving, e.inTime, e.reachable} {
		answer := question(ctx, g)
		p.Answers = append(p.Answers, answer)
		if answer.Says == No {
			return
		}
	}
}

// lagOf shows a group's lag, on the topic in question.
func (e *examination) lagOf(g *lag.Group) shell.Command {
	c := shell.Command{"lag", "--group", g.Name}
	if e.req.Topic != "" {
		c = append(c, "--topic", e.req.Topic)
	}
	return c
}

func (e *examination) running(_ context.Context, g *lag.Group) Answer {
	a := e.seen.Activities[g.Name]
	if g.Members > 0 || a.Joined > 0 || observe.Rebalancing(g.State) {
		return Answer{Running, Yes, fmt.Sprintf("%s, state %s", count(int64(g.Members), "member", "members"), g.State)}
	}
	evidence := fmt.Sprintf("the group has no members; its state is %s", g.State)
	if last := newest(a.Commits); !last.IsZero() {
		evidence += ", and its last new commit was at " + at(last)
	}
	if len(g.Partitions) == 0 && e.written() > 0 { // it was asked for by its name
		e.d.find(Finding{
			Cause: NoConsumer, Verdict: lag.Critical, Groups: []string{g.Name},
			Summary:  fmt.Sprintf("group %q has no consumer running, and has never committed an offset of topic %q", g.Name, e.req.Topic),
			Evidence: []string{evidence}, Commands: []shell.Command{{"lag", "--group", g.Name}},
		})
	}
	if g.Lag.Known() && g.Lag > 0 {
		e.d.find(Finding{
			Cause: NoConsumer, Verdict: lag.Critical, Groups: []string{g.Name},
			Summary:  fmt.Sprintf("group %q has no consumer running, and %s wait for it", g.Name, count(int64(g.Lag), "record", "records")),
			Evidence: []string{evidence}, Commands: []shell.Command{e.lagOf(g)},
		})
	}
	return Answer{Running, No, evidence}
}

func newest(commits []observe.Commit) (t time.Time) {
	for _, c := range commits {
		if c.At.After(t) {
			t = c.At
		}
	}
	return t
}

func (e *examination) subscribed(_ context.Context, g *lag.Group) Answer {
	if e.req.Topic == "" {
		return Answer{Subscribed, Yes, "it is asked about all it reads"}
	}
	topics, told := subscriptions(g)
	holds := slices.ContainsFunc(g.Partitions, func(p lag.Partition) bool { return p.MemberID != "" })
	switch {
	case holds:
		return Answer{Subscribed, Yes, fmt.Sprintf("its members hold partitions of %s", e.req.Topic)}
	case !told:
		return Answer{Subscribed, Unsure, "the broker doesn't tell what its members subscribe to, and they hold no partition of it now"}
	case slices.Contains(topics, e.req.Topic):
		return Answer{Subscribed, Yes, "its members have subscribed, and hold no partition of it now"}
	}
	evidence := "its members have subscribed to " + strings.Join(some(topics, shown), ", ")
	f := Finding{
		Cause: OtherTopic, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("group %q runs and reads other topics, not %q", g.Name, e.req.Topic),
		Evidence: []string{evidence}, Commands: []shell.Command{{"lag", "--group", g.Name}},
	}
	for _, t := range topics {
		if d := levenshtein.ComputeDistance(t, e.req.Topic); d <= 3 {
			f.Evidence = append(f.Evidence, fmt.Sprintf("%q is spelt nearly alike", t))
		}
	}
	e.d.find(f)
	return Answer{Subscribed, No, evidence}
}

// subscriptions lists what the members have subscribed to, and whether all of them say.
func subscriptions(g *lag.Group) (topics []string, told bool) {
	told = len(g.Roster) > 0
	for _, m := range g.Roster {
		told = told && len(m.Topics) > 0
		topics = append(topics, m.Topics...)
	}
	slices.Sort(topics)
	return slices.Compact(topics), told
}

// loop is from how many changes in a window on a group is in a loop.
const loop = 3

func (e *examination) atRest(_ context.Context, g *lag.Group) Answer {
	a := e.seen.Activities[g.Name]
	window := e.seen.Window().Round(100 * time.Millisecond)
	seen := fmt.Sprintf("%d changes in %d looks over %s: %d members joined and %d left", a.Changes, a.Looks, window, a.Joined, a.Left)
	hourly := ""
	if a.Rebalances.Known() {
		hourly = count(int64(a.Rebalances), "rebalance", "rebalances") + " in the last hour"
	}
	// One rebalance can take a second or two. That it never ends shows in a longer window,
	// or by further changes.
	endless := a.Looks > loop && a.Unsettled() >= 0.5 && (a.Changes > 1 || window >= commitInterval)
	if a.Changes < loop && !endless {
		if a.Changes == 0 {
			seen = fmt.Sprintf("state %s at all of %d looks over %s", g.State, a.Looks, window)
		}
		return Answer{AtRest, Yes, join(seen, hourly)}
	}
	f := Finding{
		Cause: RebalanceLoop, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("group %q rebalances over and over", g.Name),
		Evidence: []string{seen}, Commands: []shell.Command{{"lag", "watch", "--group", g.Name}},
	}
	if hourly != "" {
		f.Evidence = append(f.Evidence, hourly)
	}
	if a.Unsettled() > 0 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("it was between two assignments at %.0f %% of the looks: nothing is read meanwhile", 100*a.Unsettled()))
	}
	if eager(a.Assignor) {
		f.Evidence = append(f.Evidence, fmt.Sprintf("its assignor is %s, which takes all partitions from all members each time; cooperative-sticky or the protocol of KIP-848 takes those only that move", a.Assignor))
	}
	if !slices.ContainsFunc(g.Roster, func(m lag.Member) bool { return m.InstanceID != "" }) {
		f.Evidence = append(f.Evidence, "no member is static (group.instance.id): each restart is a member that leaves and another that joins")
	}
	e.d.find(f)
	return Answer{AtRest, No, join(seen, hourly)}
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}

// eager tells whether an assignor takes everything from everyone at each rebalance.
func eager(assignor lag.Text) bool {
	switch assignor {
	case "range", "roundrobin", "sticky":
		return true
	}
	return false
}

func (e *examination) reachable(context.Context, *lag.Group) Answer {
	if len(e.away) > 0 {
		return Answer{Reachable, No, strings.Join(e.away, "; ")}
	}
	return Answer{Reachable, Yes, fmt.Sprintf("%s answered at the addresses that clients are told", count(int64(len(e.nodes)), "broker", "brokers"))}
}
