package orderflow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/grpc"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/order"
	"github.com/evtctl/evtctl/internal/orderflow/relay"
	"github.com/evtctl/evtctl/internal/orderflow/stock"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// shop is the services of a run, with what they share.
type shop struct {
	Config
	db       *store.DB
	codec    event.Codec
	registry *sr.Client  // nil without one
	client   *kgo.Client // for looking
	admin    *kadm.Client
	topics   []TopicSummary

	customers *customers
	relay     *relay.Relay
	consumers map[Service]*consume.Consumer
	analytics *analytics
	monitor   *monitor

	duplicates atomic.Int64 // events that came again, and were known

	jobs    []job
	closers []func() // of what was opened, in that order
}

// job is a service's work until its context ends.
type job struct {
	service Service
	run     func(context.Context) error
}

// open connects to everything and makes the services, which don't run yet.
func open(ctx context.Context, c Config) (*shop, error) {
	s := &shop{Config: c, consumers: map[Service]*consume.Consumer{}}
	if err := s.open(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *shop) open(ctx context.Context) (err error) {
	// A client remembers for 5 s that a topic is missing, unless told otherwise.
	if s.client, err = s.Open(ctx, kgo.ClientID("order-flow"), kgo.MetadataMinAge(10*time.Millisecond)); err != nil {
		return fmt.Errorf("open a client: %w", err)
	}
	s.closers = append(s.closers, s.client.Close)
	s.admin = kadm.NewClient(s.client)
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if err := s.client.Ping(limited); err != nil {
		return fmt.Errorf("connect to the brokers: %w", err)
	}
	// A broker that has much to do makes topics slowly.
	making, made := context.WithTimeout(ctx, 3*s.Timeout)
	defer made()
	if s.topics, err = ensureTopics(making, s.admin, s.Config.topics()...); err != nil {
		return err
	}
	if s.db, err = store.Open(making, s.Database); err != nil {
		return err
	}
	s.closers = append(s.closers, func() { s.db.Close() })
	s.codec = event.JSON{}
	if s.RegistryURL != "" {
		if s.registry, err = sr.NewClient(sr.URLs(s.RegistryURL), sr.HTTPClient(s.RegistryHTTP)); err != nil {
			return fmt.Errorf("schema registry %s: %w", s.RegistryURL, err)
		}
		s.codec = event.NewAvro(s.registry, s.EventVersion)
	}
	return s.openServices(ctx)
}

// close closes what was opened, the last first.
func (s *shop) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

func (s *shop) openServices(ctx context.Context) error {
	again := func(err error) { s.Logger.Warn("stocking again", "error", err) }
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if err := store.Retry(limited, again, func() error { return s.db.SetStock(limited, stockOnHand(s.faults.scarce, s.Orders)) }); err != nil {
		return err
	}
	for _, part := range []struct {
		service Service
		open    func(context.Context, *trace.Tracer) error
	}{
		{Inventory, s.openStock}, {Inventory, s.openInventory}, {Order, s.openOrder}, {Customers, s.openCustomers}, {Relay, s.openRelay},
		{Payment, s.openPayment}, {Delivery, s.openDelivery}, {Notification, s.openNotification}, {Analytics, s.openAnalytics}, {Monitor, s.openMonitor},
	} {
		if !s.runs(part.service) {
			continue
		}
		tracer, err := s.tracer(ctx, part.service)
		if err == nil {
			err = part.open(ctx, tracer)
		}
		if err != nil {
			return fmt.Errorf("start the %s service: %w", part.service, err)
		}
	}
	return nil
}

// tracer is a service's own, so that each has its name in a trace.
func (s *shop) tracer(ctx context.Context, service Service) (*trace.Tracer, error) {
	t, err := trace.Start(ctx, trace.Config{Service: string(service), Endpoint: s.Telemetry})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			s.Logger.Warn("traces lost", "service", service, "error", err)
		}
	})
	return t, nil
}

// listen takes an address, or any free one when it is empty, and notes it.
func listen(ctx context.Context, address *string) (net.Listener, error) {
	wanted := *address
	if wanted == "" {
		wanted = "127.0.0.1:0"
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", wanted)
	if err != nil {
		return nil, &ListenError{wanted, err}
	}
	*address = l.Addr().String()
	return l, nil
}

// ListenError is an address that can't be listened on.
type ListenError struct {
	Address string
	Err     error
}

func (e *ListenError) Error() string { return fmt.Sprintf("listen on %s: %v", e.Address, e.Err) }
func (e *ListenError) Unwrap() error { return e.Err }

// Hint is the next step.
func (e *ListenError) Hint() string { return "end what listens there, or leave the address out" }

// serveHTTP answers until its context ends, and finishes what is under way.
func (s *shop) serveHTTP(service Service, l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	s.closers = append(s.closers, func() { server.Close() })
	s.jobs = append(s.jobs, job{service, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, func() {
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			_ = server.Shutdown(grace)
		})()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}})
}

