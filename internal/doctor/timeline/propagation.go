package timeline

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// context is where a record stands in a trace, as its headers say.
type traceContext struct{ trace, span, parent string }

// propagated reads the headers in which tracers hand traces on. Ids are lower case and
// padded with zeros; empty where the header has none.
func propagated(name, value string) (c traceContext) {
	value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
	switch name {
	case "traceparent", "cetraceparent", "elasticapmtraceparent":
		if p := strings.Split(value, "-"); len(p) >= 4 && len(p[1]) == 32 {
			c = traceContext{trace: p[1], span: p[2]}
		}
	case "b3", "sentrytrace":
		if p := strings.Split(value, "-"); len(p) >= 2 {
			c = traceContext{trace: p[0], span: p[1]}
			if len(p) >= 4 {
				c.parent = p[3]
			}
		}
	case "ubertraceid":
		if p := strings.Split(strings.ReplaceAll(value, "%3a", ":"), ":"); len(p) == 4 {
			c = traceContext{trace: padded(p[0], 16, 32), span: padded(p[1], 16)}
			if p[2] != "0" {
				c.parent = padded(p[2], 16)
			}
		}
	case "xamzntraceid":
		for part := range strings.SplitSeq(value, ";") {
			key, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if f := strings.Split(v, "-"); key == "root" && len(f) == 3 && f[0] == "1" {
				c.trace = f[1] + f[2]
			} else if key == "parent" {
				c.span = v
			}
		}
	case "xb3traceid", "xtraceid", "traceid":
		c.trace = value
	case "xb3spanid", "xspanid", "spanid":
		c.span = value
	case "xb3parentspanid":
		c.parent = value
	}
	return c.checked()
}

// padded gives an id the zeros back that were left out, up to the first of the lengths
// that it fits into.
func padded(id string, lengths ...int) string {
	for _, n := range lengths {
		if len(id) <= n {
			return strings.Repeat("0", n-len(id)) + id
		}
	}
	return id
}

func (c traceContext) checked() traceContext {
	if !isHex(c.trace, 32) && !isHex(c.trace, 16) {
		c.trace = ""
	}
	if !isHex(c.span, 16) {
		c.span = ""
	}
	if !isHex(c.parent, 16) {
		c.parent = ""
	}
	return c
}

// isHex leaves out ids of zeros only, which stand for none.
func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}

// amazons is a trace's id as AWS X-Ray writes it.
func amazons(trace string) string { return "1-" + trace[:8] + "-" + trace[8:] }

// plainName is a header's name as it is compared: X-Correlation-Id, correlation_id and
// ce_correlationid differ in habits only.
func plainName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		case c == '-' || c == '_' || c == '.':
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Headers that name what a record is and belongs to, by their plain names.
var (
	eventNames       = []string{"eventid", "xeventid", "ceid", "messageid", "xmessageid"}
	correlationNames = []string{"correlationid", "xcorrelationid", "cecorrelationid", "requestid", "xrequestid"}
	typeNames        = []string{"eventtype", "xeventtype", "cetype", "messagetype", "typeid"}
)

// names is what a record's headers say of it.
type names struct {
	traceContext
	event, correlation, kind string
}

func namesOf(headers []kgo.RecordHeader) (n names) {
	for i := range headers {
		name, value := plainName(headers[i].Key), headers[i].Value
		c := propagated(name, string(value[:min(len(value), maxHeader)]))
		take(&n.trace, c.trace, name == "traceparent")
		take(&n.span, c.span, name == "traceparent")
		take(&n.parent, c.parent, false)
		n.event = named(n.event, name, value, eventNames)
		n.correlation = named(n.correlation, name, value, correlationNames)
		n.kind = named(n.kind, strings.Trim(name, "_"), value, typeNames)
	}
	return n
}

// maxHeader bounds what of a header is read as a name or an id.
const maxHeader = 512

// take keeps the first of several, but for one that counts more.
func take(to *string, value string, more bool) {
	if value != "" && (*to == "" || more) {
		*to = value
	}
}

// named gives the last of the headers that have one of the names, as Kafka's own
// clients read them.
func named(had, name string, value []byte, list []string) string {
	for _, n := range list {
		if n == name && len(value) > 0 && len(value) <= maxHeader {
			return strings.ToValidUTF8(strings.Trim(string(value), `"`), "\uFFFD")
		}
	}
	return had
}
