package orderflow_test

import (
	"fmt"
	"testing"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// config is a quick run of a shop of its own.
func config(t *testing.T, c *kafkatest.Cluster) orderflow.Config {
	t.Helper()
	return flowtest.Shop(t, c, 50)
}

func run(t *testing.T, c orderflow.Config) *orderflow.Summary {
	t.Helper()
	s, err := orderflow.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// holds verifies a shop, and says what doesn't hold.
func holds(t *testing.T, c orderflow.Config) {
	t.Helper()
	v, err := orderflow.Verify(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range v.Broken() {
		t.Errorf("%s: not for %d orders: %v %s", check.What, check.Count, check.Orders, check.Detail)
	}
}

func TestEveryOrderGoesThroughTheWholeShop(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for _, grpc := range []bool{false, true} {
			t.Run(fmt.Sprintf("grpc=%v", grpc), func(t *testing.T) {
				config := config(t, c)
				config.GRPC = grpc
				s := run(t, config)
				if s.Placed != 50 || s.Reserved != 50 || s.Paid != 50 || s.Shipped != 50 || s.Refused != 0 || s.Refunded != 0 {
					t.Errorf("%+v", s)
				}
				if s.Notified != 100 { // placed and shipped
					t.Errorf("%d e-mails", s.Notified)
				}
				if s.DeadLetters != 0 || len(s.Alerts) != 0 || s.Duplicates != 0 {
					t.Errorf("%+v", s)
				}
				holds(t, config)
			})
		}
	})
}
