package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/event"
)

var gold = "gold"

// all has one event of each type, with the topic that it is written to.
var all = []struct {
	topic   string
	event   event.Event
	subject string
}{
	{event.OrderTopic, &event.OrderPlacedEvent{OrderID: "o-1", Amount: 17.5, Items: []string{"a", "b"}, Timestamp: 1795424227737, CustomerTier: &gold}, "order-events-value"},
	{event.InventoryTopic, &event.StockReservedEvent{OrderID: "o-1", Items: []string{"a"}, Timestamp: 1}, "inventory-events-com.example.events.StockReservedEvent"},
	{event.InventoryTopic, &event.StockRejectedEvent{OrderID: "o-1", Items: []string{"b"}, Reason: "none left", Timestamp: 2}, "inventory-events-com.example.events.StockRejectedEvent"},
	{event.PaymentTopic, &event.OrderPaidEvent{OrderID: "o-1", PaymentID: "p-1", Amount: 17.5, Timestamp: 3}, "payment-events-com.example.events.OrderPaidEvent"},
	{event.PaymentTopic, &event.OrderRefundedEvent{OrderID: "o-1", PaymentID: "p-1", Amount: 17.5, Timestamp: 4}, "payment-events-com.example.events.OrderRefundedEvent"},
	{event.OrderTopic, &event.OrderShippedEvent{OrderID: "o-1", TrackingID: "t-1", Timestamp: 5}, "order-events-com.example.events.OrderShippedEvent"},
	{event.OrderTopic, &event.OrderCancelledEvent{OrderID: "o-1", Reason: "unpaid", Timestamp: 6}, "order-events-com.example.events.OrderCancelledEvent"},
}

// registry is as much of a schema registry as a codec asks for.
type registry struct {
	*httptest.Server

	mu       sync.Mutex
	subjects []string
	texts    []string
	asked    int
}

