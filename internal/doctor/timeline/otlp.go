package timeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// OTLP gives the story as spans: one of the producer for each record, with the ids that
// its headers have, and below it one of the consumer for each group that is known to
// have gone past it, and for each death. The service of a producer isn't known, so that
// spans are grouped by topic, and those of consumers by group.
//
// Kafka doesn't keep when a group read a record: such a span has no length, stands at
// the record's time, and says so. That of a death lasts from the record to the letter.
// A record outside any trace gets ids that are made of the report's id and its place,
// the same each time.
func (r *Report) OTLP() []*tracepb.ResourceSpans {
	b := &spans{report: r, used: map[string]bool{}, ids: map[string]*tracepb.Span{}, at: map[string]*tracepb.ScopeSpans{}}
	for i := range r.Events {
		b.record(&r.Events[i])
	}
	for i := range r.Events {
		b.consumed(&r.Events[i])
	}
	return b.resources
}

// spans puts spans together.
type spans struct {
	report    *Report
	used      map[string]bool          // span ids within their traces
	ids       map[string]*tracepb.Span // of records, by their coordinates
	at        map[string]*tracepb.ScopeSpans
	resources []*tracepb.ResourceSpans
}

func (b *spans) record(e *Event) {
	span := &tracepb.Span{
		Name: e.Topic + " publish", Kind: tracepb.Span_SPAN_KIND_PRODUCER,
		StartTimeUnixNano: nanos(e.Timestamp), EndTimeUnixNano: nanos(e.Timestamp),
		Attributes: []*commonpb.KeyValue{
			text("messaging.system", "kafka"), text("messaging.operation.type", "send"),
			text("messaging.destination.name", e.Topic),
			text("messaging.destination.partition.id", fmt.Sprint(e.Partition)),
			number("messaging.kafka.offset", e.Offset),
		},
	}
	if e.Type != nil {
		span.Name = *e.Type
		span.Attributes = append(span.Attributes, text("evtctl.event.type", *e.Type))
	}
	for _, a := range []struct {
		name  string
		value *string
	}{{"messaging.kafka.message.key", e.Key}, {"messaging.message.id", e.EventID}, {"messaging.message.conversation_id", e.CorrelationID}} {
		if a.value != nil {
			span.Attributes = append(span.Attributes, text(a.name, *a.value))
		}
	}
	b.identify(span, e)
	b.ids[e.Coordinates.String()] = span
	b.add("topic", e.Topic, span)
}

// identify gives a span the ids of the record's headers. Where another record has the
// same (a letter has those of its source), the later is that one's child.
func (b *spans) identify(span *tracepb.Span, e *Event) {
	traceID, spanID := deref(e.TraceID), deref(e.SpanID)
	if len(traceID) == 16 {
		traceID = strings.Repeat("0", 16) + traceID
	}
	if traceID == "" {
		traceID, spanID = made(32, b.report.ID), ""
		span.Attributes = append(span.Attributes, flag("evtctl.trace_id.made", true))
	}
	span.TraceId = decoded(traceID)
	switch {
	case spanID == "":
		spanID = made(16, b.report.ID, e.Coordinates.String())
	case b.used[traceID+spanID]:
		span.ParentSpanId = decoded(spanID)
		spanID = made(16, traceID, e.Coordinates.String())
	case e.ParentSpanID != nil:
		span.ParentSpanId = decoded(*e.ParentSpanID)
	}
	b.used[traceID+spanID] = true
	span.SpanId = decoded(spanID)
}

func (b *spans) consumed(e *Event) {
	for _, g := range e.Groups {
		if g.Passed == nil || !*g.Passed {
			continue
		}
		span := b.child(e, g.Group)
		span.Attributes = append(span.Attributes, flag("evtctl.consumed.time_known", false))
		b.add("group", g.Group, span)
	}
	b.died(e)
}

// died is the span of the consumer that gave a record up.
func (b *spans) died(e *Event) {
	at, known := origin(e)
	if !known || e.Letter.Origin.Group == nil {
		return
	}
	parent := e
	if source := b.ids[at.String()]; source != nil {
		i := slices.IndexFunc(b.report.Events, func(o Event) bool { return o.Coordinates == at })
		parent = &b.report.Events[i]
	}
	group := *e.Letter.Origin.Group
	span := b.child(parent, group)
	span.SpanId = decoded(made(16, "died", e.Coordinates.String(), group))
	if died := nanos(e.Letter.DiedAt); died > span.StartTimeUnixNano {
		span.EndTimeUnixNano = died
	}
	reason := strings.TrimPrefix(deref(e.Letter.Class)+": "+deref(e.Letter.Message), ": ")
	span.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: strings.ToValidUTF8(reason, "\uFFFD")}
	span.Attributes = append(span.Attributes, text("evtctl.letter", e.Coordinates.String()), flag("evtctl.consumed.time_known", e.Letter.DiedAt != nil))
	b.add("group", group, span)
}

// child is a consumer's span below that of a record.
func (b *spans) child(e *Event, group string) *tracepb.Span {
	of := b.ids[e.Coordinates.String()]
	return &tracepb.Span{
		TraceId: of.TraceId, ParentSpanId: of.SpanId, SpanId: decoded(made(16, e.Coordinates.String(), group)),
		Name: e.Topic + " process", Kind: tracepb.Span_SPAN_KIND_CONSUMER,
		StartTimeUnixNano: of.StartTimeUnixNano, EndTimeUnixNano: of.StartTimeUnixNano,
		Attributes: []*commonpb.KeyValue{
			text("messaging.system", "kafka"), text("messaging.operation.type", "process"),
			text("messaging.destination.name", e.Topic),
			text("messaging.destination.partition.id", fmt.Sprint(e.Partition)),
			number("messaging.kafka.offset", e.Offset), text("messaging.consumer.group.name", group),
		},
	}
}

func (b *spans) add(kind, name string, span *tracepb.Span) {
	scope := b.at[kind+" "+name]
	if scope == nil {
		scope = &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: "github.com/evtctl/evtctl/trace"}}
		b.at[kind+" "+name] = scope
		b.resources = append(b.resources, &tracepb.ResourceSpans{
			Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("service.name", name), text("evtctl.service.is", kind)}},
			ScopeSpans: []*tracepb.ScopeSpans{scope},
		})
	}
	scope.Spans = append(scope.Spans, span)
}

// made is an id of so many hexadecimal digits.
func made(digits int, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return hex.EncodeToString(sum[:])[:digits]
}

func decoded(id string) []byte {
	raw, _ := hex.DecodeString(id) // ids of headers are checked when they are read
	return raw
}

func nanos(t *time.Time) uint64 {
	if t == nil || t.UnixNano() < 0 {
		return 0
	}
	return uint64(t.UnixNano())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func text(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: strings.ToValidUTF8(value, "\uFFFD")}}}
}

func number(key string, n int64) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}}
}

func flag(key string, is bool) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: is}}}
}
