package orderflow_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

func TestEveryOrderHasOneEventAndOneReservation(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		config.Capacity.Inventory = 500 // slow enough to be waited for
		summary := run(t, config)
		orders := records(t, c, config.Prefix+orderflow.OrderTopic)
		reservations := records(t, c, config.Prefix+orderflow.InventoryTopic)
		if len(orders) != 200 || len(reservations) != 200 {
			t.Fatalf("there are %d orders and %d reservations, want 200 each", len(orders), len(reservations))
		}
		placed := make(map[string]*kgo.Record)
		for _, r := range orders {
			event := decode[orderflow.OrderPlacedEvent](t, r)
			checkEvent(t, r, orderflow.TypeOrderPlaced, event.OrderID)
			placed[event.OrderID] = r
		}
		reserved := make(map[string]bool)
		for _, r := range reservations {
			event := decode[orderflow.StockReservedEvent](t, r)
			checkEvent(t, r, orderflow.TypeStockReserved, event.OrderID)
			reserved[event.OrderID] = true
			order := placed[event.OrderID]
			for _, same := range []string{orderflow.HeaderTraceID, orderflow.HeaderCorrelationID} {
				if order == nil || header(r, same) != header(order, same) {
					t.Errorf("the reservation of %s doesn't have its order's %s", event.OrderID, same)
				}
			}
		}
		if len(placed) != 200 || len(reserved) != 200 {
			t.Errorf("they are of %d and %d different orders, want 200 each", len(placed), len(reserved))
		}
		if summary.Placed != 200 || summary.Reserved != 200 || summary.Notified != 200 {
			t.Errorf("the summary counts %d placed, %d reserved, %d notified; want 200 each",
				summary.Placed, summary.Reserved, summary.Notified)
		}
	})
}

// checkEvent checks what holds for every event of the flow: its key and headers.
func checkEvent(t *testing.T, r *kgo.Record, eventType, orderID string) {
	t.Helper()
	if string(r.Key) != orderID {
		t.Errorf("the event of order %q has the key %q", orderID, r.Key)
	}
	const id, hex = `[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`, `[0-9a-f]`
	want := regexp.MustCompile(`^event-id=` + id + ` event-type=` + eventType +
		` traceparent=00-(` + hex + `{32})-(` + hex + `{16})-01 X-Trace-Id=(` + hex + `{32}) X-Span-Id=(` + hex +
		`{16}) X-Correlation-Id=` + id + `$`)
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, h.Key+"="+string(h.Value))
	}
	got := strings.Join(headers, " ")
	m := want.FindStringSubmatch(got)
	if m == nil || m[1] != m[3] || m[2] != m[4] {
		t.Errorf("the headers are\n%s\nwant\n%s\nwith the same trace and span twice", got, want)
	}
}

func TestAPlainRunLeavesTheAnalyticsGroupBehind(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		config.Capacity = orderflow.Capacity{Analytics: 10}
		first := run(t, config)
		for i, want := range []int{inventory: 200, notification: 200, analytics: first.Counted} {
			g := group(t, first, i)
			if g.Handled != want || *g.Lag != int64(200-want) {
				t.Errorf("%s handled %d and lags by %d, want %d and %d", g.Group, g.Handled, *g.Lag, want, 200-want)
			}
		}
		if first.Counted > 190 {
			t.Errorf("analytics counted %d of 200 orders, which leaves little lag to see", first.Counted)
		}

		// The next run goes on where this one ended.
		config.Seed = 2
		second := run(t, config)
		if got, want := *group(t, second, analytics).Lag, int64(400-first.Counted-second.Counted); got != want {
			t.Errorf("after the second run analytics lags by %d, want %d", got, want)
		}
		if second.Reserved != 200 {
			t.Errorf("the second run reserved %d orders, want its own 200", second.Reserved)
		}
	})
}

func TestARunEndsWithoutMembers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		summary := run(t, config)
		for _, g := range summary.Groups {
			described, err := c.Admin(t).DescribeGroups(t.Context(), g.Group)
			if err != nil {
				t.Fatal(err)
			}
			if d := described[g.Group]; d.State != "Empty" || len(d.Members) > 0 {
				t.Errorf("%s is %s with %d members, want Empty with none", g.Group, d.State, len(d.Members))
			}
		}
	})
}

