// Package trace follows one order through all services: from the HTTP request that
// placed it, through Kafka, to the last handler.
//
// [Start] sets OpenTelemetry up. Spans are exported only where an endpoint is
// given, by the standard OTEL_* variables or by [Config]; without one the ids are
// made and passed on all the same, so that logs and headers tell which records
// belong together.
//
// The pattern that it shows is one propagator for all carriers: HTTP headers, gRPC
// metadata and Kafka headers carry the same names, W3C's traceparent and, for
// older services, X-Trace-Id, X-Span-Id and X-Correlation-Id.
package trace
