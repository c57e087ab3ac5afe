package timeline

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// MarshalOTLP writes spans as OTLP's own JSON: an ExportTraceServiceRequest in which,
// unlike in that of Protobuf, ids are hexadecimal and kinds are numbers.
func MarshalOTLP(spans []*tracepb.ResourceSpans) ([]byte, error) {
	req := proto.Clone(&collectorpb.ExportTraceServiceRequest{ResourceSpans: spans}).(*collectorpb.ExportTraceServiceRequest)
	for _, r := range req.ResourceSpans {
		for _, scope := range r.ScopeSpans {
			for _, span := range scope.Spans {
				span.TraceId, span.SpanId, span.ParentSpanId = asHex(span.TraceId), asHex(span.SpanId), asHex(span.ParentSpanId)
			}
		}
	}
	return protojson.MarshalOptions{UseEnumNumbers: true, Multiline: true, Indent: "  "}.Marshal(req)
}

// asHex gives the bytes that base64, which protojson will write, has hexadecimal digits
// for: all of those are among its own, and ids have multiples of four of them.
func asHex(id []byte) []byte {
	raw, _ := base64.StdEncoding.DecodeString(hex.EncodeToString(id))
	return raw
}

// SendOTLP sends spans to a receiver of OTLP over HTTP. A URL without a path stands for
// the protocol's own, /v1/traces. Headers, such as a login, come from
// OTEL_EXPORTER_OTLP_HEADERS.
func SendOTLP(ctx context.Context, to string, spans []*tracepb.ResourceSpans, timeout time.Duration) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is no URL of an OTLP receiver, such as http://localhost:4318", to)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client := otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithTimeout(timeout))
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("send the trace to %s: %w", u.Redacted(), err)
	}
	err = client.UploadTraces(ctx, spans)
	if stopped := client.Stop(context.WithoutCancel(ctx)); err == nil {
		err = stopped
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", timeout)
	}
	if err != nil {
		return fmt.Errorf("send the trace to %s: %w", u.Redacted(), err)
	}
	return nil
}
