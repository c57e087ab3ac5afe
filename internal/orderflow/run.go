package orderflow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// flow is a run under way.
type flow struct {
	Config
	life      context.Context // of the clients: ends when waiting for the brokers has no point any more
	startedAt time.Time       // by Config.Clock
	start     time.Time       // by the real one

	client *kgo.Client // the flow's own, for looking
	admin  *kadm.Client

	orders       *orders
	inventory    *inventory
	notification *notification
	analytics    *analytics
	closers      []func() // of all clients opened
}

// Run runs the order flow and says what happened, also beside an error.
//
// Without Keep it ends when all orders are placed and the inventory and
// notification groups have dealt with them; the analytics group, which is slower,
// may still be behind then. With Keep it ends when ctx does, which is no error
// then. However it ends, what is under way is finished, and the groups are left
// without members.
//
// Brokers that don't answer for Config.Timeout are an error that wraps [ErrLost].
// A flow that doesn't move for three times as long is an error too.
func Run(ctx context.Context, c Config) (*Summary, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("run the order flow: %w", err)
	}
	life, endLife := context.WithCancelCause(context.WithoutCancel(ctx))
	defer endLife(nil)
	f := &flow{Config: c, life: life, startedAt: c.Clock(), start: time.Now()}
	defer f.close()

	topics, err := f.open(ctx)
	if err == nil {
		err = f.serve(ctx, endLife)
	}
	if err == nil && !c.Keep && ctx.Err() != nil {
		err = fmt.Errorf("ended before it was done: %w", context.Cause(ctx))
	}
	if err != nil {
		err = fmt.Errorf("run the order flow: %w", err)
	}
	return f.summary(ctx, topics), err
}

// open connects, makes sure of the topics and opens the services.
func (f *flow) open(ctx context.Context) (topics []TopicSummary, err error) {
	// A client remembers for 5 s that a topic is missing, unless told otherwise.
	f.client, _, err = f.openClient(ctx, kgo.ClientID("order-flow"), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	f.admin = kadm.NewClient(f.client)
	limited, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	if err := f.client.Ping(limited); err != nil {
		return nil, fmt.Errorf("connect to the brokers: %w", err)
	}
	orderTopic, inventoryTopic := f.Prefix+OrderTopic, f.Prefix+InventoryTopic
	if topics, err = ensureTopics(limited, f.admin, orderTopic, inventoryTopic); err != nil {
		return nil, err
	}
	return topics, f.openServices(ctx, orderTopic, inventoryTopic)
}

func (f *flow) openServices(ctx context.Context, orderTopic, inventoryTopic string) error {
	producer, closeProducer, err := f.openClient(ctx, kgo.ClientID("order-1"), kgo.MaxBufferedRecords(1000))
	if err != nil {
		return err
	}
	f.orders = &orders{
		client: producer, close: closeProducer, topic: orderTopic, pace: newPace(f.Rate),
		generator: newGenerator(f.Seed), clock: f.Clock, ends: make(map[int32]int64),
	}
	join := func(group, clientID string) (*member, error) {
		client, closeClient, err := f.openClient(ctx, memberOptions(f.Prefix+group, clientID, orderTopic)...)
		return &member{
			group: f.Prefix + group, clientID: clientID, client: client, close: closeClient, log: f.Logger,
		}, err
	}
	inventoryMember, err := join(InventoryGroup, "inventory-1")
	if err != nil {
		return err
	}
	notificationMember, err := join(NotificationGroup, "notification-1")
	if err != nil {
		return err
	}
	analyticsMember, err := join(AnalyticsGroup, "analytics-1")
	if err != nil {
		return err
	}
	f.inventory = &inventory{inventoryMember, inventoryTopic, newPace(f.Capacity.Inventory), f.Clock}
	f.notification = &notification{notificationMember, newPace(f.Capacity.Notification)}
	f.analytics = &analytics{
		member: analyticsMember, pace: newPace(f.Capacity.Analytics), byTier: make(map[string]int),
	}
	return nil
}

// openClient opens a client and returns it with what closes it. When the flow's
// life ends it is closed too: only that ends what waits for its brokers.
func (f *flow) openClient(ctx context.Context, opts ...kgo.Opt) (*kgo.Client, func(), error) {
	client, err := f.Open(ctx, append(opts, kgo.WithContext(f.life), kgo.DisableClientMetrics(),
		kgo.RequestTimeoutOverhead(min(max(f.Timeout, 100*time.Millisecond), 15*time.Minute)))...) // kgo's limits
	if err != nil {
		return nil, nil, fmt.Errorf("open a client: %w", err)
	}
	closeOnce := sync.OnceFunc(client.CloseAllowingRebalance)
	f.closers = append(f.closers, closeOnce)
	context.AfterFunc(f.life, closeOnce)
	return client, closeOnce, nil
}

// close closes what is still open; the services have closed their clients
// themselves, if they ever ran.
func (f *flow) close() {
	for _, c := range f.closers {
		c()
	}
}

// serve runs the services until they are done, one of them can't go on, or ctx ends.
func (f *flow) serve(ctx context.Context, endLife context.CancelCauseFunc) error {
	working, stop := context.WithCancel(f.life)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	services, working := errgroup.WithContext(working)
	defer f.limitEnd(working, endLife)()

	placed := make(chan struct{})
	services.Go(func() error {
		defer f.orders.close()
		defer close(placed)
		if f.Keep {
			return f.orders.place(working, 0)
		}
		return f.orders.place(working, f.Orders)
	})
	services.Go(func() error { return f.inventory.consume(working, f.inventory.handle) })
	services.Go(func() error { return f.notification.consume(working, f.notification.handle) })
	services.Go(func() error { return f.analytics.consume(working, f.analytics.handle) })
	services.Go(func() error {
		defer stop()
		err := f.watch(working, placed)
		if err != nil {
			endLife(err)
		}
		return err
	})
	err := services.Wait()
	if cause := context.Cause(f.life); cause != nil && (err == nil || errors.Is(err, kgo.ErrClientClosed)) {
		return cause // which is why the clients were closed
	}
	return err
}

// limitEnd bounds how long the services finish what is under way once they are
// to end. What it returns ends the watch.
func (f *flow) limitEnd(working context.Context, endLife context.CancelCauseFunc) (done func()) {
	ended := make(chan struct{})
	go func() {
		select {
		case <-working.Done():
		case <-ended:
			return
		}
		timer := time.NewTimer(f.Timeout)
		defer timer.Stop()
		select {
		case <-timer.C:
			endLife(fmt.Errorf("%w for %s when it was to end", ErrLost, f.Timeout))
		case <-ended:
		}
	}()
	return func() { close(ended) }
}
