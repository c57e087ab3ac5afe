package observe

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
)

// What a [Config] that sets nothing gets.
const (
	DefaultEvery   = 250 * time.Millisecond
	DefaultHistory = time.Hour
	// DefaultMaxHistory is about two seconds' reading.
	DefaultMaxHistory = 1_000_000
)

// Config says what to look at, and for how long.
type Config struct {
	Groups []string // empty: every group of the cluster
	Topics []string // empty: every topic of those groups
	// Window is the time between the first report and the last; zero is one report.
	Window time.Duration
	// Every is the time between two looks at the members. Zero is DefaultEvery.
	Every time.Duration
	// History is how far back commits and generations are read. Zero is DefaultHistory,
	// negative is not at all.
	History time.Duration
	// MaxHistory bounds the records read of it. Zero is DefaultMaxHistory.
	MaxHistory int
	// Timeout bounds each report, and the reading of the past beyond the window: a broker
	// that hangs costs what it was asked, and not what others told. Zero is no bound.
	Timeout time.Duration

	Now  func() time.Time   // nil: time.Now
	Word func(error) string // words errors for a report; nil: Kafka's own words
	// Looked is told of each look that was made. May be nil.
	Looked func(done, of int)
}

func (c Config) withDefaults() Config {
	if c.Every <= 0 {
		c.Every = DefaultEvery
	}
	if c.History == 0 {
		c.History = DefaultHistory
	}
	if c.MaxHistory <= 0 {
		c.MaxHistory = DefaultMaxHistory
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Looked == nil {
		c.Looked = func(int, int) {}
	}
	return c
}

// Observation is what was seen.
type Observation struct {
	// First and Last are the reports at the ends of the window; the same one where it
	// has no length. They aren't judged; stalls are for [Observation.Still] to tell.
	First, Last *lag.Report
	// Activities has every group of Last, by name.
	Activities map[string]*Activity
	History    History
}

// Activity is what one group did.
type Activity struct {
	Looks int
	// States counts the looks at which the group was in each state.
	States map[string]int
	// Changes is how often, from one look to the next, the members or the epoch were
	// others. A rebalance between two looks that ends as it began is not seen by them.
	Changes int
	// Joined and Left are members that came and went between looks.
	Joined, Left int
	// Rebalances are those within the history: generations that had members, or epochs.
	// Unknown where it couldn't be read.
	Rebalances lag.Int
	// Commits are the newest commit of each partition within the history.
	Commits []Commit
	// First are the oldest, and Born is when the group had its first generation; zero when
	// that was before the history.
	First []Commit
	Born  time.Time
	// Assignor is the last that was seen; while a group rebalances it has none.
	Assignor lag.Text

	roster []string
	epoch  lag.Int
	state  lag.Text
}

// Commit is an offset that a group has committed.
type Commit struct {
	Topic     string
	Partition int32
	Offset    int64 // the next offset to read
	At        time.Time
}

// History says what could be read of the past.
type History struct {
	Since time.Time // zero when nothing was read
	// Problem says why it wasn't read, or not whole; empty: it was.
	Problem string
}

// Groups looks at groups over the window. The past is read meanwhile. It fails as
// [lag.Collect] does.
func Groups(ctx context.Context, cl *kgo.Client, c Config) (*Observation, error) {
	c = c.withDefaults()
	request := lag.Request{Groups: c.Groups, Topics: c.Topics, Now: c.Now, Word: c.Word}
	first, err := c.collect(ctx, cl, request)
	if err != nil {
		return nil, err
	}
	o := &Observation{First: first, Last: first, Activities: map[string]*Activity{}}
	o.look(first)
	reading := make(chan *reader, 1)
	go func() {
		bounded, cancel := c.within(ctx, c.Window)
		defer cancel()
		reading <- readPast(bounded, cl, c, first)
	}()
	err = o.watch(ctx, cl, c)
	read := <-reading
	defer read.close()
	if err == nil && c.Window > 0 {
		o.Last, err = c.collect(ctx, cl, request)
	}
	if err != nil {
		return nil, err
	}
	if c.Window > 0 {
		o.look(o.Last)
		bounded, cancel := c.within(ctx, 0)
		defer cancel()
		read.readOn(bounded, cl, c)
	}
	o.remember(&read.past)
	return o, nil
}

// within bounds what takes as long as it should, and the time limit more.
func (c Config) within(ctx context.Context, should time.Duration) (context.Context, context.CancelFunc) {
	if c.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, should+c.Timeout)
}

func (c Config) collect(ctx context.Context, cl *kgo.Client, request lag.Request) (*lag.Report, error) {
	bounded, cancel := c.within(ctx, 0)
	defer cancel()
	return lag.Collect(bounded, cl, request)
}

