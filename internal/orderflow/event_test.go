package orderflow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheFirstOrderOfASeed(t *testing.T) {
	order, envelope := newGenerator(1).next(noon)
	r, err := newRecord(OrderTopic, order.OrderID, order, envelope)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{string(r.Key), string(r.Value)}
	for _, h := range r.Headers {
		got = append(got, h.Key+": "+string(h.Value))
	}
	want := []string{
		"order-1be9bd4f3f78e66a",
		`{"orderId":"order-1be9bd4f3f78e66a","amount":145.95,"items":["moka-pot","milk-jug","hand-grinder"],"timestamp":1772366400000,"customerTier":"standard"}`,
		"event-id: a608d5e2-0ffc-4d12-92f4-a4654efa2bd1",
		"event-type: OrderPlacedEvent",
		"traceparent: 00-1e3a9e97e2e230e1ee635acca8a1e2d7-676663f3d4157247-01",
		"X-Trace-Id: 1e3a9e97e2e230e1ee635acca8a1e2d7",
		"X-Span-Id: 676663f3d4157247",
		"X-Correlation-Id: 3a311de8-5bcd-4320-bb7c-831d1c902015",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSeedsDecideTheOrders(t *testing.T) {
	orders := func(seed int64) (all []OrderPlacedEvent) {
		g := newGenerator(seed)
		for range 100 {
			order, _ := g.next(noon)
			all = append(all, order)
		}
		return all
	}
	if diff := cmp.Diff(orders(7), orders(7)); diff != "" {
		t.Errorf("the same seed gave different orders:\n%s", diff)
	}
	if orders(7)[0].OrderID == orders(8)[0].OrderID {
		t.Error("different seeds gave the same order")
	}
}

func TestOrdersAddUp(t *testing.T) {
	prices := make(map[string]int)
	for _, c := range catalogue {
		prices[c.item] = c.cents
	}
	g, tierless := newGenerator(3), 0
	for range 1000 {
		order, _ := g.next(noon)
		cents := 0
		for _, item := range order.Items {
			cents += prices[item]
		}
		if n := len(order.Items); n < 1 || n > 4 || order.Amount != float64(cents)/100 || order.Timestamp != noon.UnixMilli() {
			t.Fatalf("%+v: want 1 to 4 items that cost %d cents, at %d", order, cents, noon.UnixMilli())
		}
		if order.CustomerTier == nil {
			tierless++
		}
	}
	if tierless < 300 || tierless > 500 {
		t.Errorf("%d customers of 1000 are without a tier, want about 400", tierless)
	}
}

func TestAnEventThatCausesAnother(t *testing.T) {
	_, first := newGenerator(1).next(noon)
	_, other := newGenerator(2).next(noon)
	next := first.causes(TypeStockReserved)
	if next.eventID != first.causes(TypeStockReserved).eventID {
		t.Error("the same work gave two event ids")
	}
	if next.eventID == first.eventID || next.eventID == other.causes(TypeStockReserved).eventID {
		t.Error("different work gave one event id")
	}
	if next.traceID != first.traceID || next.correlationID != first.correlationID || next.spanID == first.spanID {
		t.Errorf("%+v doesn't continue the trace of %+v in a span of its own", next, first)
	}
}

func TestOpenOrder(t *testing.T) {
	order, envelope := newGenerator(1).next(noon)
	good := func() *kgo.Record {
		r, err := newRecord(OrderTopic, order.OrderID, order, envelope)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	set := func(r *kgo.Record, header, value string) {
		i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == header })
		r.Headers[i].Value = []byte(value)
	}
	t.Run("gives what was packed", func(t *testing.T) {
		gotOrder, gotEnvelope, err := openOrder(good())
		if err != nil || gotEnvelope != envelope || !cmp.Equal(gotOrder, order) {
			t.Errorf("got %+v, %+v, %v; want %+v, %+v", gotOrder, gotEnvelope, err, order, envelope)
		}
	})
	for _, tt := range []struct {
		name string
		harm func(*kgo.Record)
		says string
	}{
		{"a record without headers", func(r *kgo.Record) { r.Headers = nil }, "event-type"},
		{"an event of another type", func(r *kgo.Record) { set(r, HeaderEventType, "OrderShippedEvent") }, "OrderShippedEvent"},
		{"an event id that is none", func(r *kgo.Record) { set(r, HeaderEventID, "17") }, "not a UUID"},
		{"a tombstone", func(r *kgo.Record) { r.Value = nil }, "not an order"},
		{"a value that isn't JSON", func(r *kgo.Record) { r.Value = []byte{0, 0, 0, 0, 1} }, "not an order"},
		{"an amount that is no number", func(r *kgo.Record) { r.Value = []byte(`{"orderId":"o","amount":"1"}`) }, "not an order"},
		{"an order without an id", func(r *kgo.Record) { r.Value = []byte(`{"amount":1}`) }, "no order id"},
	} {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			r := good()
			tt.harm(r)
			if _, _, err := openOrder(r); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want an error saying %q", err, tt.says)
			}
		})
	}
	t.Run("takes an order of a customer without a tier, null or left out", func(t *testing.T) {
		for _, value := range []string{`{"orderId":"o","customerTier":null}`, `{"orderId":"o"}`} {
			r := good()
			r.Value = json.RawMessage(value)
			if got, _, err := openOrder(r); err != nil || got.CustomerTier != nil {
				t.Errorf("%s: got %+v, %v", value, got, err)
			}
		}
	})
}
