package orderflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// lateAudit is the group that comes late.
const lateAudit = "audit-group"

// lateGroup lets a group begin at the end, after the orders were placed.
func lateGroup(ctx context.Context, st *stage) error {
	c := st.broken(func(*faults) {})
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	err = p.order(ctx)
	if err == nil {
		err = p.settled(ctx)
	}
	var late, early int64
	if err == nil {
		late, err = p.audit(ctx, lateAudit, true, c.held)
	}
	if err == nil {
		early, err = p.audit(ctx, MendedPrefix+lateAudit, false, Config{}.held)
	}
	if err = errors.Join(err, p.end()); err != nil {
		return err
	}
	group := st.group(lateAudit)
	st.broke("%s read %d of the records in %s: it has committed nothing, and begins at the end, behind what was there before it", group, late, st.orders())
	st.broke("no error, no lag that anybody is told of: a group without commits has none to compare with")
	st.mended("one that begins at the start read %d", early)
	st.show(fmt.Sprintf("lag --group %s", group))
	st.mend(fmt.Sprintf("replay reset --from-group %s --in-place --topic %s --to start", group, st.orders()))
	return nil
}

// audit reads orders in a group of its own for a while, while looked is called, and says
// how many it got.
func (p *playing) audit(ctx context.Context, group string, atEnd bool, looked func(context.Context) error) (int64, error) {
	c, err := consume.New(consume.Config{
		Open: p.Open, Group: p.topic(group), Topics: []string{p.topic(event.OrderTopic)}, StartAtEnd: atEnd,
		Handle: func(context.Context, consume.Message) error { return nil },
	})
	if err != nil {
		return 0, err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(reading) }()
	err = p.eventually(ctx, "the group reads", func(context.Context) (bool, error) {
		stats := c.Stats()
		return stats.Rebalances > 0 && (atEnd || stats.Handled >= p.customers.placed.Load()), nil
	})
	if err == nil && atEnd {
		err = rest(ctx) // it has its partitions: what it were to get, it would
	}
	if err == nil {
		err = looked(ctx)
	}
	stop()
	return c.Stats().Handled, errors.Join(err, <-ended)
}

// How the storm is made, and how long it lasts.
const (
	stormMembers  = 3
	stormRestarts = 6
	stormEvery    = 300 * time.Millisecond
)

// rebalanceStorm restarts the members of a group one after the other: first with eager
// assignment, in which each rebalance takes everything from everyone, then as static
// members with cooperative assignment.
func rebalanceStorm(ctx context.Context, st *stage) error {
	eager, err := storm(ctx, st.broken(func(*faults) {}), consume.Eager, false)
	if err != nil {
		return err
	}
	calm, err := storm(ctx, st.good(), consume.CooperativeSticky, true)
	if err != nil {
		return err
	}
	group := st.group(event.InventoryGroup)
	st.broke("%d restarts of %d members made %d changes of assignment: partitions came or went, and work stood still meanwhile", eager.restarts, stormMembers, eager.rebalances)
	st.broke("the group was stable in %d of %d looks at it", eager.stable, eager.looks)
	st.mended("as static members with cooperative assignment %d restarts made %d, and the group was stable in %d of %d looks", calm.restarts, calm.rebalances, calm.stable, calm.looks)
	st.show(fmt.Sprintf("lag --group %s", group), "lag watch")
	return nil
}

// stormed is what a storm did.
type stormed struct{ restarts, rebalances, looks, stable int64 }

// storm runs members of the inventory group on one shop, and restarts them in turn.
func storm(ctx context.Context, c Config, assignor consume.Assignor, static bool) (s stormed, err error) {
	c.Only = []Service{Order, Inventory, Customers, Relay}
	c.Assignor, c.Static = assignor, static
	p, err := start(ctx, c)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	crowd := &crowd{p: p, static: static}
	defer func() { s.rebalances += crowd.endAll() }()
	for i := range stormMembers {
		if err := crowd.join(ctx, i); err != nil {
			return s, err
		}
	}
	group := p.topic(event.InventoryGroup)
	if err := p.eventually(ctx, "the group is stable", p.stable(group)); err != nil {
		return s, err
	}
	before := crowd.rebalances()
	if err := p.order(ctx); err != nil {
		return s, err
	}
	looking := make(chan error, 1)
	go func() { looking <- c.held(ctx) }()
	for i := 0; i < stormRestarts || len(looking) == 0; i++ {
		s.restarts++
		if err := crowd.restart(ctx, i%stormMembers); err != nil {
			return s, errors.Join(err, <-looking)
		}
		for until := time.Now().Add(stormEvery); time.Now().Before(until); s.looks++ {
			ok, err := p.stable(group)(ctx)
			if err != nil {
				return s, errors.Join(err, <-looking)
			}
			if ok {
				s.stable++
			}
		}
	}
	if err := <-looking; err != nil {
		return s, err
	}
	err = p.eventually(ctx, "the group is stable again", p.stable(group))
	s.rebalances = -before
	return s, err
}

