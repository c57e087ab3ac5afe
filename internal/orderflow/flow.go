package orderflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The names of what the flow uses, without a prefix.
const (
	OrderTopic     = "order-events"
	InventoryTopic = "inventory-events"

	InventoryGroup    = "inventory-group"
	NotificationGroup = "notification-group"
	AnalyticsGroup    = "analytics-group"
)

// Partitions is how many a topic of the flow is created with. A topic that is
// there already is used as it is.
const Partitions = 6

// What a run is like when its user wants nothing in particular: it takes about
// two seconds and leaves the analytics group more than 100 orders behind.
const (
	DefaultOrders = 200
	DefaultRate   = 100 // orders per second
)

// slowestRate is one order an hour.
const slowestRate = 1.0 / 3600

// DefaultTimeout bounds the wait for any one answer of the brokers.
const DefaultTimeout = 10 * time.Second

// ErrLost is wrapped when the brokers stopped answering during a run.
var ErrLost = errors.New("the brokers stopped answering")

// Config says what to run.
type Config struct {
	// Open opens a client of the cluster with these options added to its own. It
	// is called once for each service and once for the flow itself.
	Open func(context.Context, ...kgo.Opt) (*kgo.Client, error)

	// Orders is how many orders to place; it means nothing with Keep.
	Orders int
	// Rate is how many orders to place per second; 0 is as many as the brokers take.
	Rate float64
	// Keep goes on placing orders at Rate, which must not be 0, until ctx ends.
	Keep bool
	// Seed decides everything about the orders but their times. Using one again
	// on a cluster places the same orders with the same ids again.
	Seed int64
	// Capacity is how fast the services are. The zero value is DefaultCapacity.
	Capacity Capacity
	// Prefix goes before the name of each topic and group.
	Prefix string

	// Clock tells the time for events; nil is time.Now. It doesn't drive the pace.
	Clock func() time.Time
	// Timeout is DefaultTimeout when 0.
	Timeout time.Duration
	// Progress is called about ten times a second and once at the end, never twice
	// at a time, and must return soon. May be nil.
	Progress func(Progress)
	// Logger gets the notification service's e-mails, and what was passed over;
	// nil for nobody.
	Logger *slog.Logger
}

// Capacity is how many orders per second each service can deal with; 0 is
// without limit.
type Capacity struct {
	Inventory, Notification, Analytics float64
}

// DefaultCapacity makes the analytics service fall behind at [DefaultRate], and
// the inventory service at twice that.
var DefaultCapacity = Capacity{Inventory: 200, Notification: 500, Analytics: 20}

// withDefaults returns c complete, or why it can't be run.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Open == nil:
		return c, errors.New("no cluster to run it on")
	case c.Keep && c.Rate <= 0:
		return c, errors.New("to keep it running takes a rate above 0")
	case !(c.Rate >= 0) || c.Rate > 0 && c.Rate < slowestRate: // the negation catches NaN
		return c, fmt.Errorf("a rate of %g orders per second is neither 0 nor at least one an hour", c.Rate)
	case !c.Keep && c.Orders < 1:
		return c, fmt.Errorf("%d orders are none to place", c.Orders)
	}
	if c.Capacity == (Capacity{}) {
		c.Capacity = DefaultCapacity
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
