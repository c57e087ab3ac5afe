package orderflow_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/evtctl/evtctl/internal/flowtest"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/relay"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// records reads all that topics have.
func records(t *testing.T, c *kafkatest.Cluster, topics ...string) (all []*kgo.Record) {
	t.Helper()
	ends, err := c.Admin(t).ListEndOffsets(t.Context(), topics...)
	if err != nil || ends.Error() != nil {
		t.Fatal(err, ends.Error())
	}
	want := 0
	for _, topic := range topics {
		for _, end := range ends[topic] {
			want += int(end.Offset)
		}
	}
	client := c.Client(t, kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for len(all) < want {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestTheFlowWorksWithEachAssignorAndWithStaticMembers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, assignor := range map[string]consume.Assignor{
			"eager": consume.Eager, "cooperative": consume.CooperativeSticky, "next generation": consume.NextGen,
		} {
			for _, static := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, static %v", name, static), func(t *testing.T) {
					config := config(t, c)
					config.Orders, config.Assignor, config.Static = 30, assignor, static
					if s := run(t, config); s.Shipped != 30 || s.Notified != 60 || s.DeadLetters != 0 {
						t.Errorf("%+v", s)
					}
					holds(t, config)
				})
			}
		}
	})
}

func TestTheFlowWorksWithTheDatabasesLogAndLeavesNoSlot(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		config.Database, config.WAL, config.RegistryURL = kafkatest.Postgres(t).URL(t), true, flowtest.Registry(t, c)
		if s := run(t, config); s.Shipped != 50 || s.DeadLetters != 0 {
			t.Errorf("%+v", s)
		}
		holds(t, config)
		if left := query(t, config.Database, "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		config.Orders, config.Seed = 20, 8
		if s := run(t, config); s.Shipped != 70 { // a new slot, on a database with a past
			t.Errorf("%+v", s)
		}
		holds(t, config)
	})
}

func TestSQLiteHasNoLogToRead(t *testing.T) {
	config := config(t, kafkatest.Fake(t))
	config.WAL = true
	_, err := orderflow.Run(t.Context(), config)
	var wal *relay.WALError
	if !errors.As(err, &wal) || !strings.Contains(err.Error(), "the database isn't PostgreSQL") {
		t.Errorf("%v", err)
	}
}

func TestTheSameSeedGivesTheSameEvents(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		now := time.Now() // Kafka throws records of long ago away
		told := func(seed int64) (lines []string) {
			config := config(t, c)
			config.Seed = seed
			config.Prefix += uuid.NewString()[:8]
			config.Database = "sqlite:" + filepath.Join(t.TempDir(), "shop.db")
			config.Clock = func() time.Time { return now }
			run(t, config)
			for _, r := range records(t, c, config.Prefix+event.OrderTopic, config.Prefix+event.InventoryTopic, config.Prefix+event.PaymentTopic) {
				lines = append(lines, fmt.Sprintf("%s %s %s %s %s %s", strings.TrimPrefix(r.Topic, config.Prefix), r.Key, header(r, "event-id"), header(r, "event-type"),
					header(r, "X-Correlation-Id"), r.Value))
			}
			slices.Sort(lines) // partitions come in any order
			return lines
		}
		first := told(7)
		if len(first) != 200 { // placed, paid, reserved, shipped
			t.Errorf("%d events", len(first))
		}
		if diff := cmp.Diff(first, told(7)); diff != "" {
			t.Errorf("the same seed gives others (-first +second)\n%s", diff)
		}
		if other := told(8); slices.ContainsFunc(other, func(line string) bool { return slices.Contains(first, line) }) {
			t.Error("another seed gives some of the same events")
		}
	})
}

