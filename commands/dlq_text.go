package commands

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// Bounds of what a person is shown of one letter; -o json has all of it.
const (
	maxShownText   = 256 << 10
	maxShownBytes  = 2 << 10 // of what is no text
	maxShownHeader = 300
)

// letterText is what a person reads of one letter, part by part. Nothing in it is
// escaped: that is for whoever prints it.
type letterText struct {
	*dlq.Letter
	now time.Time
	// source and difference are nil where nobody looked for the source.
	source     *dlq.Source
	difference *dlq.Comparison
}

// cause is the letter's outline.
func (t letterText) cause() string {
	var b lines
	b.field("dialect", orNone(t.Dialect, "none that is known"))
	b.field("died", when(t.now, t.DiedAt))
	if t.DiedAt == nil {
		b.field("time stamp", when(t.now, t.Timestamp)+", its source's")
	}
	b.field("class", orNone(deref(t.Cause.Class), "unknown"))
	b.field("message", orNone(deref(t.Cause.Message), "none"))
	b.field("frame", orNone(deref(t.Cause.Frame), "none of an application"))
	b.field("fingerprint", t.Cause.Fingerprint)
	if t.Cause.Attempts != nil {
		b.field("attempts", render.Count(*t.Cause.Attempts))
	}
	expires := "never by time, or unknown"
	if t.ExpiresAt != nil {
		expires = t.ExpiresAt.UTC().Format(time.RFC3339) + ", " + until(t.now, t.ExpiresAt)
	}
	b.field("expires", expires)
	for _, p := range t.Problems {
		b.field("problem", strings.TrimPrefix(p.Header+": ", ": ")+p.Field+": "+p.Reason)
	}
	return b.String()
}

// value is the key and the value, decoded.
func (t letterText) value() string {
	var b lines
	if t.Decoded == nil {
		return ""
	}
	b.part("key", t.Decoded.Key, t.Key)
	b.part("value", t.Decoded.Value, t.Value)
	return b.String()
}

func (t letterText) headers() string {
	if len(t.Headers) == 0 {
		return "no headers"
	}
	var b lines
	for _, h := range t.Headers {
		b.field(h.Key, headerText(h.Value))
	}
	return b.String()
}

func (t letterText) stack() string {
	stack := strings.ReplaceAll(strings.TrimRight(deref(t.Cause.Stack), "\n"), "\t", "    ")
	return orNone(stack, "no stack trace in the letter")
}

// origin is where the letter came from, and what became of that record.
func (t letterText) origin() string {
	var b lines
	o := t.Origin
	b.field("topic", orNone(deref(o.Topic), "the letter doesn't say"))
	if o.Partition != nil {
		b.field("partition", fmt.Sprint(*o.Partition))
	}
	if o.Offset != nil {
		b.field("offset", fmt.Sprint(*o.Offset))
	}
	if o.Timestamp != nil {
		b.field("time stamp", when(t.now, o.Timestamp))
	}
	if o.Group != nil {
		b.field("group", *o.Group)
	}
	if t.source != nil {
		b.field("source", strings.TrimSuffix(string(t.source.State)+": "+t.source.Reason, ": "))
	}
	return b.String()
}

// compared is the difference to the source record.
func (t letterText) compared() string {
	var b lines
	if t.difference == nil {
		reason := "nobody looked for the source record"
		if t.source != nil {
			reason = "the source record isn't at hand: " + t.source.Reason
		}
		return reason
	}
	d := t.difference
	b.field("key", differences[d.Key])
	b.field("value", differences[d.Value])
	for _, field := range d.Lost {
		b.field("lost field", field)
	}
	for _, header := range d.HeadersLost {
		b.field("lost header", header)
	}
	if d.Value != dlq.Equal {
		source := &dlq.Letter{Key: t.source.Record.Key, Value: t.source.Record.Value}
		b.add("")
		b.part("source's value", sourcePart(source), source.Value)
	}
	return b.String()
}

