package avro_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

// version is a schema of a usual size, about 4 KB, that grows by a field from
// version to version.
func version(n int) string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, `{"name":"line%d","doc":"what was ordered, and how much of it","type":["null",{"type":"record","name":"Line%d","fields":[`+
			`{"name":"sku","type":"string"},{"name":"quantity","type":"int","default":1}]}],"default":null},`, i, i)
	}
	for i := range n {
		fmt.Fprintf(&b, `{"name":"added%d","type":["null","string"],"default":null},`, i)
	}
	return record(b.String() + `{"name":"id","type":"string"}`)
}

// BenchmarkCheckOfADirectory is what 200 schema files cost that are each held
// against 5 versions, all read from text.
func BenchmarkCheckOfADirectory(b *testing.B) {
	var versions []string
	for i := range 6 {
		versions = append(versions, version(i))
	}
	for b.Loop() {
		for range 200 {
			candidate := parse(b, versions[5])
			for _, version := range versions[:5] {
				problems, err := avro.Check(candidate, parse(b, version))
				if err != nil || len(problems) > 0 {
					b.Fatal(err, problems)
				}
			}
		}
	}
}
