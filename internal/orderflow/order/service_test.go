package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/order"
	"github.com/evtctl/evtctl/internal/orderflow/stock"
	"github.com/evtctl/evtctl/internal/orderflow/stock/stockpb"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// each runs a test on both databases.
func each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "shop.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, kafkatest.Postgres(t).URL(t))) })
}

// open opens a database that has ten pieces of tea.
func open(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.SetStock(t.Context(), map[string]int64{"tea": 10}); err != nil {
		t.Fatal(err)
	}
	return db
}

// soon is how long the tests of a stock that doesn't answer wait for it.
const soon = 100 * time.Millisecond

// serve starts an order service that asks a stock, and waits so long for an answer.
func serve(t *testing.T, db *store.DB, asked order.Stock, wait time.Duration) (url string) {
	t.Helper()
	s := order.New(order.Config{
		DB: db, Stock: asked, Clock: time.Now, Log: slog.New(slog.DiscardHandler), AskFor: wait, OpenFor: 300 * time.Millisecond,
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL + "/orders"
}

// overHTTP and overGRPC start the inventory service, and return one that asks it.
func overHTTP(t *testing.T, db *store.DB) order.Stock {
	t.Helper()
	server := httptest.NewServer((&stock.Service{DB: db, Clock: time.Now}).Handler())
	t.Cleanup(server.Close)
	return stock.HTTPClient{URL: server.URL, Client: http.DefaultClient}
}

func overGRPC(t *testing.T, db *store.DB) *stock.GRPCClient {
	t.Helper()
	server := grpc.NewServer()
	(&stock.Service{DB: db, Clock: time.Now}).Register(server)
	return dial(t, server, listen(t))
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dial returns a client of a server, which may be nil, at a listener.
func dial(t *testing.T, server *grpc.Server, l net.Listener) *stock.GRPCClient {
	t.Helper()
	if server != nil {
		go server.Serve(l)
		t.Cleanup(server.Stop)
	}
	client, err := stock.Dial(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// post sends an order.
func post(t *testing.T, url, contentType, key, body string) (code int, answer order.Answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return response.StatusCode, answer
}

const good = `{"items": [{"skuCode": "tea", "quantity": 2}], "amount": 9.5, "customerTier": "gold"}`

// written says how many orders and events there are.
func written(t *testing.T, db *store.DB) (orders, events int64) {
	t.Helper()
	c, err := db.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Orders, c.Waiting
}

func TestWhatIsNoOrderIsRefusedWithAReasonAndNothingIsWritten(t *testing.T) {
	lines := func(n int, line string) string {
		return `{"items": [` + strings.TrimSuffix(strings.Repeat(line+",", n), ",") + `], "amount": 1}`
	}
	cases := []struct{ name, kind, key, body, reason string }{
		{"no items", "", "", `{"items": [], "amount": 1}`, "422 the order has no items"},
		{"items that are missing", "", "", `{"amount": 1}`, "422 the order has no items"},
		{"an empty object", "", "", `{}`, "422 the order has no items"},
		{"null", "", "", `null`, "422 the order has no items"},
		{"an unknown SKU", "", "", `{"items": [{"skuCode": "gold-bar", "quantity": 1}], "amount": 1}`, `422 there is no article "gold-bar"`},
		{"an empty SKU", "", "", `{"items": [{"skuCode": "", "quantity": 1}], "amount": 1}`, "422 1 pieces of"},
		{"a SKU that no database takes", "", "", `{"items": [{"skuCode": "tea\u0000", "quantity": 1}], "amount": 1}`, "422 1 pieces of"},
		{"a SKU of 5,000 bytes", "", "", lines(1, `{"skuCode": "`+strings.Repeat("t", 5000)+`", "quantity": 1}`), "422 1 pieces of"},
		{"no pieces", "", "", `{"items": [{"skuCode": "tea", "quantity": 0}], "amount": 1}`, "422 0 pieces of"},
		{"a negative quantity", "", "", `{"items": [{"skuCode": "tea", "quantity": -3}], "amount": 1}`, "422 -3 pieces of"},
		{"too many pieces", "", "", `{"items": [{"skuCode": "tea", "quantity": 1001}], "amount": 1}`, "422 1001 pieces of"},
		{"a quantity that overflows", "", "", `{"items": [{"skuCode": "tea", "quantity": 99999999999999999999}], "amount": 1}`, "400 the body is no order"},
		{"half a piece", "", "", `{"items": [{"skuCode": "tea", "quantity": 0.5}], "amount": 1}`, "400 the body is no order"},
		{"too many lines", "", "", lines(101, `{"skuCode": "tea", "quantity": 1}`), "422 the order has more than 100 items"},
		{"more pieces than a record holds", "", "", lines(100, `{"skuCode": "tea", "quantity": 1000}`), "422 the order has 100000 pieces"},
		{"more than there is", "", "", `{"items": [{"skuCode": "tea", "quantity": 11}], "amount": 1}`, `409 "tea" is not available in that quantity`},
		{"more than there is in two lines", "", "", lines(2, `{"skuCode": "tea", "quantity": 6}`), `409 "tea" is not available in that quantity`},
		{"a negative amount", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": -1}`, "422 the amount -1 is not between"},
		{"an enormous amount", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": 1e300}`, "422 the amount 1e+300"},
		{"an amount beyond numbers", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": 1e999}`, "400 the body is no order"},
		{"NaN", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": NaN}`, "400 the body is no order"},
		{"an amount in words", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": "one"}`, "400 the body is no order"},
		{"a tier without a name", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": 1, "customerTier": ""}`, "422 the customer's tier"},
		{"a tier that no database takes", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": 1, "customerTier": "g\u0000d"}`, "422 the customer's tier"},
		{"an unknown field", "", "", `{"items": [{"skuCode": "tea", "quantity": 1}], "amount": 1, "discount": 1}`, `400 the body is no order: json: unknown field "discount"`},
		{"an unknown field of an item", "", "", `{"items": [{"skuCode": "tea", "quantity": 1, "price": 0}], "amount": 1}`, `400 the body is no order: json: unknown field "price"`},
		{"nothing", "", "", ``, "400 the body is no order"},
		{"no JSON", "", "", `two tea, please`, "400 the body is no order"},
		{"half an order", "", "", good[:20], "400 the body is no order"},
		{"two orders", "", "", good + good, "400 something follows the order"},
		{"an order with a bracket too many", "", "", good + "}", "400 the body is no order"},
		{"a list of orders", "", "", "[" + good + "]", "400 the body is no order"},
		{"a megabyte of blanks around an order", "", "", good + strings.Repeat(" ", 1<<20), "413 the order is larger than 65536 bytes"},
		{"a megabyte", "", "", `{"items": "` + strings.Repeat("x", 1<<20) + `"}`, "413 the order is larger than 65536 bytes"},
		{"a form", "application/x-www-form-urlencoded", "", good, "415 the content type has to be application/json"},
		{"no content type", " ", "", good, "415 the content type has to be application/json"},
		{"a key of 101 bytes", "", strings.Repeat("k", 101), good, "400 the idempotency key"},
		{"a key that no database takes", "", "k\xff", good, "400 the idempotency key"},
	}
	each(t, func(t *testing.T, db *store.DB) {
		for transport, asked := range map[string]order.Stock{"http": overHTTP(t, db), "grpc": overGRPC(t, db)} {
			url := serve(t, db, asked, 0)
			before, _ := written(t, db)
			for _, c := range cases {
				kind := c.kind
				if kind == "" {
					kind = "application/json; charset=utf-8"
				}
				code, answer := post(t, url, kind, c.key, c.body)
				if got := fmt.Sprint(code, " ", answer.Reason); !strings.HasPrefix(got, c.reason) || answer.OrderID != "" {
					t.Errorf("%s, %s: %s %s", c.name, transport, got, answer.OrderID)
				}
			}
			if orders, events := written(t, db); orders != before || events != before {
				t.Fatalf("%d orders and %d events were written", orders-before, events-before)
			}
			// None of that was a failure of the inventory service's.
			if code, answer := post(t, url, "application/json", "", good); code != http.StatusCreated {
				t.Errorf("a good order: %d %s", code, answer.Reason)
			}
			if orders, events := written(t, db); orders != before+1 || events != before+1 {
				t.Fatalf("%d orders and %d events were written", orders-before, events-before)
			}
		}
	})
}

func TestTheSameKeyAtOnceIsOneOrder(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		url := serve(t, db, overHTTP(t, db), 0)
		var created atomic.Int64
		var ids sync.Map
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				code, answer := post(t, url, "application/json", "the key", good)
				switch code {
				case http.StatusCreated:
					created.Add(1)
				case http.StatusOK:
				default:
					t.Errorf("%d %+v", code, answer)
				}
				ids.Store(answer.OrderID, true)
			})
		}
		wait.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if orders, events := written(t, db); orders != 1 || events != 1 || created.Load() != 1 || n != 1 {
			t.Errorf("%d orders, %d events, %d times created, %d ids", orders, events, created.Load(), n)
		}
	})
}

// failing is an inventory service over gRPC that has an error for everybody.
type failing struct {
	stockpb.UnimplementedInventoryServiceServer
	asked *atomic.Int64
}

func (f failing) CheckInventory(context.Context, *stockpb.CheckInventoryRequest) (*stockpb.CheckInventoryResponse, error) {
	f.asked.Add(1)
	return nil, status.Error(codes.Internal, "broken")
}

func TestWithoutAnAnswerNothingIsAvailable(t *testing.T) {
	cases := map[string]func(t *testing.T) order.Stock{
		"silent over HTTP": func(t *testing.T) order.Stock {
			return stock.HTTPClient{URL: "http://" + listen(t).Addr().String(), Client: &http.Client{}}
		},
		"silent over gRPC": func(t *testing.T) order.Stock { return dial(t, nil, listen(t)) },
		"failing over HTTP": func(t *testing.T) order.Stock {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
			t.Cleanup(server.Close)
			return stock.HTTPClient{URL: server.URL, Client: http.DefaultClient}
		},
		"failing over gRPC": func(t *testing.T) order.Stock {
			server := grpc.NewServer()
			stockpb.RegisterInventoryServiceServer(server, failing{asked: new(atomic.Int64)})
			return dial(t, server, listen(t))
		},
		"talking nonsense over HTTP": func(t *testing.T) order.Stock {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
			t.Cleanup(server.Close)
			return stock.HTTPClient{URL: server.URL, Client: http.DefaultClient}
		},
		"gone over HTTP": func(t *testing.T) order.Stock {
			l := listen(t)
			l.Close()
			return stock.HTTPClient{URL: "http://" + l.Addr().String(), Client: http.DefaultClient}
		},
		"gone over gRPC": func(t *testing.T) order.Stock {
			l := listen(t)
			l.Close()
			return dial(t, nil, l)
		},
	}
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "shop.db"))
			code, answer := post(t, serve(t, db, make(t), soon), "application/json", "", good)
			if code != http.StatusServiceUnavailable || !strings.Contains(answer.Reason, `"tea" is not available`) {
				t.Errorf("%d %q", code, answer.Reason)
			}
			if orders, events := written(t, db); orders != 0 || events != 0 {
				t.Errorf("%d orders and %d events were written", orders, events)
			}
		})
	}
}

// moody is a stock that fails while it is broken.
type moody struct {
	broken atomic.Bool
	asked  atomic.Int64
	slow   bool // waits until nobody wants to know any more
}

func (m *moody) Check(ctx context.Context, _ string, _ int) (bool, error) {
	m.asked.Add(1)
	if m.slow {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if m.broken.Load() {
		return false, errors.New("broken")
	}
	return true, nil
}

func TestAnInventoryServiceThatFailsIsLeftAloneForAWhile(t *testing.T) {
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "shop.db"))
	m := &moody{}
	m.broken.Store(true)
	url := serve(t, db, m, 0)
	ask := func(want int) {
		t.Helper()
		if code, answer := post(t, url, "application/json", "", good); code != want {
			t.Errorf("%d %q", code, answer.Reason)
		}
	}
	ask(503)
	if n := m.asked.Load(); n != 4 {
		t.Errorf("asked %d times for the first order, want once and 3 times again", n)
	}
	ask(503) // the fifth failure in a row opens it
	opened := time.Now()
	for time.Since(opened) < 100*time.Millisecond {
		ask(503)
	}
	if n := m.asked.Load(); n != 5 {
		t.Errorf("asked %d times, want 5: nobody is to be asked while it is open", n)
	}
	m.broken.Store(false)
	kafkatest.Eventually(t, 5*time.Second, "orders to be taken again", func() (bool, string) {
		code, answer := post(t, url, "application/json", "", good)
		return code == http.StatusCreated, answer.Reason
	})
	for range 5 {
		ask(201)
	}
}

func TestTheInventoryServiceIsWaitedForAndAskedAgain(t *testing.T) {
	m := &moody{slow: true}
	start := time.Now()
	code, _ := post(t, serve(t, open(t, ""), m, soon), "application/json", "", good)
	if took := time.Since(start); code != 503 || m.asked.Load() != 4 || took < 400*time.Millisecond {
		t.Errorf("status %d, asked %d times in %s; want 503 after 4 times 100 ms", code, m.asked.Load(), took)
	}
}

func TestCustomersWhoDoNotWaitAreNoFailures(t *testing.T) {
	m := &moody{slow: true}
	url := serve(t, open(t, ""), m, soon)
	for range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(good))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			t.Error("answered in time")
		}
		cancel()
	}
	before := m.asked.Load()
	post(t, url, "application/json", "", good)
	if n := m.asked.Load() - before; n != 4 {
		t.Errorf("asked %d times afterwards, want 4", n)
	}
}

func TestTheSameReservationIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		client, id := overGRPC(t, db), uuid.NewString()
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if missing, err := client.Reserve(t.Context(), id, "o-1", []string{"tea", "tea"}); err != nil || missing != "" {
					t.Errorf("%q, %v", missing, err)
				}
			})
		}
		wait.Wait()
		if left, err := db.InStock(t.Context(), "tea"); err != nil || left != 8 {
			t.Errorf("%d left, %v", left, err)
		}
		nine := strings.Fields(strings.Repeat("tea ", 9))
		if missing, err := client.Reserve(t.Context(), uuid.NewString(), "o-2", nine); err != nil || missing != "tea" {
			t.Errorf("%q, %v", missing, err)
		}
		if _, err := client.Reserve(t.Context(), "no UUID", "o-3", nine); status.Code(errors.Unwrap(err)) != codes.InvalidArgument {
			t.Errorf("%v", err)
		}
	})
}
