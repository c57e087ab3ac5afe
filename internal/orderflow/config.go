package orderflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// What a run is like when its user wants nothing in particular: it takes about two
// seconds and leaves the analytics group more than 100 orders behind.
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

// Service is a part of the shop that can run by itself.
type Service string

// The services. Customers aren't one, but they come and order.
const (
	Customers    Service = "customers"
	Order        Service = "order"
	Relay        Service = "relay"
	Inventory    Service = "inventory"
	Payment      Service = "payment"
	Delivery     Service = "delivery"
	Notification Service = "notification"
	Analytics    Service = "analytics"
	Monitor      Service = "monitor"
)

// Services lists all services.
func Services() []Service {
	return []Service{Customers, Order, Relay, Inventory, Payment, Delivery, Notification, Analytics, Monitor}
}

// Config says what to run.
type Config struct {
	// Open opens a client of the cluster with these options added to its own.
	Open func(context.Context, ...kgo.Opt) (*kgo.Client, error)
	// RegistryURL is where events' schemas are; empty writes events as JSON.
	RegistryURL string
	// RegistryHTTP brings the login to the registry; nil: none is needed.
	RegistryHTTP *http.Client
	// Database is as store.Open takes it; empty for one that is gone afterwards.
	Database string

	// Orders is how many orders to place; it means nothing with Keep.
	Orders int
	// Rate is how many orders to place per second; 0 is as many as the shop takes.
	Rate float64
	// Duration ends placing orders after a time; 0: when there are Orders.
	Duration time.Duration
	// Keep goes on placing orders at Rate, which must not be 0, until ctx ends.
	Keep bool
	// Seed decides everything about the orders but their times. Using one again
	// places the same orders with the same ids.
	Seed int64
	// Capacity is how fast the services are. The zero value is DefaultCapacity.
	Capacity Capacity
	// Prefix goes before the name of each topic and group.
	Prefix string

	EventVersion int  // of OrderPlacedEvent, 1 or 2; 0: 2
	GRPC         bool // the order service asks the inventory service over gRPC
	WAL          bool // the relay reads PostgreSQL's log, instead of asking
	Assignor     consume.Assignor
	Static       bool // consumers are static members of their groups

	// Only are the services to run here; nil: all. Others run elsewhere, at the same
	// Addresses and with the same Database.
	Only []Service
	// Groups are groups that services join instead of their own, such as isolated ones
	// that a replay made; Prefix isn't put before these names.
	Groups map[Service]string
	// Addresses are where services listen; those that are empty are chosen.
	Addresses Addresses

	// Clock tells the time for events; nil is time.Now. It doesn't drive the pace.
	Clock func() time.Time
	// Timeout is DefaultTimeout when 0.
	Timeout time.Duration
	// Progress is called about ten times a second and once at the end, never twice
	// at a time, and must return soon. May be nil.
	Progress func(Progress)
	// OnReady is told what a person has to do now, such as stopping a broker. May be nil.
	OnReady func(string)
	// OnBroken is called while what a scenario broke is broken, and its services run. The
	// scenario goes on when it returns. May be nil.
	OnBroken func(context.Context, Broken) error
	// Logger gets what services have to say; nil for nobody.
	Logger *slog.Logger
	// Telemetry is the URL of an OTLP receiver for traces; empty: that of the
	// OTEL_EXPORTER_OTLP_* variables, or none.
	Telemetry string

	faults faults
}

// Addresses are host:port of what listens.
type Addresses struct{ Order, StockHTTP, StockGRPC string }

// Broken says where to look for what a scenario broke.
type Broken struct {
	Topic    string
	Database string // empty: it isn't needed
}

// faults are what scenarios break.
type faults struct {
	forgetful bool // the inventory service doesn't remember events
	crash     bool // the inventory service works, and never commits
	// lose and giveUp make the order service write twice, see order.DualWrite.
	lose, giveUp func(orderID string) bool
	// fail makes the inventory service fail for orders, for good.
	fail          func(*event.OrderPlacedEvent) error
	noDeadLetters bool          // what can't be handled stops its partition
	noPressure    bool          // consumers take in all that there is
	retryEvery    time.Duration // 0: as services do, a second
	wrongKey      bool          // payments are keyed by their own ids
	hold          func(context.Context, Broken) error
	about         string // the topic to look at; empty: that of orders
	compared      bool   // the database is to be looked at, too
	scarce        bool   // there isn't enough in stock for all orders
}

// Capacity is how many orders per second each service can deal with; 0 is
// without limit.
type Capacity struct {
	Inventory, Payment, Notification, Analytics float64
}

// DefaultCapacity makes the analytics service fall behind at [DefaultRate], and
// the inventory service at some more than that.
var DefaultCapacity = Capacity{Inventory: 400, Notification: 500, Analytics: 20}

// withDefaults returns c complete, or why it can't be run.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Open == nil:
		return c, errors.New("no cluster to run it on")
	case c.Orders < 0:
		return c, fmt.Errorf("%d orders can't be placed", c.Orders)
	case !(c.Rate >= 0):
		return c, fmt.Errorf("a rate of %g orders per second can't be kept", c.Rate)
	case c.Rate > 0 && c.Rate < slowestRate:
		return c, fmt.Errorf("a rate of %g orders per second is less than one an hour", c.Rate)
	case c.Keep && c.Rate == 0:
		return c, errors.New("a flow that goes on for ever needs a rate")
	case c.Orders == 0 && !c.Keep && c.Duration <= 0 && c.runs(Customers):
		return c, errors.New("no orders to place")
	case c.EventVersion < 0 || c.EventVersion > 2:
		return c, fmt.Errorf("there is no version %d of OrderPlacedEvent", c.EventVersion)
	}
	if c.RegistryHTTP == nil {
		c.RegistryHTTP = &http.Client{Timeout: DefaultTimeout}
	}
	if c.EventVersion == 0 {
		c.EventVersion = 2
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

func (c *Config) runs(s Service) bool { return c.Only == nil || slices.Contains(c.Only, s) }

// topic is a topic's or group's name with the prefix.
func (c *Config) topic(name string) string { return c.Prefix + name }

// group is the group that a service joins.
func (c *Config) group(s Service, own string) string {
	if other := c.Groups[s]; other != "" {
		return other
	}
	return c.topic(own)
}

// topics are all topics of the flow, the dead-letter topics last.
func (c *Config) topics() []string {
	plain := []string{c.topic(event.OrderTopic), c.topic(event.InventoryTopic), c.topic(event.PaymentTopic)}
	for _, t := range plain[:3:3] {
		plain = append(plain, event.DeadLetters(t))
	}
	return plain
}

// topicOf is where the events of an aggregate go.
func (c *Config) topicOf(aggregateType string) string {
	return c.topic(map[string]string{"order": event.OrderTopic, "inventory": event.InventoryTopic, "payment": event.PaymentTopic}[aggregateType])
}