// stable tells whether a group has settled on who reads what.
func (p *playing) stable(group string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		time.Sleep(10 * time.Millisecond)
		groups, err := p.admin.DescribeGroups(ctx, group)
		return err == nil && groups[group].State == "Stable", err
	}
}

// crowd is more members of the inventory group.
type crowd struct {
	p       *playing
	static  bool
	members [stormMembers]struct {
		consumer *consume.Consumer
		stop     context.CancelFunc
		ended    chan error
	}
	gone int64 // changes of assignment of those that have ended
}

func (c *crowd) join(ctx context.Context, i int) error {
	work := &inventory{db: c.p.db, pace: newPace(0), shop: c.p.shop}
	config := consume.Config{
		Open: c.p.Open, Codec: c.p.codec, Log: c.p.Logger, Group: c.p.topic(event.InventoryGroup), Topics: []string{c.p.topic(event.OrderTopic)},
		Handle: work.handle, Assignor: c.p.Assignor,
	}
	if c.static {
		config.InstanceID = fmt.Sprintf("%s-crowd-%d", config.Group, i)
	}
	consumer, err := consume.New(config)
	if err != nil {
		return err
	}
	m := &c.members[i]
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.consumer, m.stop, m.ended = consumer, stop, make(chan error, 1)
	go func(ended chan error) { ended <- consumer.Run(reading) }(m.ended)
	return nil
}

func (c *crowd) restart(ctx context.Context, i int) error {
	if err := c.leave(i); err != nil {
		return err
	}
	return c.join(ctx, i)
}

func (c *crowd) leave(i int) error {
	m := &c.members[i]
	if m.consumer == nil {
		return nil
	}
	m.stop()
	err := <-m.ended
	c.gone += m.consumer.Stats().Rebalances
	m.consumer = nil
	return err
}

// rebalances are the changes of assignment so far, of all members.
func (c *crowd) rebalances() int64 {
	n := c.gone + c.p.consumers[Inventory].Stats().Rebalances
	for _, m := range c.members {
		if m.consumer != nil {
			n += m.consumer.Stats().Rebalances
		}
	}
	return n
}

func (c *crowd) endAll() int64 {
	n := c.rebalances()
	for i := range c.members {
		_ = c.leave(i)
	}
	return n
}

// ErrTooFewBrokers is a cluster on which nothing can be replicated.
var ErrTooFewBrokers = errors.New("it takes three brokers")

// unreplicated looks on while a broker is stopped, which is somebody else's to do.
func unreplicated(ctx context.Context, st *stage) (err error) {
	c := st.broken(func(*faults) {})
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	brokers, err := p.admin.ListBrokers(ctx)
	if err != nil {
		return err
	}
	if len(brokers) < 3 {
		return fmt.Errorf("%w, and this cluster has %d", ErrTooFewBrokers, len(brokers))
	}
	if err := p.order(ctx); err != nil {
		return err
	}
	st.Progress(Progress{Placed: int(p.customers.placed.Load())})
	if st.OnReady != nil {
		st.OnReady("stop one broker now; it is waited for")
	}
	var thin []string
	if err := p.eventually(ctx, "a broker is stopped", func(ctx context.Context) (bool, error) {
		thin, err = p.thin(ctx)
		return len(thin) > 0, err
	}); err != nil {
		return err
	}
	if err := c.held(ctx); err != nil {
		return err
	}
	st.broke("%d partitions have fewer replicas in sync than they should: %s", len(thin), strings.Join(thin[:min(3, len(thin))], ", "))
	st.broke("the next broker that stops takes with it what has no other replica in sync; with min.insync.replicas reached, writes are refused")
	st.show(fmt.Sprintf("lag --topic %s", st.orders()))
	if st.OnReady != nil {
		st.OnReady("start it again; it is waited for")
	}
	if err := p.eventually(ctx, "the broker is back", func(ctx context.Context) (bool, error) {
		thin, err = p.thin(ctx)
		return err == nil && len(thin) == 0, err
	}); err != nil {
		return err
	}
	if err := p.settled(ctx); err != nil {
		return err
	}
	v, err := p.verify(ctx)
	if err != nil {
		return err
	}
	st.out.StillBroken = v.Broken()
	st.mended("with the broker back all replicas are in sync, and no order was lost")
	return nil
}

// thin lists the flow's partitions with fewer replicas in sync than replicas.
func (p *playing) thin(ctx context.Context) ([]string, error) {
	topics, err := p.admin.ListTopics(ctx, p.Config.topics()...)
	if err != nil {
		return nil, err
	}
	var list []string
	topics.EachPartition(func(d kadm.PartitionDetail) {
		if len(d.ISR) < len(d.Replicas) {
			list = append(list, fmt.Sprintf("%s:%d (%d of %d)", d.Topic, d.Partition, len(d.ISR), len(d.Replicas)))
		}
	})
	slices.Sort(list)
	return list, nil
}
