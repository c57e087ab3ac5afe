package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

// BenchmarkCheckOffline is a check of 200 schema files with 20 fields each, every
// one against the five versions in a folder, from disk to report.
func BenchmarkCheckOffline(b *testing.B) {
	var files, old []string
	for i := range 200 {
		files = append(files, fmt.Sprintf("events/topic-%d-value.avsc", i), wide(i, 20))
		for v := range 5 {
			old = append(old, fmt.Sprintf("topic-%d-value/v%d.avsc", i, v+1), wide(i, 15+v))
		}
	}
	dir, versions := write(b, files...), write(b, old...)
	for b.Loop() {
		loaded := load(b, schema.LoadRequest{Paths: []string{dir}})
		report := check(b, schema.Request{
			Candidates: loaded.Candidates, Available: loaded.Available, Baseline: schema.InDir(versions), Mode: schema.FullTransitive,
		})
		if !report.Compatible || len(report.Results) != 200 || len(report.Results[0].CheckedAgainst) != 5 {
			b.Fatalf("%+v", report.Results[0])
		}
	}
}

// wide is a record with so many optional fields.
func wide(number, fields int) string {
	var text strings.Builder
	fmt.Fprintf(&text, `{"type": "record", "name": "Event%d", "namespace": "com.example.events", "fields": [`, number)
	for i := range fields {
		if i > 0 {
			text.WriteString(",\n")
		}
		fmt.Fprintf(&text, `{"name": "field%d", "type": ["null", {"type": "array", "items": "string"}], "default": null, "doc": "the field number %d"}`, i, i)
	}
	text.WriteString("]}")
	return text.String()
}