func TestTheServicesAreCooperativeGroupMembers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		ctx, cancel := context.WithTimeout(t.Context(), unhurried)
		defer cancel()
		config := config(t, c)
		config.Keep, config.Rate = true, 100
		admin := c.Admin(t)
		var clients []string
		var err error
		config.Progress, _ = when(func(p orderflow.Progress) bool { return p.Notified > 0 && p.Counted > 0 && p.Reserved > 0 }, func() {
			defer cancel()
			for _, name := range []string{orderflow.InventoryGroup, orderflow.NotificationGroup, orderflow.AnalyticsGroup} {
				described, describeErr := admin.DescribeGroups(ctx, config.Prefix+name)
				err = errors.Join(err, describeErr)
				for _, d := range described {
					for _, m := range d.Members {
						clients = append(clients, d.Protocol+" "+m.ClientID)
					}
				}
			}
		})
		if _, runErr := orderflow.Run(ctx, config); errors.Join(runErr, err) != nil {
			t.Fatal(runErr, err)
		}
		want := []string{"cooperative-sticky inventory-1", "cooperative-sticky notification-1", "cooperative-sticky analytics-1"}
		if diff := cmp.Diff(want, clients); diff != "" {
			t.Errorf("members, -want +got:\n%s", diff)
		}
	})
}

func TestTopicsAreCreatedOnlyWhenMissing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		orders, reservations := config.Prefix+orderflow.OrderTopic, config.Prefix+orderflow.InventoryTopic
		if _, err := c.Admin(t).CreateTopic(t.Context(), 2, -1, nil, orders); err != nil {
			t.Fatal(err)
		}
		got := run(t, config).Topics
		want := []orderflow.TopicSummary{
			{Topic: orders, Partitions: 2, Created: false},
			{Topic: reservations, Partitions: 6, Created: true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestATopicThatAnotherRunCreatesMeanwhileIsUsed(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	topic := config.Prefix + orderflow.OrderTopic
	if _, err := c.Admin(t).CreateTopic(t.Context(), 2, -1, nil, topic); err != nil {
		t.Fatal(err)
	}
	c.Kfake().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: topic, Err: kerr.UnknownTopicOrPartition})
	if got, want := run(t, config).Topics[0], (orderflow.TopicSummary{Topic: topic, Partitions: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestKeepGoesOnUntilItsContextEnds(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		ctx, cancel := context.WithTimeout(t.Context(), unhurried)
		defer cancel()
		config := config(t, c)
		config.Keep, config.Orders, config.Rate = true, 5, 200
		var reached <-chan struct{}
		config.Progress, reached = when(func(p orderflow.Progress) bool { return p.Reserved > 50 && p.Notified > 50 }, cancel)
		summary, err := orderflow.Run(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-reached:
		default:
			t.Fatalf("it ended by itself: %+v", summary)
		}
		for i := range summary.Groups {
			if g := group(t, summary, i); g.Handled+int(*g.Lag) != summary.Placed {
				t.Errorf("%s handled %d and lags by %d of %d orders", g.Group, g.Handled, *g.Lag, summary.Placed)
			}
		}
		if got := len(records(t, c, config.Prefix+orderflow.OrderTopic)); got != summary.Placed {
			t.Errorf("%d orders are there, %d were placed", got, summary.Placed)
		}
	})
}

func TestARunThatIsEndedEarlySaysSoAndWhatItDid(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		ctx, cancel := context.WithTimeout(t.Context(), unhurried)
		defer cancel()
		config := config(t, c)
		config.Orders, config.Rate = 1_000_000, 200
		config.Capacity.Inventory = 100 // so that it ends in the middle of a batch
		config.Progress, _ = when(func(p orderflow.Progress) bool { return p.Reserved > 10 && p.Notified > 10 }, cancel)
		summary, err := orderflow.Run(ctx, config)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		if got := len(records(t, c, config.Prefix+orderflow.OrderTopic)); got != summary.Placed || got < 10 {
			t.Errorf("%d orders are there, the summary says %d", got, summary.Placed)
		}
		if g := group(t, summary, inventory); g.Handled+int(*g.Lag) != summary.Placed {
			t.Errorf("inventory handled %d and lags by %d of %d orders", g.Handled, *g.Lag, summary.Placed)
		}
	})
}

