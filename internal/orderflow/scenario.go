package orderflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// Scenario breaks one thing on purpose, and then shows it mended.
type Scenario struct {
	Name  string
	Short string // what it does, in one line
	run   func(context.Context, *stage) error
	own   []string // groups beside those of the flow
	alone bool     // the mended variant uses what the broken one does
}

// Names are what a flow makes in a cluster.
type Names struct{ Topics, Groups []string }

// Names gives what the flow makes, unless it is there already.
func (c *Config) Names() Names {
	n := Names{Topics: c.topics()}
	for _, group := range []string{event.InventoryGroup, event.PaymentGroup, event.DeliveryGroup, event.NotificationGroup, event.AnalyticsGroup, event.MonitorGroup} {
		n.Groups = append(n.Groups, c.topic(group))
	}
	return n
}

// Names gives what a scenario may make on top of what the flow makes: nearly all of them
// have their mended variant beside the broken one.
func (s Scenario) Names(c Config) Names {
	var n Names
	if !s.alone {
		mended := mendedOf(c)
		n = mended.Names()
	}
	for _, group := range s.own {
		n.Groups = append(n.Groups, c.topic(group))
	}
	return n
}

// Scenarios lists all, in the order of the manual.
func Scenarios() []Scenario {
	return []Scenario{
		{"poison", "one record that can't be read stops its partition", poison, nil, false},
		{"dead-letters", "three kinds of failure end in the dead-letter topic", deadLetters, nil, false},
		{"burst", "more events than consumers can take, without backpressure and with it", burst, nil, false},
		{"wrong-key", "payments keyed by payment: a refund can overtake its charge", wrongKey, nil, false},
		{"dual-write", "sending inside of a transaction: lost events and ghosts", dualWrite, nil, false},
		{"duplicates", "a crash between work and commit: everything reserved twice", duplicates, nil, false},
		{"rebalance-storm", "eager assignment and rolling restarts: a group that is never stable", rebalanceStorm, nil, false},
		{"schema-break", "a producer deploys a required field that nobody knows", schemaBreak, nil, false},
		{"late-group", "a group that starts at the end never reads what was there before", lateGroup, []string{lateAudit, MendedPrefix + lateAudit}, true},
		{"unreplicated", "a broker stops: partitions with fewer replicas than they should have", unreplicated, nil, true},
	}
}

// UnknownScenarioError is a name that no scenario has.
type UnknownScenarioError struct{ Name, Near string }

func (e *UnknownScenarioError) Error() string { return fmt.Sprintf("there is no scenario %q", e.Name) }

// Hint is the next step.
func (e *UnknownScenarioError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q? \"evtctl demo list\" lists them", e.Near)
	}
	return "\"evtctl demo list\" lists them"
}

// FindScenario finds one by its name.
func FindScenario(name string) (Scenario, error) {
	near, best := "", 4
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		if d := levenshtein.ComputeDistance(name, s.Name); d < best {
			near, best = s.Name, d
		}
	}
	return Scenario{}, &UnknownScenarioError{name, near}
}

// Outcome is what a scenario broke, and how that is seen and mended.
type Outcome struct {
	Version  int    `json:"version"` // of this document's form: 1
	Scenario string `json:"scenario"`
	Short    string `json:"short"`
	// Broke says what broke, in sentences; Mended what is otherwise in the mended
	// variant.
	Broke  []string `json:"broke"`
	Mended []string `json:"mended"`
	// Broken are the checks that don't hold in the broken variant; StillBroken in the
	// mended one, where there should be none.
	Broken      []Check `json:"broken_checks"`
	StillBroken []Check `json:"still_broken_checks"`
	// Show and Mend are evtctl commands, without the program's name and the flags that
	// say which cluster.
	Show []string `json:"show"`
	Mend []string `json:"mend"`
}

// MendedPrefix goes before the names of what the mended variant uses, after
// Config.Prefix.
const MendedPrefix = "mended."

// Play runs a scenario on a cluster. What it broke is left there to be looked at.
func Play(ctx context.Context, s Scenario, c Config) (*Outcome, error) {
	attempt := fmt.Sprintf("play %q", s.Name)
	if c.Orders == 0 {
		c.Orders = DefaultOrders
	}
	c.Keep, c.Duration, c.Only = false, 0, nil
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attempt, err)
	}
	c.Capacity = Capacity{Analytics: 1e6} // nobody is slow on purpose
	if c.faults.retryEvery == 0 {
		c.faults.retryEvery = 50 * time.Millisecond // as a second's pauses would show nothing more
	}
	st := &stage{Config: c, out: &Outcome{
		Version: 1, Scenario: s.Name, Short: s.Short, Broke: []string{}, Mended: []string{}, Broken: []Check{}, StillBroken: []Check{}, Show: []string{}, Mend: []string{},
	}}
	if err := s.run(ctx, st); err != nil {
		return st.out, fmt.Errorf("%s: %w", attempt, err)
	}
	return st.out, nil
}

