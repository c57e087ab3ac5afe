package trace

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc"
)

// Handler traces the requests that a service answers. Their spans have the name of
// the method and of the pattern that matched.
func (t *Tracer) Handler(h http.Handler) http.Handler {
	return otelhttp.NewHandler(h, "",
		otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(Propagator()))
}

// Transport traces the requests that a service makes. A nil base is
// http.DefaultTransport.
func (t *Tracer) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(Propagator()))
}

// Server traces the calls that a gRPC server answers.
func (t *Tracer) Server() grpc.ServerOption {
	return grpc.StatsHandler(otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(t.provider), otelgrpc.WithPropagators(Propagator())))
}

// Dial traces the calls that a gRPC client makes.
func (t *Tracer) Dial() grpc.DialOption {
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(t.provider), otelgrpc.WithPropagators(Propagator())))
}
