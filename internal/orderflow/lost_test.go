package orderflow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// words are what a shop has to say.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *words) have(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.text.String(), text)
}

func (w *words) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// during runs a shop, and does something when so many orders are placed. The shop goes
// on meanwhile.
func during(t *testing.T, c orderflow.Config, placed int, do func()) (*orderflow.Summary, error) {
	t.Helper()
	reached, done := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reach := sync.OnceFunc(func() { close(reached) })
	c.Progress = func(p orderflow.Progress) {
		if p.Placed >= placed {
			reach()
		}
	}
	go func() {
		defer close(done)
		select {
		case <-reached:
			do()
		case <-ctx.Done():
			t.Error("the shop ended before that")
		}
	}()
	s, err := orderflow.Run(t.Context(), c)
	cancel()
	<-done
	return s, err
}

func TestOrdersGoOnAfterTheDatabaseWasKilledAndNothingIsLost(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		server := kafkatest.OwnPostgres(t)
		var said words
		config := config(t, c)
		config.Database, config.Orders, config.Rate, config.Logger = server.URL(t), 200, 100, said.logger()
		s, err := during(t, config, 50, func() {
			server.Kill(t)
			kafkatest.Eventually(t, time.Minute, "the loss to be noticed", func() (bool, string) {
				relay := said.have("publishing again") || said.have("marking again") // wherever the kill met it
				return said.have("counting again") && relay, said.text.String()
			})
			server.Start(t)
		})
		if err != nil || s.Placed != 200 || s.Refused != 0 || s.Shipped != 200 || s.DeadLetters != 0 {
			t.Errorf("%v, %+v", err, s)
		}
		holds(t, config)
	})
}

func TestADatabaseThatStaysAwayIsSaidToBeTheOne(t *testing.T) {
	server := kafkatest.OwnPostgres(t)
	config := config(t, kafkatest.Fake(t))
	config.Database, config.Orders, config.Rate, config.Timeout = server.URL(t), 1000, 100, 2*time.Second
	_, err := during(t, config, 10, func() { server.Kill(t) })
	var database *store.Error
	if !errors.As(err, &database) || errors.Is(err, orderflow.ErrLost) || !strings.Contains(err.Error(), "the database postgres://evtctl@127.0.0.1:") {
		t.Errorf("%v", err)
	}
}

func TestAShopDoesNotOpenWithoutItsDatabase(t *testing.T) {
	config := config(t, kafkatest.Fake(t))
	config.Database = "postgres://shop:secret@127.0.0.1:1/shop"
	_, err := orderflow.Run(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "open the database postgres://shop@127.0.0.1:1/shop: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestBrokersThatAreGoneAreLost(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	config.Orders, config.Rate, config.Timeout = 1000, 100, time.Second
	_, err := during(t, config, 10, c.Kfake().Close)
	if !errors.Is(err, orderflow.ErrLost) {
		t.Errorf("%v", err)
	}
}

// outage is a way to a registry that can be cut.
type outage struct {
	URL   string
	down  atomic.Bool
	asked atomic.Int64 // while it was down
}

func newOutage(t *testing.T, to string) *outage {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	o, proxy := &outage{}, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.down.Load() {
			o.asked.Add(1)
			panic(http.ErrAbortHandler) // cuts the connection
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

func TestWithTheRegistryDownWhatIsKnownGoesOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		registry := newOutage(t, flowtest.Registry(t, c))
		config := config(t, c)
		config.RegistryURL, config.Orders, config.Rate = registry.URL, 150, 100
		s, err := during(t, config, 10, func() {
			kafkatest.Eventually(t, time.Minute, "every kind of event to be written and read", func() (bool, string) {
				told := query(t, config.Database, "SELECT order_id FROM notifications WHERE subject LIKE 'your order is on its way%'")
				return len(told) > 0, "nothing has been shipped"
			})
			registry.down.Store(true)
		})
		if err != nil || s.Placed != 150 || s.Shipped != 150 || s.DeadLetters != 0 || s.Notified != 300 {
			t.Errorf("%v, %+v", err, s)
		}
		registry.down.Store(false)
		holds(t, config)
	})
}

func TestWithTheRegistryDownFromTheStartEventsWaitForIt(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		registry := newOutage(t, flowtest.Registry(t, c))
		registry.down.Store(true)
		var said words
		config := config(t, c)
		config.RegistryURL, config.Logger = registry.URL, said.logger()
		s, err := during(t, config, 50, func() {
			kafkatest.Eventually(t, time.Minute, "the relay to say what it can't do", func() (bool, string) {
				return said.have("publishing again") && said.have("ask the schema registry"), said.text.String()
			})
			registry.down.Store(false)
		})
		if err != nil || s.Placed != 50 || s.Shipped != 50 || s.DeadLetters != 0 || registry.asked.Load() == 0 {
			t.Errorf("%v, %+v", err, s)
		}
		holds(t, config)
	})
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	c := kafkatest.Fake(t)
	for service, addresses := range map[orderflow.Service]orderflow.Addresses{
		orderflow.Order: {Order: taken}, orderflow.Inventory: {StockHTTP: taken},
	} {
		config := config(t, c)
		config.Addresses = addresses
		_, err := orderflow.Run(t.Context(), config)
		var listen *orderflow.ListenError
		if !errors.As(err, &listen) || listen.Address != taken || !strings.Contains(listen.Hint(), "end what listens there") ||
			!strings.Contains(err.Error(), "start the "+string(service)+" service: listen on "+taken) {
			t.Errorf("%s: %v", service, err)
		}
	}
}
