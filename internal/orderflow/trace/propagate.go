package trace

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	headerTraceID       = "X-Trace-Id"
	headerSpanID        = "X-Span-Id"
	headerCorrelationID = "X-Correlation-Id"
)

type correlationKey struct{}

// WithCorrelation returns a context of work that belongs to a customer's request.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

// Correlation is the id that WithCorrelation or a carrier gave. Without one it is
// the trace's, and empty outside any trace.
func Correlation(ctx context.Context) string {
	if id, _ := ctx.Value(correlationKey{}).(string); id != "" {
		return id
	}
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// Propagator carries traces the way all services here do.
func Propagator() propagation.TextMapPropagator { return headers{} }

// headers is W3C's propagator with the X-* headers beside it.
type headers struct{ w3c propagation.TraceContext }

func (h headers) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	h.w3c.Inject(ctx, carrier)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		carrier.Set(headerTraceID, sc.TraceID().String())
		carrier.Set(headerSpanID, sc.SpanID().String())
	}
	if id := Correlation(ctx); id != "" {
		carrier.Set(headerCorrelationID, id)
	}
}

// Extract believes traceparent. The X-* headers count where that is missing: they
// come from services that know nothing else, whose traces are kept.
func (h headers) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	ctx = h.w3c.Extract(ctx, carrier)
	if carrier.Get("traceparent") == "" {
		ctx = older(ctx, carrier.Get(headerTraceID), carrier.Get(headerSpanID))
	}
	if id := carrier.Get(headerCorrelationID); id != "" {
		ctx = WithCorrelation(ctx, id)
	}
	return ctx
}

func older(ctx context.Context, traceID, spanID string) context.Context {
	t, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		return ctx
	}
	s, err := trace.SpanIDFromHex(spanID)
	if err != nil {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: t, SpanID: s, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

func (h headers) Fields() []string {
	return append(h.w3c.Fields(), headerTraceID, headerSpanID, headerCorrelationID)
}

// Inject writes the context's trace and correlation id into a record's headers. A
// header that is there already is replaced where it stands.
func Inject(ctx context.Context, r *kgo.Record) { headers{}.Inject(ctx, carrier{r}) }

// Extract returns ctx with the trace and correlation id that the record carries,
// and without those that ctx had: each record of a batch has a trace of its own.
func Extract(ctx context.Context, r *kgo.Record) context.Context {
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	ctx = WithCorrelation(ctx, "")
	return headers{}.Extract(ctx, carrier{r})
}

// carrier reads and writes a record's headers. Of one that is there twice the last
// is read, as Kafka's own clients do.
type carrier struct{ r *kgo.Record }

func (c carrier) Get(key string) string {
	for i := len(c.r.Headers) - 1; i >= 0; i-- {
		if c.r.Headers[i].Key == key {
			return string(c.r.Headers[i].Value)
		}
	}
	return ""
}

func (c carrier) Set(key, value string) {
	for i := len(c.r.Headers) - 1; i >= 0; i-- {
		if c.r.Headers[i].Key == key {
			c.r.Headers[i].Value = []byte(value)
			return
		}
	}
	c.r.Headers = append(c.r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
}

func (c carrier) Keys() []string {
	keys := make([]string, len(c.r.Headers))
	for i, h := range c.r.Headers {
		keys[i] = h.Key
	}
	return keys
}

// Parent is the W3C traceparent of what is under way; empty outside of any trace.
func Parent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
