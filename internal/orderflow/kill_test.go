package orderflow_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// spread is a shop whose services are processes, with its customers' config.
func spread(t *testing.T, c *kafkatest.Cluster, database string) (map[orderflow.Service]*process, orderflow.Config) {
	t.Helper()
	config := config(t, c)
	config.Database = database
	config.RegistryURL = flowtest.Registry(t, c)
	config.Addresses = orderflow.Addresses{Order: freeAddress(t), StockHTTP: freeAddress(t), StockGRPC: freeAddress(t)}
	config.Only = []orderflow.Service{orderflow.Customers}
	services := map[orderflow.Service]*process{}
	for _, s := range orderflow.Services()[1:] {
		services[s] = &process{alone: alone{
			Service: s, Brokers: c.Brokers(), Registry: config.RegistryURL, Database: database, Prefix: config.Prefix, Addresses: config.Addresses,
		}}
		services[s].start(t)
	}
	t.Cleanup(func() {
		for s, p := range services {
			if t.Failed() {
				t.Logf("the %s service's last words:\n%s", s, strings.Join(p.lines[max(0, len(p.lines)-15):], "\n"))
			}
			p.stdin.Close()
		}
	})
	return services, config
}

// victims are n services, each as often as every other or once more, in any order.
func victims(random *rand.Rand, n int) []orderflow.Service {
	services := orderflow.Services()[1:]
	list := make([]orderflow.Service, n)
	for i := range list {
		list[i] = services[i%len(services)]
	}
	random.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// killWhileCustomersOrder kills services at random moments, and starts them again.
// Between two kills orders go through the whole shop: it has all its services.
func killWhileCustomersOrder(t *testing.T, services map[orderflow.Service]*process, c orderflow.Config, random *rand.Rand, kills int) {
	t.Helper()
	var shipped atomic.Int64
	c.Keep, c.Rate = true, 40
	c.Progress = func(p orderflow.Progress) { shipped.Store(int64(p.Shipped)) }
	ctx, close := context.WithCancel(t.Context())
	ordered := make(chan error, 1)
	go func() { _, err := orderflow.Run(ctx, c); ordered <- err }()
	for _, victim := range victims(random, kills) {
		before, more := shipped.Load(), 1+random.Int64N(10)
		kafkatest.Eventually(t, time.Minute, "orders to be shipped before the "+string(victim)+" service is killed", func() (bool, string) {
			return shipped.Load() >= before+more, fmt.Sprintf("%d more of %d", shipped.Load()-before, more)
		})
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond) // any moment between two looks
		services[victim].kill(t)
		services[victim].start(t)
	}
	close()
	if err := <-ordered; err != nil {
		t.Fatal(err)
	}
}

// query returns the one column of a query.
func query(t *testing.T, database, query string) (list []string) {
	t.Helper()
	driver, source := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWhateverServiceIsKilledWheneverEveryOrderGoesThrough(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		database, kills := "sqlite:"+filepath.Join(t.TempDir(), "shop.db"), 8
		if c.IsReal() {
			database, kills = kafkatest.Postgres(t).URL(t), 20
		}
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		services, config := spread(t, c, database)
		killWhileCustomersOrder(t, services, config, rand.New(rand.NewPCG(seed, 0)), kills)

		config.Seed, config.Orders = 8, 20 // the last customers; the shop is run until it is at rest
		if s := run(t, config); s.Placed != 20 {
			t.Errorf("%+v", s)
		}
		holds(t, config)
		countedAll(t, services[orderflow.Analytics], database)
		for _, p := range services {
			p.end(t)
		}
		orders := query(t, database, "SELECT id FROM orders")
		mails := query(t, database, "SELECT order_id || ': ' || subject FROM notifications")
		slices.Sort(mails)
		if once := slices.Compact(slices.Clone(mails)); len(once) != len(mails) {
			t.Errorf("%d e-mails were sent again", len(mails)-len(once))
		}
		t.Logf("%d orders, %d of %d e-mails, %d counted", len(orders), len(mails), 2*len(orders), len(services[orderflow.Analytics].said("msg=counted order=")))
	})
}

// countedAll waits until the lives of the analytics service have counted every order,
// some more than once maybe.
func countedAll(t *testing.T, analytics *process, database string) {
	t.Helper()
	orders := query(t, database, "SELECT id FROM orders")
	kafkatest.Eventually(t, 20*time.Second, "all orders to be counted", func() (bool, string) {
		counted := map[string]bool{}
		for _, id := range analytics.said("msg=counted order=") {
			counted[id] = true
		}
		missing := slices.DeleteFunc(slices.Clone(orders), func(id string) bool { return counted[id] })
		return len(missing) == 0, fmt.Sprintf("%d of %d are missing: %v", len(missing), len(orders), missing[:min(5, len(missing))])
	})
}