// openStock opens the inventory service's synchronous side.
func (s *shop) openStock(ctx context.Context, t *trace.Tracer) error {
	service := &stock.Service{DB: s.db, Clock: s.Clock}
	l, err := listen(ctx, &s.Addresses.StockHTTP)
	if err != nil {
		return err
	}
	s.serveHTTP(Inventory, l, t.Handler(service.Handler()))
	if l, err = listen(ctx, &s.Addresses.StockGRPC); err != nil {
		return err
	}
	server := grpc.NewServer(t.Server())
	service.Register(server)
	s.closers = append(s.closers, server.Stop)
	s.jobs = append(s.jobs, job{Inventory, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, server.Stop)()
		return server.Serve(l)
	}})
	return nil
}

func (s *shop) openOrder(ctx context.Context, t *trace.Tracer) error {
	asked := order.Stock(stock.HTTPClient{URL: "http://" + s.Addresses.StockHTTP, Client: &http.Client{Transport: t.Transport(nil)}})
	if s.GRPC {
		client, err := stock.Dial(s.Addresses.StockGRPC, t.Dial())
		if err != nil {
			return err
		}
		s.closers = append(s.closers, func() { client.Close() })
		asked = client
	}
	c := order.Config{DB: s.db, Stock: asked, Clock: s.Clock, Log: s.Logger}
	if s.faults.lose != nil {
		send, err := s.sender(ctx, t)
		if err != nil {
			return err
		}
		c.Record = (&order.DualWrite{DB: s.db, Send: send, Lose: s.faults.lose, GiveUp: s.faults.giveUp}).Record
	}
	l, err := listen(ctx, &s.Addresses.Order)
	if err != nil {
		return err
	}
	s.serveHTTP(Order, l, t.Handler(order.New(c).Handler()))
	return nil
}

// sender sends order events past the outbox.
func (s *shop) sender(ctx context.Context, t *trace.Tracer) (func(context.Context, event.Event, event.Envelope) error, error) {
	client, err := s.Open(ctx, kgo.ClientID("order"), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, client.Close)
	return func(ctx context.Context, e event.Event, v event.Envelope) error {
		record, err := event.NewRecord(ctx, s.codec, s.topic(event.OrderTopic), v, e)
		if err != nil {
			return err
		}
		ctx, end := t.Produce(ctx, record)
		err = client.ProduceSync(ctx, record).FirstErr()
		end(err)
		return err
	}, nil
}

func (s *shop) openRelay(_ context.Context, t *trace.Tracer) error {
	s.relay = relay.New(relay.Config{
		DB: s.db, Open: s.Open, Codec: s.codec, Topic: s.topicOf, Clock: s.Clock, Tracer: t, Log: s.Logger, Key: s.eventKey(),
	})
	run := s.relay.Run
	if s.WAL {
		run = s.tailLog
	}
	s.jobs = append(s.jobs, job{Relay, run})
	return nil
}

// tailLog is the relay that reads PostgreSQL's log. What it leaves in the database goes
// with it: a slot that nobody reads would keep the log for ever. Events that it didn't
// publish are in the outbox.
func (s *shop) tailLog(ctx context.Context) error {
	defer func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
		defer cancel()
		if err := relay.DropSlot(limited, s.db); err != nil {
			s.Logger.Warn("the log is kept for a relay that is gone", "error", err)
		}
	}()
	return s.relay.RunWAL(ctx)
}

// eventKey is nil for the right one, the order's id.
func (s *shop) eventKey() func(event.Event) string {
	if !s.faults.wrongKey {
		return nil
	}
	return func(e event.Event) string {
		switch e := e.(type) {
		case *event.OrderPaidEvent:
			return e.PaymentID
		case *event.OrderRefundedEvent:
			return "refund-of-" + e.PaymentID
		}
		return e.Order()
	}
}

// join makes a service a member of its group.
func (s *shop) join(service Service, t *trace.Tracer, c consume.Config) error {
	c.Open, c.Codec, c.Tracer, c.Log = s.Open, s.codec, t, s.Logger
	c.Group = s.group(service, c.Group)
	for i, topic := range c.Topics {
		c.Topics[i] = s.topic(topic)
	}
	c.Assignor, c.NoDeadLetters, c.NoBackpressure, c.Backoff = s.Assignor, s.faults.noDeadLetters, s.faults.noPressure, s.faults.retryEvery
	c.CrashBeforeCommit = service == Inventory && s.faults.crash
	if s.Static {
		c.InstanceID = c.Group + "-1"
	}
	consumer, err := consume.New(c)
	if err != nil {
		return err
	}
	s.consumers[service] = consumer
	s.jobs = append(s.jobs, job{service, consumer.Run})
	return nil
}

// run runs all services until ctx ends or one of them can't go on.
func (s *shop) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for _, j := range s.jobs {
		wait.Go(func() {
			if err := j.run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", j.service, err))
			}
		})
	}
	wait.Wait()
	<-ctx.Done() // with customers alone there is nobody to wait for
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