func TestVersion1TellsNobodysTier(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		client := func(url string) *sr.Client {
			client, err := sr.NewClient(sr.URLs(url))
			if err != nil {
				t.Fatal(err)
			}
			return client
		}
		for version, tiers := range map[int]bool{1: false, 2: true} {
			config := config(t, c)
			config.RegistryURL, config.EventVersion = flowtest.Registry(t, c), version
			config.Prefix += fmt.Sprintf("v%d-", version)
			config.Database = "sqlite:" + filepath.Join(t.TempDir(), "shop.db")
			run(t, config)
			holds(t, config)
			codec, some := event.NewAvro(client(config.RegistryURL), 2), false
			for _, r := range records(t, c, config.Prefix+event.OrderTopic) {
				e, err := codec.Decode(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if placed, ok := e.(*event.OrderPlacedEvent); ok {
					some = some || placed.CustomerTier != nil
				}
			}
			if some != tiers {
				t.Errorf("version %d: customers have tiers: %v", version, some)
			}
			latest, err := client(config.RegistryURL).SchemaByVersion(t.Context(), config.Prefix+event.OrderTopic+"-value", -1)
			if err != nil || strings.Contains(latest.Schema.Schema, "customerTier") != tiers {
				t.Errorf("version %d: %v, %s", version, err, latest.Schema.Schema)
			}
		}
	})
}

func TestWhatWasProcessedLongAgoIsForgotten(t *testing.T) {
	config := config(t, kafkatest.Fake(t))
	db, err := store.Open(t.Context(), config.Database)
	if err != nil {
		t.Fatal(err)
	}
	old, recent := uuid.New(), uuid.New()
	for id, days := range map[uuid.UUID]int{old: 8, recent: 6} {
		_, err := db.Once(t.Context(), "inventory", id, time.Now().AddDate(0, 0, -days), func(*store.Tx) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, config)
	known := query(t, config.Database, "SELECT event_id FROM processed_events")
	if slices.Contains(known, old.String()) || !slices.Contains(known, recent.String()) {
		t.Errorf("after a run the one of 8 days ago is known: %v, of 6 days ago: %v",
			slices.Contains(known, old.String()), slices.Contains(known, recent.String()))
	}
}

// spans receives traces over OTLP: the services that took part, by trace id.
type spans struct {
	mu       sync.Mutex
	services map[string]map[string]bool
}

func (s *spans) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var export collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &export)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range export.ResourceSpans {
		service := ""
		for _, a := range r.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range r.ScopeSpans {
			for _, span := range scope.Spans {
				id := fmt.Sprintf("%x", span.TraceId)
				if s.services[id] == nil {
					s.services[id] = map[string]bool{}
				}
				s.services[id][service] = true
			}
		}
	}
}

func TestOneTraceGoesFromTheCustomerToTheParcel(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for _, grpc := range []bool{false, true} {
			t.Run(fmt.Sprintf("grpc=%v", grpc), func(t *testing.T) {
				received := &spans{services: map[string]map[string]bool{}}
				receiver := httptest.NewServer(received)
				defer receiver.Close()
				config := config(t, c)
				config.Orders, config.GRPC, config.Telemetry = 20, grpc, receiver.URL
				run(t, config)
				traces := map[string][]string{} // by order, of each of its events
				for _, r := range records(t, c, config.Prefix+event.OrderTopic, config.Prefix+event.InventoryTopic, config.Prefix+event.PaymentTopic) {
					parts := strings.Split(header(r, "traceparent"), "-")
					if len(parts) != 4 || parts[1] != header(r, "X-Trace-Id") || parts[2] != header(r, "X-Span-Id") || header(r, "X-Correlation-Id") == "" {
						t.Fatalf("headers %v", r.Headers)
					}
					traces[string(r.Key)] = append(traces[string(r.Key)], parts[1])
				}
				if len(traces) != 20 {
					t.Errorf("%d orders", len(traces))
				}
				for id, of := range traces {
					took := received.services[of[0]]
					if len(of) != 4 || len(slices.Compact(slices.Clone(of))) != 1 {
						t.Errorf("%s: its events have the traces %v", id, of)
					}
					for _, s := range orderflow.Services()[:7] { // analytics works on batches, the monitor on dead letters
						if !took[string(s)] {
							t.Errorf("%s: the trace has nothing of the %s service", id, s)
						}
					}
				}
			})
		}
	})
}