// watch looks at the members until the window is over. A look that fails is left out:
// the last report says what can't be read.
func (o *Observation) watch(ctx context.Context, cl *kgo.Client, c Config) error {
	looks, began := int(c.Window/c.Every), time.Now()
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for i := 0; time.Since(began) < c.Window; i++ { // where looks take long, there are fewer
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		r, err := c.collect(ctx, cl, lag.Request{Groups: c.Groups, Now: c.Now, Word: c.Word, MembersOnly: true})
		if err == nil {
			o.look(r)
		}
		c.Looked(min(i+1, looks), looks)
	}
	return ctx.Err()
}

func (o *Observation) look(r *lag.Report) {
	for i := range r.Groups {
		g := &r.Groups[i]
		a := o.Activities[g.Name]
		if a == nil {
			a = &Activity{States: map[string]int{}, Rebalances: lag.Unknown}
			o.Activities[g.Name] = a
		}
		if g.Error == "" {
			a.take(g)
		}
	}
}

func (a *Activity) take(g *lag.Group) {
	var roster []string
	for _, m := range g.Roster {
		roster = append(roster, m.ID)
	}
	slices.Sort(roster)
	if a.Looks > 0 {
		joined, left := difference(roster, a.roster), difference(a.roster, roster)
		a.Joined, a.Left = a.Joined+joined, a.Left+left
		begun := Rebalancing(g.State) && !Rebalancing(a.state)
		if joined+left > 0 || g.Epoch != a.epoch || begun {
			a.Changes++
		}
	}
	a.Looks++
	a.States[string(g.State)]++
	if g.Assignor != "" {
		a.Assignor = g.Assignor
	}
	a.roster, a.epoch, a.state = roster, g.Epoch, g.State
}

// difference counts what is in a and not in b.
func difference(a, b []string) (n int) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			n++
		}
	}
	return n
}

// Own tells groups of evtctl's own, which nobody is a member of: they hold how far dead
// letters are dealt with, and what a reset has replaced.
func Own(group string) bool { return strings.HasPrefix(group, "evtctl.") || replay.KeepsUndo(group) }

// Rebalancing tells whether a group in a state is between two assignments.
func Rebalancing(state lag.Text) bool {
	switch state {
	case "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling":
		return true
	}
	return false
}

// Unsettled is the share of looks, from 0 to 1, at which the group was rebalancing.
func (a *Activity) Unsettled() float64 {
	if a.Looks == 0 {
		return 0
	}
	n := 0
	for state, looks := range a.States {
		if Rebalancing(lag.Text(state)) {
			n += looks
		}
	}
	return float64(n) / float64(a.Looks)
}

// Still lists the partitions in which a group's commit stood still over the window
// though there was something to read, with their state at its end.
func (o *Observation) Still(group string) (still []lag.Partition) {
	first, last := find(o.First, group), find(o.Last, group)
	if first == nil || last == nil || o.First == o.Last {
		return nil
	}
	before := map[lag.Position]lag.Int{}
	for _, p := range first.Partitions {
		if p.Lag.Known() && p.Lag > 0 {
			before[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p.Committed
		}
	}
	for _, p := range last.Partitions {
		committed, was := before[lag.Position{Topic: p.Topic, Partition: p.Partition}]
		if was && p.Error == "" && p.Lag > 0 && p.Committed == committed {
			still = append(still, p)
		}
	}
	return still
}

// Moved tells whether a group has committed anything new over the window.
func (o *Observation) Moved(group string) bool {
	first, last := find(o.First, group), find(o.Last, group)
	if first == nil || last == nil {
		return false
	}
	before := map[lag.Position]lag.Int{}
	for _, p := range first.Partitions {
		before[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p.Committed
	}
	for _, p := range last.Partitions {
		if was, known := before[lag.Position{Topic: p.Topic, Partition: p.Partition}]; known && was != p.Committed {
			return true
		}
	}
	return false
}

// Since is when the group committed an offset where it stands; zero: not known.
func (a *Activity) Since(topic string, partition int32, offset lag.Int) time.Time {
	for _, c := range a.Commits {
		if c.Topic == topic && c.Partition == partition && c.Offset == int64(offset) {
			return c.At
		}
	}
	return time.Time{}
}

// Window is the time between the two reports.
func (o *Observation) Window() time.Duration { return o.Last.TakenAt.Sub(o.First.TakenAt) }

func find(r *lag.Report, group string) *lag.Group {
	i, found := slices.BinarySearchFunc(r.Groups, group, func(g lag.Group, name string) int {
		switch {
		case g.Name < name:
			return -1
		case g.Name > name:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return &r.Groups[i]
}