var differences = map[dlq.Difference]string{
	dlq.Equal:      "as in the source",
	dlq.Rewritten:  "other bytes than the source's, the same JSON",
	dlq.FieldsLost: "without some of the source's fields",
	dlq.Changed:    "not the source's",
	dlq.Nulled:     "null, and the source's isn't: sent back, it would delete",
}

func sourcePart(source *dlq.Letter) dlq.Part {
	switch {
	case source.Value == nil:
		return dlq.Part{Format: "null"}
	case json.Valid(source.Value) && len(source.Value) <= maxShownText:
		return dlq.Part{Format: "json", JSON: source.Value}
	case utf8.Valid(source.Value):
		return dlq.Part{Format: "text"}
	}
	return dlq.Part{Format: "bytes"}
}

// history is what was done about the letter.
func (t letterText) history() string {
	d := t.Disposition
	if d == nil {
		return "nobody has dealt with it"
	}
	var b lines
	b.field("state", d.State)
	b.field("at", when(t.now, d.At))
	b.field("who", orNone(d.Who, "unknown"))
	b.field("why", orNone(d.Why, "not said"))
	b.field("job", orNone(d.Job, "unknown"))
	return b.String()
}

// lines collects a text in lines. The label of a field is as wide as the longest usual.
type lines struct{ list []string }

func (b *lines) String() string { return strings.Join(b.list, "\n") }

func (b *lines) add(line string) { b.list = append(b.list, line) }

// field is a name and what stands for it. More lines than one are set in.
func (b *lines) field(name, text string) {
	first, rest, more := strings.Cut(strings.TrimRight(text, "\r\n"), "\n")
	b.add(name + ": " + first)
	for more {
		first, rest, more = strings.Cut(rest, "\n")
		b.add("    " + strings.TrimRight(first, "\r"))
	}
}

// part is a key or value as a person can read it, and why it may not be decoded.
func (b *lines) part(name string, p dlq.Part, data []byte) {
	title := name + " (" + p.Format
	if len(data) > 0 {
		title += ", " + plural(int64(len(data)), "byte")
	}
	b.add(title + ")")
	if p.Error != nil {
		b.field("    not decoded", *p.Error)
	}
	text, cut := partText(p, data)
	for line := range strings.Lines(text) {
		b.add("    " + strings.TrimRight(line, "\r\n"))
	}
	if cut {
		b.add("    … the rest is left out here; -o json has all of it")
	}
}

func partText(p dlq.Part, data []byte) (text string, cut bool) {
	switch {
	case len(data) == 0:
		return "", false
	case len(p.JSON) > 0:
		var out bytes.Buffer
		text = string(p.JSON)
		if len(p.JSON) <= maxShownText && json.Indent(&out, p.JSON, "", "  ") == nil {
			text = out.String()
		}
	case p.Format == "bytes" || !utf8.Valid(data):
		return hex.Dump(data[:min(len(data), maxShownBytes)]), len(data) > maxShownBytes
	default:
		text = string(data)
	}
	if len(text) > maxShownText {
		return strings.ToValidUTF8(text[:maxShownText], ""), true
	}
	return text, false
}

// headerText tells null from empty, and shows numbers where there are no letters.
func headerText(value []byte) string {
	switch {
	case value == nil:
		return "(null)"
	case len(value) == 0:
		return "(empty)"
	case utf8.Valid(value) && bytes.IndexByte(value, 0) < 0:
		text := string(value)
		if line := firstLine(&text, maxShownHeader); line != text {
			return line + " (" + plural(int64(len(value)), "byte") + ")"
		}
		return text
	}
	text := "0x" + hex.EncodeToString(value[:min(len(value), 32)])
	switch len(value) {
	case 4:
		text += fmt.Sprintf(" (%d)", int32(binary.BigEndian.Uint32(value)))
	case 8:
		text += fmt.Sprintf(" (%d)", int64(binary.BigEndian.Uint64(value)))
	}
	if len(value) > 32 {
		text += "… (" + plural(int64(len(value)), "byte") + ")"
	}
	return text
}

func when(now time.Time, t *time.Time) string {
	if t == nil {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z") + ", " + ago(now, t)
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}
