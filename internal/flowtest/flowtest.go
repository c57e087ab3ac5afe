// Package flowtest is what tests share that let an order flow run: those of the flow
// itself, and those of the commands that look at one which is broken.
//
// A scenario on a real broker takes a while, so it is played there once: by the tests
// of evtctl doctor, which look while it is broken. [Play] holds what it breaks,
// wherever it is played.
//
// Only tests may import this package.
package flowtest

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
)

// Shop is a flow on a cluster, whose names nobody else has, with a database in a file
// of its own.
func Shop(t testing.TB, c *kafkatest.Cluster, orders int) orderflow.Config {
	t.Helper()
	return orderflow.Config{
		Open: func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.Brokers()...)}, opts...)...)
		},
		Orders: orders, Seed: 7, Prefix: c.Name(t, "") + "-", Database: "sqlite:" + filepath.Join(t.TempDir(), "shop.db"),
		Capacity: orderflow.Capacity{Analytics: 1e6}, Timeout: 30 * time.Second,
	}
}

// Registry is the sandbox's beside the fake broker, and Apicurio beside the real one.
func Registry(t *testing.T, c *kafkatest.Cluster) string {
	t.Helper()
	if c.IsReal() {
		return kafkatest.Apicurio(t).URL
	}
	box, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box.RegistryURL()
}

// Stops has a node of the cluster stopped, and started, when the flow asks for that.
func Stops(t *testing.T, c *kafkatest.Cluster, node int, shop *orderflow.Config) {
	stopped := false
	shop.OnReady = func(string) {
		if stopped {
			c.StartNode(t, node)
		} else {
			c.KillNode(t, node)
		}
		stopped = !stopped
	}
	t.Cleanup(func() {
		if stopped {
			t.Error("it was never asked for that the broker is started again")
		}
	})
}

// breaks are the checks that hold no more while a scenario is played. The others do.
var breaks = map[string][]string{
	"dead-letters": {"no order without a reservation", "what is paid is shipped"},
	"wrong-key":    {"all of an order's events on a topic are in one partition"},
	"dual-write": {
		"no charge without an order", "no order without an event in the outbox", "no reservation without an order",
		"every order has its event in Kafka", "every event in Kafka has an order",
	},
	"duplicates": {"no order reserved more than once"},
}

// Play plays a scenario, and expects it to break what it is to break, nothing else, and
// nothing in the mended variant.
func Play(t *testing.T, shop orderflow.Config, name string) *orderflow.Outcome {
	t.Helper()
	s, err := orderflow.FindScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := orderflow.Play(t.Context(), s, shop)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, check := range out.Broken {
		got = append(got, check.What)
		if check.Count == 0 && check.Detail == "" {
			t.Errorf("%q is broken for nothing", check.What)
		}
	}
	got = slices.DeleteFunc(got, func(what string) bool {
		return name == "wrong-key" && what == "what is told of an order is in its order"
	}) // it depends on who is quicker
	if !slices.Equal(got, breaks[name]) {
		t.Errorf("broken checks:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(breaks[name], "\n"))
	}
	for _, check := range out.StillBroken {
		t.Errorf("mended, and yet: %+v", check)
	}
	if len(out.Broke) == 0 || len(out.Mended) == 0 || len(out.Show) == 0 {
		t.Errorf("nothing is said: %+v", out)
	}
	return out
}
