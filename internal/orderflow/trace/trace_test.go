package trace_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

func start(t *testing.T, c trace.Config) *trace.Tracer {
	t.Helper()
	tracer, err := trace.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// request sends one request through the two services' HTTP instrumentation.
func request(t *testing.T, from, to *trace.Tracer, h http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(to.Handler(h))
	defer server.Close()
	ctx, end := from.Span(trace.WithCorrelation(t.Context(), "c-1"), "customer")
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: from.Transport(nil)}).Do(q)
	end(err)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}

func TestOneTraceGoesFromHTTPThroughKafkaToTheHandler(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		spans := tracetest.NewInMemoryExporter()
		shop := start(t, trace.Config{Service: "shop", Exporter: spans})
		stock := start(t, trace.Config{Service: "stock", Exporter: keep{spans}})
		request(t, shop, shop, func(_ http.ResponseWriter, q *http.Request) {
			r := &kgo.Record{Topic: topic, Key: []byte("o-1")}
			_, end := shop.Produce(q.Context(), r)
			c.Produce(t, r)
			end(nil)
		})
		cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		got := cl.PollRecords(t.Context(), 1).Records()
		if len(got) != 1 {
			t.Fatalf("read %d records", len(got))
		}
		ctx, end := stock.Process(t.Context(), "inventory-group", got[0])
		if id := trace.Correlation(ctx); id != "c-1" {
			t.Errorf("the handler's correlation id is %q", id)
		}
		end(nil)
		// The in-memory exporter forgets its spans when it is shut down.
		var seen []string
		for _, tracer := range []*trace.Tracer{stock, shop} {
			_ = tracer.Flush(t.Context())
		}
		ids := map[string]bool{}
		parents := map[string]string{}
		names := map[string]string{}
		for _, s := range spans.GetSpans() {
			ids[s.SpanContext.TraceID().String()] = true
			names[s.SpanContext.SpanID().String()] = s.Name
			parents[s.Name] = s.Parent.SpanID().String()
			seen = append(seen, s.Name)
		}
		if len(ids) != 1 || len(seen) != 5 {
			t.Fatalf("%d traces, spans %q", len(ids), seen)
		}
		chain := []string{"process " + topic, "send " + topic, "POST", "HTTP POST", "customer"}
		for i, name := range chain[:4] {
			if up := names[parents[name]]; up != chain[i+1] {
				t.Errorf("%q is below %q, want %q", name, up, chain[i+1])
			}
		}
		if diff := cmp.Diff([]string{"traceparent", "X-Trace-Id", "X-Span-Id", "X-Correlation-Id"}, keys(got[0])); diff != "" {
			t.Errorf("headers (-want +got)\n%s", diff)
		}
	})
}

// keep is an exporter that others use too.
type keep struct{ *tracetest.InMemoryExporter }

func (keep) Shutdown(context.Context) error { return nil }

func keys(r *kgo.Record) []string {
	var all []string
	for _, h := range r.Headers {
		all = append(all, h.Key)
	}
	return all
}

func TestGRPCCallsCarryTheTraceAndTheCorrelation(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracer := start(t, trace.Config{Service: "stock", Exporter: spans})
	var correlation string
	server := grpc.NewServer(tracer.Server(), grpc.UnaryInterceptor(
		func(ctx context.Context, q any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
			correlation = trace.Correlation(ctx)
			return h(ctx, q)
		}))
	healthpb.RegisterHealthServer(server, health.NewServer())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	defer server.Stop()
	conn, err := grpc.NewClient(l.Addr().String(), tracer.Dial(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, end := tracer.Span(trace.WithCorrelation(t.Context(), "c-1"), "customer")
	if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	end(nil)
	server.GracefulStop()
	_ = tracer.Flush(t.Context())
	ids := map[string]bool{}
	for _, s := range spans.GetSpans() {
		ids[s.SpanContext.TraceID().String()] = true
	}
	if len(ids) != 1 || len(spans.GetSpans()) != 3 || correlation != "c-1" {
		t.Errorf("%d traces, %d spans, correlation id %q; want 1, 3, c-1", len(ids), len(spans.GetSpans()), correlation)
	}
}

func TestSpansReachAnOTLPReceiverOverHTTP(t *testing.T) {
	var mu sync.Mutex
	var names []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &export); err != nil || q.URL.Path != "/v1/traces" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range export.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, span := range s.Spans {
					names = append(names, r.Resource.Attributes[0].Value.GetStringValue()+"/"+span.Name)
				}
			}
		}
	}))
	defer receiver.Close()
	byField := start(t, trace.Config{Service: "a", Endpoint: receiver.URL})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	byVariable := start(t, trace.Config{Service: "b"})
	for _, tracer := range []*trace.Tracer{byField, byVariable} {
		_, end := tracer.Span(t.Context(), "work")
		end(nil)
		if err := tracer.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a/work", "b/work"}, names); diff != "" {
		t.Errorf("received (-want +got)\n%s", diff)
	}
}

func TestWithoutAnEndpointTheHeadersAreStillThere(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		t.Setenv(name, "")
	}
	tracer := start(t, trace.Config{Service: "order"})
	r := &kgo.Record{Topic: "t", Headers: []kgo.RecordHeader{{Key: "event-id"}, {Key: "event-type"}}}
	_, end := tracer.Produce(t.Context(), r)
	end(nil)
	want := []string{"event-id", "event-type", "traceparent", "X-Trace-Id", "X-Span-Id", "X-Correlation-Id"}
	if diff := cmp.Diff(want, keys(r)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnOlderServicesTraceGoesOn(t *testing.T) {
	r := &kgo.Record{Headers: []kgo.RecordHeader{
		{Key: "X-Trace-Id", Value: []byte("0af7651916cd43dd8448eb211c80319c")},
		{Key: "X-Span-Id", Value: []byte("b7ad6b7169203331")},
	}}
	out := &kgo.Record{}
	trace.Inject(trace.Extract(t.Context(), r), out)
	if got := string(out.Headers[0].Value); got != "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" {
		t.Errorf("traceparent is %q", got)
	}
}

func TestARecordWithoutATraceHasNotItsNeighbours(t *testing.T) {
	traced := &kgo.Record{Headers: []kgo.RecordHeader{
		{Key: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
		{Key: "X-Correlation-Id", Value: []byte("c-1")},
	}}
	ctx := trace.Extract(trace.Extract(t.Context(), traced), &kgo.Record{})
	if id := trace.Correlation(ctx); id != "" {
		t.Errorf("it has the correlation id %q", id)
	}
}

func TestAProtocolThatIsNoneIsRefused(t *testing.T) {
	_, err := trace.Start(t.Context(), trace.Config{Service: "order", Endpoint: "http://localhost:1", Protocol: "zipkin"})
	if err == nil || !strings.Contains(err.Error(), "zipkin") {
		t.Errorf("got %v", err)
	}
}
