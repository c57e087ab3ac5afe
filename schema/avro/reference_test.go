package avro_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

func ref(name, text string) avro.Reference {
	return avro.Reference{Name: name, Source: []byte(text)}
}

const (
	order    = `{"type":"record","name":"shop.Order","fields":[{"name":"customer","type":"Customer"}]}`
	customer = `{"type":"record","name":"shop.Customer","fields":[{"name":"address","type":"Address"}]}`
	address  = `{"type":"record","name":"shop.Address","fields":[{"name":"city","type":"string"}]}`
)

func TestReferencesAreFoundInAnyOrder(t *testing.T) {
	for _, refs := range [][]avro.Reference{
		{ref("customer", customer), ref("address", address)},
		{ref("address", address), ref("customer", customer)},
		{ref("address", address), ref("customer", customer), ref("unused", `{"type":"fixed","name":"F","size":1}`)},
	} {
		s := parse(t, order, refs...)
		if s.Name() != "shop.Order" || s.Kind() != "record" {
			t.Errorf("got %s %s", s.Kind(), s.Name())
		}
		if got := s.Defines(); !slices.Equal(got, []string{"shop.Order"}) {
			t.Errorf("the schema itself defines %v, want its own type only", got)
		}
	}
}

func TestReferencesThatCannotBeUsedAreRefused(t *testing.T) {
	circular := strings.Replace(address, `"string"`, `"Customer"`, 1)
	back := strings.Replace(address, `"string"`, `"Order"`, 1)
	for _, test := range []struct {
		name string
		refs []avro.Reference
		want string
	}{
		{"a circle of two files", []avro.Reference{ref("c.avsc", customer), ref("a.avsc", circular)},
			`parsing Avro schema a.avsc: line 1, column 72 (/fields/0/type): the references form a circle: c.avsc → a.avsc → c.avsc`},
		{"a circle through the schema itself", []avro.Reference{ref("c.avsc", customer), ref("a.avsc", back)},
			`parsing Avro schema a.avsc: line 1, column 72 (/fields/0/type): the references form a circle: the schema itself → c.avsc → a.avsc → the schema itself`},
		{"one that lacks its own reference", []avro.Reference{ref("c.avsc", customer)},
			`parsing Avro schema c.avsc: line 1, column 76 (/fields/0/type): unknown type "shop.Address"`},
		{"one that isn't a schema", []avro.Reference{ref("c.avsc", customer), ref("a.avsc", "{}")},
			`parsing Avro schema a.avsc: line 1, column 1: no type`},
		{"one that isn't JSON", []avro.Reference{ref("c.avsc", customer), ref("a.avsc", "{type}")},
			`parsing Avro schema a.avsc: line 1, column 3: invalid character 'y' in literal true (expecting 'r')`},
		{"two that differ about a type", []avro.Reference{ref("c.avsc", customer), ref("a.avsc", address), ref("b.avsc", strings.Replace(address, "string", "bytes", 1))},
			`parsing Avro schema b.avsc: line 1, column 1: shop.Address is defined again, and differently than on line 1 of a.avsc`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := avro.Parse([]byte(order), test.refs...)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestNamesTellWhatAFileDefinesAndNeeds(t *testing.T) {
	defined, needed, err := avro.Names([]byte(`{"type":"record","name":"shop.Order","fields":[` +
		`{"name":"a","type":"Customer"},{"name":"b","type":["null","Customer","other.T"]},` +
		`{"name":"c","type":"Late"},{"name":"d","type":{"type":"fixed","name":"Late","size":1}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"shop.Late", "shop.Order"}; !slices.Equal(defined, want) {
		t.Errorf("defined %v, want %v", defined, want)
	}
	if want := []string{"other.T", "shop.Customer"}; !slices.Equal(needed, want) {
		t.Errorf("needed %v, want %v", needed, want)
	}
	for _, text := range []string{`{`, `{"type":"enum","name":"E"}`} {
		if _, _, err := avro.Names([]byte(text)); err == nil {
			t.Errorf("%s has no names", text)
		}
	}
}

func TestAProblemInAReferencedFileNamesTheFile(t *testing.T) {
	changed := "{\"type\":\"record\",\"name\":\"shop.Address\",\"fields\":[\n{\"name\":\"city\",\"type\":\"int\"}]}"
	reader := parse(t, order, ref("customer", customer), ref("address v2", changed))
	writer := parse(t, order, ref("customer", customer), ref("address v1", address))
	problems, err := avro.Check(reader, writer)
	if err != nil || len(problems) != 1 {
		t.Fatalf("%v, %v; want one problem", problems, err)
	}
	p := problems[0]
	if p.Reader.File != "address v2" || p.Reader.Line != 2 || p.Reader.Pointer != "/fields/0/type" || p.Writer.File != "address v1" {
		t.Errorf("the places are %+v and %+v", p.Reader, p.Writer)
	}
	if p.Field != "customer.address.city" || p.Path != "/fields/0/type/fields/0/type/fields/0/type" {
		t.Errorf("the field is %q, the path %q", p.Field, p.Path)
	}
	// In the schema's own text there is only the reference to point at.
	if line, column := reader.Position(p.Path); line != 1 || column != strings.Index(order, `"Customer"`)+1 {
		t.Errorf("the position in the schema itself is %d:%d", line, column)
	}
}
