package avro_test

import (
	"fmt"
	"log"

	"github.com/evtctl/evtctl/schema/avro"
)

func Example() {
	before, err := avro.Parse([]byte(`{"type": "record", "name": "Order", "namespace": "shop", "fields": [
		{"name": "id", "type": "string"},
		{"name": "amount", "type": "long"}
	]}`))
	if err != nil {
		log.Fatal(err)
	}
	after, err := avro.Parse([]byte(`{"type": "record", "name": "Order", "namespace": "shop", "fields": [
		{"name": "id", "type": "string"},
		{"name": "amount", "type": "int"},
		{"name": "tier", "type": "string"} // gold or silver
	]}`))
	if err != nil {
		log.Fatal(err)
	}
	changes, err := avro.Diff(before, after)
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range changes {
		fmt.Println(change.Text())
	}
	// Consumers that have the new schema read what was written with the old one.
	problems, err := avro.Check(after, before)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range problems {
		fmt.Printf("line %d: %s: %s\n", p.Reader.Line, p.Rule, p.Detail())
	}
	// Output:
	// type of "amount": long → int
	// added field "tier" (string)
	// line 3: type-mismatch: field "amount": the reader has int, the writer long, and the one can't be read as the other
	// line 4: reader-field-missing-default-value: field "tier" (string) has no default, and the writer's record shop.Order has no such field
}
