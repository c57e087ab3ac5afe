package timeline

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	theTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	theSpan  = "00f067aa0ba902b7"
)

// told is a story of an order that two groups read: one goes past it, one gives it up.
func told() *Report {
	yes, no, group := true, false, "inventory-group"
	class, message := "com.example.InvalidAmount", "amount -5.00 is negative"
	order, letter, plain := at("order-events", 17, 0), from(at("order-events.DLQ", 3, 4), "order-events", 17), at("audit", 1, 5)
	for _, e := range []*Event{order, letter} {
		e.TraceID, e.SpanID = orNil(theTrace), orNil(theSpan)
	}
	order.Groups = []Passage{{Group: "analytics-group", Passed: &yes}, {Group: "late-group", Passed: &no}, {Group: "share-group"}}
	letter.Letter.DiedAt, letter.Letter.Origin.Group = letter.Timestamp, &group
	letter.Letter.Class, letter.Letter.Message = &class, &message
	plain.Key = orNil("\xffkey") // not UTF-8, which Protobuf refuses
	return &Report{ID: "ord-1", Events: arrange([]*Event{plain, order, letter})}
}

func TestSpansHaveTheTracesOwnIDs(t *testing.T) {
	spans := map[string]*tracepb.Span{}
	for _, r := range told().OTLP() {
		service := r.Resource.Attributes[0].Value.GetStringValue()
		for _, s := range r.ScopeSpans[0].Spans {
			spans[service+" "+s.Name] = s
		}
	}
	if len(spans) != 5 {
		t.Fatalf("%d spans: %v", len(spans), spans)
	}
	order := spans["order-events order-events publish"]
	if hex.EncodeToString(order.TraceId) != theTrace || hex.EncodeToString(order.SpanId) != theSpan || order.Kind != tracepb.Span_SPAN_KIND_PRODUCER {
		t.Errorf("%v", order)
	}
	// The letter carries the headers of its source, and can't be the same span.
	letter := spans["order-events.DLQ order-events.DLQ publish"]
	if hex.EncodeToString(letter.TraceId) != theTrace || string(letter.SpanId) == string(order.SpanId) || string(letter.ParentSpanId) != string(order.SpanId) {
		t.Errorf("%v", letter)
	}
	passed := spans["analytics-group order-events process"]
	if string(passed.ParentSpanId) != string(order.SpanId) || passed.Kind != tracepb.Span_SPAN_KIND_CONSUMER || passed.EndTimeUnixNano != passed.StartTimeUnixNano {
		t.Errorf("%v", passed)
	}
	died := spans["inventory-group order-events process"]
	if died.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR || died.Status.Message != "com.example.InvalidAmount: amount -5.00 is negative" ||
		died.EndTimeUnixNano-died.StartTimeUnixNano != uint64(4*time.Second) || string(died.ParentSpanId) != string(order.SpanId) {
		t.Errorf("%v", died)
	}
	alone := spans["audit audit publish"]
	if len(alone.TraceId) != 16 || hex.EncodeToString(alone.TraceId) == theTrace || len(alone.SpanId) != 8 {
		t.Errorf("%v", alone)
	}
}

var ids = regexp.MustCompile(`("(?:traceId|spanId|parentSpanId)": *")([0-9a-f]+)(")`)

func TestTheFileIsOTLPsOwnJSON(t *testing.T) {
	report := told()
	text, err := MarshalOTLP(report.OTLP())
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	if n := len(ids.FindAll(text, -1)); n != 5*2+3 { // of five spans, three have a parent
		t.Errorf("%d ids in hexadecimal digits, not 13", n)
	}
	// A receiver reads hexadecimal digits where Protobuf's JSON has base64.
	asBase64 := ids.ReplaceAllStringFunc(string(text), func(s string) string {
		m := ids.FindStringSubmatch(s)
		raw, err := hex.DecodeString(m[2])
		if err != nil || len(raw) != 8 && len(raw) != 16 {
			t.Errorf("%s is no id: %v", m[2], err)
		}
		return m[1] + base64.StdEncoding.EncodeToString(raw) + m[3]
	})
	var req collectorpb.ExportTraceServiceRequest
	if err := protojson.Unmarshal([]byte(asBase64), &req); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(req.ResourceSpans), fmt.Sprint(report.OTLP()); len(req.ResourceSpans) != len(report.OTLP()) || hexOf(req.ResourceSpans) != hexOf(report.OTLP()) {
		t.Errorf("read back:\n%s\nwant:\n%s", got, want)
	}
}

// hexOf lists the ids of spans.
func hexOf(list []*tracepb.ResourceSpans) (text string) {
	for _, r := range list {
		for _, s := range r.ScopeSpans[0].Spans {
			text += fmt.Sprintf("%x %x %x %s %d\n", s.TraceId, s.SpanId, s.ParentSpanId, s.Name, s.Kind)
		}
	}
	return text
}

func TestSpansAreTheSameEachTime(t *testing.T) {
	if a, b := hexOf(told().OTLP()), hexOf(told().OTLP()); a != b {
		t.Errorf("%s\nand then\n%s", a, b)
	}
}

func TestALetterWhoseSourceIsGoneHasItsDeathBelowItself(t *testing.T) {
	group := "g"
	letter := from(at("a.DLQ", 0, 1), "a", 9)
	letter.Letter.Origin.Group = &group
	r := &Report{ID: "x", Events: []Event{*letter}}
	spans := r.OTLP()
	if len(spans) != 2 || string(spans[1].ScopeSpans[0].Spans[0].ParentSpanId) != string(spans[0].ScopeSpans[0].Spans[0].SpanId) {
		t.Errorf("%v", spans)
	}
}