// Two runs at once share their groups: partitions move from one's members to the
// other's and back in the middle of the work.
func TestRebalancesNeitherLoseNorRepeatAnything(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		ctx, cancel := context.WithTimeout(t.Context(), unhurried)
		defer cancel()
		var configs [2]orderflow.Config
		configs[0] = config(t, c)
		configs[0].Rate, configs[0].Orders = 100, 400
		configs[0].Capacity = orderflow.Capacity{Inventory: 150, Notification: 150} // so that a batch takes its time
		configs[1] = configs[0]
		configs[1].Seed, configs[1].Orders = 2, 200
		working := make(chan struct{})
		configs[0].Progress, _ = when(func(p orderflow.Progress) bool { return p.Reserved > 0 }, func() { close(working) })

		var summaries [2]*orderflow.Summary
		both, ctx := errgroup.WithContext(ctx)
		for i := range configs {
			both.Go(func() (err error) {
				if i == 1 {
					<-working
				}
				summaries[i], err = orderflow.Run(ctx, configs[i])
				return err
			})
		}
		if err := both.Wait(); err != nil {
			t.Fatal(err)
		}
		for i, s := range summaries {
			if s.Reserved == 0 || s.Notified == 0 {
				t.Fatalf("run %d never had a partition: %+v", i, s)
			}
		}
		if n := summaries[0].Notified + summaries[1].Notified; n != 600 {
			t.Errorf("%d e-mails were sent, want 600", n)
		}
		reserved := make(map[string]int)
		for _, r := range records(t, c, configs[0].Prefix+orderflow.InventoryTopic) {
			reserved[string(r.Key)]++
		}
		for id, n := range reserved {
			if n != 1 {
				t.Errorf("%s is reserved %d times", id, n)
			}
		}
		if len(reserved) != 600 {
			t.Errorf("%d orders are reserved, want 600", len(reserved))
		}
	})
}

func TestTheSameSeedPlacesTheSameOrders(t *testing.T) {
	c := kafkatest.Fake(t)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	place := func() []string {
		config := config(t, c)
		config.Clock = func() time.Time { return noon }
		run(t, config)
		var placed []string
		for _, r := range records(t, c, config.Prefix+orderflow.OrderTopic) {
			if !r.Timestamp.Equal(noon) {
				t.Fatalf("a record is of %s, want the clock's %s", r.Timestamp, noon)
			}
			placed = append(placed, fmt.Sprintf("%s %s %s", r.Key, r.Value, r.Headers))
		}
		return slices.Sorted(slices.Values(placed))
	}
	if diff := cmp.Diff(place(), place()); diff != "" {
		t.Errorf("the second time, -was +is:\n%s", diff)
	}
}

func TestAnalyticsAddsUp(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	config.Orders = 50
	summary := run(t, config)
	for lag := *group(t, summary, analytics).Lag; lag > 0; { // a run doesn't wait for it; the next goes on
		config.Seed++
		config.Orders = 1
		more := run(t, config)
		lag = *group(t, more, analytics).Lag
		summary.Totals.Amount += more.Totals.Amount
		for tier, n := range more.Totals.ByTier {
			summary.Totals.ByTier[tier] += n
		}
	}
	want := orderflow.Totals{ByTier: map[string]int{}}
	for _, r := range records(t, c, config.Prefix+orderflow.OrderTopic) {
		event := decode[orderflow.OrderPlacedEvent](t, r)
		want.Amount += event.Amount
		if event.CustomerTier == nil {
			want.ByTier["none"]++
		} else {
			want.ByTier[*event.CustomerTier]++
		}
	}
	if got := summary.Totals; !maps.Equal(got.ByTier, want.ByTier) || fmt.Sprintf("%.2f", got.Amount) != fmt.Sprintf("%.2f", want.Amount) {
		t.Errorf("the totals are %+v, want %+v", got, want)
	}
}

func TestWhatCanNotBeRunIsRefused(t *testing.T) {
	good := orderflow.Config{Open: opener("127.0.0.1:1"), Orders: 1}
	for _, tt := range []struct {
		name string
		harm func(*orderflow.Config)
	}{
		{"no cluster", func(c *orderflow.Config) { c.Open = nil }},
		{"no orders", func(c *orderflow.Config) { c.Orders = 0 }},
		{"a negative rate", func(c *orderflow.Config) { c.Rate = -1 }},
		{"less than one order an hour", func(c *orderflow.Config) { c.Rate = 0.0001 }},
		{"keeping on as fast as can be", func(c *orderflow.Config) { c.Keep = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := good
			tt.harm(&config)
			if summary, err := orderflow.Run(t.Context(), config); err == nil || summary != nil {
				t.Errorf("got %v, %v; want an error and no summary", summary, err)
			}
		})
	}
}
