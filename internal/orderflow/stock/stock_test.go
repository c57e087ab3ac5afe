package stock_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/evtctl/evtctl/internal/orderflow/stock"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// serve has a service with three milk jugs answer by HTTP and by gRPC.
func serve(t *testing.T) (*store.DB, stock.HTTPClient, *stock.GRPCClient) {
	t.Helper()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.SetStock(t.Context(), map[string]int64{"milk-jug": 3}); err != nil {
		t.Fatal(err)
	}
	service := &stock.Service{DB: db, Clock: time.Now}
	web := httptest.NewServer(service.Handler())
	t.Cleanup(web.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	service.Register(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := stock.Dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return db, stock.HTTPClient{URL: web.URL, Client: web.Client()}, client
}

func TestBothWaysOfAskingGiveTheSameAnswer(t *testing.T) {
	db, web, rpc := serve(t)
	ways := map[string]func(context.Context, string, int) (bool, error){"HTTP": web.Check, "gRPC": rpc.Check}
	for way, check := range ways {
		for quantity, want := range map[int]bool{1: true, 3: true, 4: false} {
			if got, err := check(t.Context(), "milk-jug", quantity); err != nil || got != want {
				t.Errorf("%s: %d of 3 jugs: %t, %v; want %t", way, quantity, got, err, want)
			}
		}
		if _, err := check(t.Context(), "no such thing", 1); !errors.Is(err, stock.ErrUnknownSKU) {
			t.Errorf("%s: an article that the shop doesn't have: %v", way, err)
		}
		if _, err := check(t.Context(), "milk-jug", 0); err == nil || errors.Is(err, stock.ErrUnknownSKU) {
			t.Errorf("%s: none of an article: %v", way, err)
		}
	}
	db.Close()
	for way, check := range ways {
		if _, err := check(t.Context(), "milk-jug", 1); err == nil || errors.Is(err, stock.ErrUnknownSKU) {
			t.Errorf("%s: without the database: %v", way, err)
		}
	}
}

func TestAReservationIsMadeOnce(t *testing.T) {
	_, web, rpc := serve(t)
	reserve := func(id string, skus ...string) string {
		t.Helper()
		missing, err := rpc.Reserve(t.Context(), id, "order-1", skus)
		if err != nil {
			t.Fatal(err)
		}
		return missing
	}
	const first, second = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	for range 2 { // the answer to the first may have been lost
		if missing := reserve(first, "milk-jug", "milk-jug"); missing != "" {
			t.Errorf("%q is missing", missing)
		}
	}
	for quantity, want := range map[int]bool{1: true, 2: false} {
		if got, err := web.Check(t.Context(), "milk-jug", quantity); err != nil || got != want {
			t.Errorf("with 2 of 3 put aside, %d: %t, %v", quantity, got, err)
		}
	}
	if missing := reserve(second, "milk-jug", "milk-jug"); missing != "milk-jug" {
		t.Errorf("2 of the 1 that is left: %q is missing", missing)
	}
	if got, err := web.Check(t.Context(), "milk-jug", 1); err != nil || !got {
		t.Errorf("what couldn't be reserved whole took something: %t, %v", got, err)
	}
	if _, err := rpc.Reserve(t.Context(), "no UUID", "order-1", []string{"milk-jug"}); err == nil {
		t.Error("a reservation that can't be told from another is made")
	}
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer web.Close()
	if _, err := (stock.HTTPClient{URL: web.URL, Client: web.Client()}).Check(t.Context(), "milk-jug", 1); err == nil {
		t.Error("a page is taken for an answer")
	}
}