// stage is where a scenario plays.
type stage struct {
	Config
	out *Outcome
}

func (st *stage) broke(format string, args ...any) {
	st.out.Broke = append(st.out.Broke, fmt.Sprintf(format, args...))
}

func (st *stage) mended(format string, args ...any) {
	st.out.Mended = append(st.out.Mended, fmt.Sprintf(format, args...))
}

func (st *stage) show(commands ...string) { st.out.Show = append(st.out.Show, commands...) }
func (st *stage) mend(commands ...string) { st.out.Mend = append(st.out.Mend, commands...) }

// broken is the configuration of the broken variant, and good that of the mended one,
// which has topics, groups and a database of its own.
func (st *stage) broken(change func(*faults)) Config {
	c := st.Config
	c.faults.hold = st.OnBroken
	change(&c.faults)
	return c
}

// held lets somebody look at what is broken.
func (c Config) held(ctx context.Context) error {
	if c.faults.hold == nil {
		return nil
	}
	look := Broken{Topic: c.topic(cmp.Or(c.faults.about, event.OrderTopic))}
	if c.faults.compared {
		look.Database = c.Database
	}
	return c.faults.hold(ctx, look)
}

func (st *stage) good() Config { return mendedOf(st.Config) }

func mendedOf(c Config) Config {
	c.Prefix += MendedPrefix
	c.Database = ""
	return c
}

// playing is a shop whose services run while a scenario plays with it.
type playing struct {
	*shop
	stop  context.CancelFunc
	ended chan struct{}
	err   error // of the services; set before ended is closed
}

// start opens a shop and its services.
func start(ctx context.Context, c Config) (*playing, error) {
	s, err := begin(ctx, c)
	if err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &playing{shop: s, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = s.run(working)
	}()
	return p, nil
}

// end ends the services and closes the shop.
func (p *playing) end() error {
	p.stop()
	<-p.ended
	p.close()
	return p.err
}

// order lets customers order until all have.
func (p *playing) order(ctx context.Context) error { return p.customers.order(ctx) }

// settled waits until everything is dealt with.
func (p *playing) settled(ctx context.Context) error {
	var last standing
	err := p.eventually(ctx, "everything is dealt with", func(ctx context.Context) (bool, error) {
		now, err := p.look(ctx)
		if err == nil {
			last = now
		}
		return err == nil && now.settled(), err
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w (as last seen: %s)", err, last)
	}
	return err
}

// eventually waits for a condition, not without end, and not when the services have
// ended, of which end says why.
func (p *playing) eventually(ctx context.Context, what string, holds func(context.Context) (bool, error)) error {
	limited, cancel := context.WithTimeout(ctx, 6*p.Timeout)
	defer cancel()
	for {
		ok, err := holds(limited)
		if ok {
			return nil
		}
		select {
		case <-p.ended:
			if ok, _ := holds(limited); ok { // they may have just done it
				return nil
			}
			return fmt.Errorf("the services ended before %s", what)
		default:
		}
		if rest(limited) == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errors.Join(fmt.Errorf("it took longer than %s until %s", 6*p.Timeout, what), err)
	}
}

// whole runs a whole flow and verifies it.
func (st *stage) whole(ctx context.Context, c Config) (*Summary, *Verification, error) {
	p, err := start(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	err = p.order(ctx)
	if err == nil {
		err = p.settled(ctx)
	}
	sum := p.summary(ctx, p.Clock(), began)
	var v *Verification
	if err == nil {
		v, err = p.verify(ctx)
	}
	if err == nil {
		err = c.held(ctx)
	}
	return sum, v, errors.Join(err, p.end())
}

// contrast runs a flow broken and another one mended, and notes what doesn't hold in
// each.
func (st *stage) contrast(ctx context.Context, broken, mended Config) (b, m *Summary, err error) {
	b, bv, err := st.whole(ctx, broken)
	if err != nil {
		return nil, nil, err
	}
	m, mv, err := st.whole(ctx, mended)
	if err != nil {
		return nil, nil, err
	}
	st.out.Broken, st.out.StillBroken = bv.Broken(), mv.Broken()
	return b, m, nil
}

// count is how many orders a check of the broken variant names.
func (st *stage) count(what string) int {
	at := slices.IndexFunc(st.out.Broken, func(c Check) bool { return c.What == what })
	if at < 0 {
		return 0
	}
	return st.out.Broken[at].Count
}

// names of the broken variant, for commands.
func (st *stage) orders() string           { return st.topic(event.OrderTopic) }
func (st *stage) group(name string) string { return st.topic(name) }
