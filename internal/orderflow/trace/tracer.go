package trace

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config says who traces and where to.
type Config struct {
	Service string // as service.name
	// Endpoint is the URL of an OTLP receiver, such as http://localhost:4318. Empty
	// means that of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT,
	// and no export where neither is set.
	Endpoint string
	// Protocol is grpc or http/protobuf. Empty means that of
	// OTEL_EXPORTER_OTLP_TRACES_PROTOCOL or OTEL_EXPORTER_OTLP_PROTOCOL, and
	// http/protobuf where neither is set.
	Protocol string
	// Exporter takes the spans instead, if it isn't nil.
	Exporter sdk.SpanExporter
}

// Tracer makes one service's spans. Nothing about it is global: several services
// in one process keep their names apart.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Start sets tracing up. A receiver that can't be reached is no error, neither here
// nor later: its spans are dropped.
func Start(ctx context.Context, c Config) (*Tracer, error) {
	exporter, err := c.exporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("set up tracing of %s: %w", c.Service, err)
	}
	opts := []sdk.TracerProviderOption{sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", c.Service)))}
	if exporter == nil {
		// Ids are made, spans are not: the cheapest that keeps headers whole.
		opts = append(opts, sdk.WithSampler(sdk.ParentBased(sdk.NeverSample())))
	} else {
		opts = append(opts, sdk.WithBatcher(exporter))
	}
	p := sdk.NewTracerProvider(opts...)
	return &Tracer{provider: p, tracer: p.Tracer("github.com/evtctl/evtctl/internal/orderflow")}, nil
}

func (c Config) exporter(ctx context.Context) (sdk.SpanExporter, error) {
	if c.Exporter != nil {
		return c.Exporter, nil
	}
	if c.Endpoint == "" && env("ENDPOINT") == "" {
		return nil, nil
	}
	protocol := c.Protocol
	if protocol == "" {
		protocol = env("PROTOCOL")
	}
	switch protocol {
	case "", "http/protobuf":
		var opts []otlptracehttp.Option
		if c.Endpoint != "" {
			// Like the variable for all signals: the path is the protocol's.
			opts = append(opts, otlptracehttp.WithEndpointURL(strings.TrimSuffix(c.Endpoint, "/")+"/v1/traces"))
		}
		return otlptracehttp.New(ctx, opts...)
	case "grpc":
		var opts []otlptracegrpc.Option
		if c.Endpoint != "" {
			opts = append(opts, otlptracegrpc.WithEndpointURL(c.Endpoint))
		}
		return otlptracegrpc.New(ctx, opts...)
	}
	return nil, fmt.Errorf("protocol %q is neither grpc nor http/protobuf", protocol)
}

// env reads a standard variable, the one for traces first.
func env(name string) string {
	if v := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
		return v
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_" + name)
}

// Close exports what is left, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("export the last spans: %w", err)
	}
	return nil
}

// Flush exports the spans that have ended, until ctx ends.
func (t *Tracer) Flush(ctx context.Context) error {
	if err := t.provider.ForceFlush(ctx); err != nil {
		return fmt.Errorf("export spans: %w", err)
	}
	return nil
}

// Span begins a span, such as "charge", and returns what ends it. A nil Tracer
// makes none.
func (t *Tracer) Span(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, opts...)
	return ctx, func(err error) {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// Produce begins the span of writing a record and puts it into the record's
// headers. Call the function with the outcome when the broker has answered.
func (t *Tracer) Produce(ctx context.Context, r *kgo.Record) (context.Context, func(error)) {
	ctx, end := t.Span(ctx, "send "+r.Topic, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(messaging("send", r)...))
	Inject(ctx, r)
	return ctx, end
}

// Process begins the span of working on a record, in the record's own trace.
func (t *Tracer) Process(ctx context.Context, group string, r *kgo.Record) (context.Context, func(error)) {
	attributes := append(messaging("process", r),
		attribute.String("messaging.consumer.group.name", group),
		attribute.Int("messaging.destination.partition.id", int(r.Partition)),
		attribute.Int64("messaging.kafka.offset", r.Offset))
	return t.Span(Extract(ctx, r), "process "+r.Topic, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attributes...))
}

func messaging(operation string, r *kgo.Record) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "kafka"),
		attribute.String("messaging.operation.name", operation),
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.destination.name", r.Topic),
		attribute.String("messaging.kafka.message.key", string(r.Key)),
	}
}