func newRegistry(t *testing.T) *registry {
	r := &registry{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	var id int
	path := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	switch {
	case q.Method == http.MethodPost:
		var s sr.Schema
		_ = json.NewDecoder(q.Body).Decode(&s)
		r.subjects = append(r.subjects, path[1])
		r.texts = append(r.texts, s.Schema)
		fmt.Fprintf(w, `{"id":%d}`, len(r.texts))
	default:
		if _, err := fmt.Sscanf(q.URL.Path, "/schemas/ids/%d", &id); err != nil || id < 1 || id > len(r.texts) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error_code":40403,"message":"Schema not found"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(sr.Schema{Schema: r.texts[id-1]})
	}
}

// add makes a schema known, as another program's, and returns its id.
func (r *registry) add(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subjects = append(r.subjects, "other")
	r.texts = append(r.texts, text)
	return len(r.texts)
}

func client(t *testing.T, url string) *sr.Client {
	t.Helper()
	c, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func roundTrip(t *testing.T, c event.Codec) {
	t.Helper()
	for _, tt := range all {
		r, err := event.NewRecord(t.Context(), c, tt.topic, event.NewEnvelope(tt.event), tt.event)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decode(t.Context(), r)
		if diff := cmp.Diff(tt.event, got); err != nil || diff != "" {
			t.Errorf("%s came back with error %v as (-want +got)\n%s", tt.event.Type(), err, diff)
		}
		if string(r.Key) != "o-1" {
			t.Errorf("its key is %q", r.Key)
		}
	}
}

func TestEveryEventComesBackFromJSON(t *testing.T) { roundTrip(t, event.JSON{}) }

func TestEveryEventComesBackFromAvroAndIsRegisteredUnderItsSubject(t *testing.T) {
	r := newRegistry(t)
	roundTrip(t, event.NewAvro(client(t, r.URL), 2))
	var want []string
	for _, tt := range all {
		want = append(want, tt.subject)
		if got := event.Subject(tt.topic, tt.event); got != tt.subject {
			t.Errorf("subject of %s is %q, want %q", tt.event.Type(), got, tt.subject)
		}
	}
	if diff := cmp.Diff(want, r.subjects); diff != "" {
		t.Errorf("registered (-want +got)\n%s", diff)
	}
}

func TestEveryEventComesBackByWayOfApicurio(t *testing.T) {
	r := kafkatest.Apicurio(t)
	roundTrip(t, event.NewAvro(client(t, r.URL), 2))
}

func TestVersion1IsReadWithoutATier(t *testing.T) {
	r := newRegistry(t)
	old, current := event.NewAvro(client(t, r.URL), 1), event.NewAvro(client(t, r.URL), 2)
	value, err := old.Encode(t.Context(), event.OrderTopic, all[0].event)
	if err != nil {
		t.Fatal(err)
	}
	got, err := current.Decode(t.Context(), &kgo.Record{Topic: event.OrderTopic, Value: value})
	if err != nil {
		t.Fatal(err)
	}
	want := *all[0].event.(*event.OrderPlacedEvent)
	want.CustomerTier = nil
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWithTheRegistryDownOnlyTheUnknownFails(t *testing.T) {
	r := newRegistry(t)
	c := event.NewAvro(client(t, r.URL), 2)
	value, err := c.Encode(t.Context(), event.OrderTopic, all[0].event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(t.Context(), &kgo.Record{Value: value}); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := c.Encode(t.Context(), event.OrderTopic, all[0].event); err != nil {
		t.Errorf("a known schema is not enough to write: %v", err)
	}
	if _, err := c.Decode(t.Context(), &kgo.Record{Value: value}); err != nil {
		t.Errorf("a known schema is not enough to read: %v", err)
	}
	var unreachable *event.RegistryError
	if _, err := c.Encode(t.Context(), event.PaymentTopic, all[3].event); !errors.As(err, &unreachable) {
		t.Errorf("writing with an unknown schema gives %v, want a RegistryError", err)
	}
	_, err = c.Decode(t.Context(), &kgo.Record{Topic: "t", Offset: 3, Value: []byte{0, 0, 0, 0, 9, 1}})
	var never *event.DecodeError
	if !errors.As(err, &unreachable) || errors.As(err, &never) {
		t.Errorf("reading with an unknown schema gives %v, want a RegistryError", err)
	}
	if !strings.Contains(err.Error(), "t:0:3") || unreachable.Hint() == "" {
		t.Errorf("it doesn't say what failed: %v", err)
	}
}

func TestTheRegistryIsAskedOnceForEachSchema(t *testing.T) {
	r := newRegistry(t)
	c := event.NewAvro(client(t, r.URL), 2)
	roundTrip(t, c)
	asked := r.asked
	roundTrip(t, c)
	if r.asked != asked {
		t.Errorf("asked %d times more", r.asked-asked)
	}
}

func TestWhatCannotBeDecodedIsADecodeError(t *testing.T) {
	r := newRegistry(t)
	c := event.NewAvro(client(t, r.URL), 2)
	placed, err := event.Schema("OrderPlacedEvent", 2)
	if err != nil {
		t.Fatal(err)
	}
	order := byte(r.add(placed))
	foreign := byte(r.add(`{"type":"record","name":"other.Thing","fields":[]}`))
	incompatible := byte(r.add(`{"type":"record","name":"com.example.events.OrderPlacedEvent","fields":[{"name":"orderId","type":"string"}]}`))
	notRecord := byte(r.add(`"string"`))
	typed := []kgo.RecordHeader{{Key: event.HeaderType, Value: []byte("OrderPlacedEvent")}}
	tests := []struct {
		name   string
		codec  event.Codec
		record kgo.Record
	}{
		{"a tombstone", c, kgo.Record{}},
		{"no wire format", c, kgo.Record{Value: []byte("{}")}},
		{"a schema that nobody knows", c, kgo.Record{Value: []byte{0, 0, 0, 0, 99, 0}}},
		{"a foreign type", c, kgo.Record{Value: []byte{0, 0, 0, 0, foreign}}},
		{"a writer without what the reader needs", c, kgo.Record{Value: []byte{0, 0, 0, 0, incompatible, 2, 'a'}}},
		{"a schema that is no record", c, kgo.Record{Value: []byte{0, 0, 0, 0, notRecord, 2, 'a'}}},
		{"a datum that ends too soon", c, kgo.Record{Value: []byte{0, 0, 0, 0, order, 2, 'a'}}},
		{"an order without an id", c, kgo.Record{Value: append([]byte{0, 0, 0, 0, order}, make([]byte, 12)...)}},
		{"JSON that is none", event.JSON{}, kgo.Record{Headers: typed, Value: []byte("{")}},
		{"JSON of no type", event.JSON{}, kgo.Record{Value: []byte("{}")}},
		{"JSON without an order id", event.JSON{}, kgo.Record{Headers: typed, Value: []byte("{}")}},
		{"an id that is no UUID", event.JSON{}, kgo.Record{Headers: []kgo.RecordHeader{{Key: event.HeaderID, Value: []byte("7")}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.codec.Decode(t.Context(), &tt.record)
			var never *event.DecodeError
			if !errors.As(err, &never) {
				t.Errorf("got %v, want a DecodeError", err)
			}
		})
	}
}

func TestABombOfAFewBytesTakesNoMemory(t *testing.T) {
	r := newRegistry(t)
	c := event.NewAvro(client(t, r.URL), 2)
	placed, err := event.Schema("OrderPlacedEvent", 2)
	if err != nil {
		t.Fatal(err)
	}
	id := byte(r.add(placed))
	length := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f} // 2^40 or so, in 6 bytes
	for name, datum := range map[string][]byte{
		"a long string": length,
		"a long array":  append([]byte{2, 'a', 0, 0, 0, 0, 0, 0, 0, 0}, length...),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := c.Decode(t.Context(), &kgo.Record{Value: append([]byte{0, 0, 0, 0, id}, datum...)})
			runtime.ReadMemStats(&after)
			var never *event.DecodeError
			if !errors.As(err, &never) {
				t.Errorf("got %v, want a DecodeError", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
				t.Errorf("it took %d bytes", took)
			}
		})
	}
}

func TestTheHeadersComeInTheirOrderAndBack(t *testing.T) {
	v := event.Envelope{
		ID: uuid.MustParse("0191d6a0-0000-7000-8000-000000000001"), Type: "OrderPaidEvent",
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", CorrelationID: "c-1",
	}
	var keys, values []string
	for _, h := range v.Headers() {
		keys, values = append(keys, h.Key), append(values, string(h.Value))
	}
	if diff := cmp.Diff([]string{"event-id", "event-type", "traceparent", "X-Trace-Id", "X-Span-Id", "X-Correlation-Id"}, keys); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if values[3] != "0af7651916cd43dd8448eb211c80319c" || values[4] != "b7ad6b7169203331" {
		t.Errorf("trace and span are %q", values[3:5])
	}
	got, err := event.Open(&kgo.Record{Headers: v.Headers()})
	if diff := cmp.Diff(v, got); err != nil || diff != "" {
		t.Errorf("%v, (-want +got)\n%s", err, diff)
	}
}

func TestTheSameCauseGivesTheSameEvent(t *testing.T) {
	cause := event.NewEnvelope(all[0].event)
	cause.CorrelationID = "c-1"
	once, again := cause.Causes(all[1].event), cause.Causes(all[1].event)
	if once != again || once.ID == cause.ID || once.CorrelationID != "c-1" || once.Type != "StockReservedEvent" {
		t.Errorf("%v causes %v and %v", cause, once, again)
	}
	if other := cause.Causes(all[2].event); other.ID == once.ID {
		t.Errorf("two types of events have one id")
	}
	where := &kgo.Record{Topic: "t", Partition: 1, Offset: 2}
	a, _ := event.Open(where)
	b, _ := event.Open(where)
	if a.ID != b.ID || a.ID == uuid.Nil {
		t.Errorf("a record without an id is %v and %v", a.ID, b.ID)
	}
}
