package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"google.golang.org/protobuf/encoding/protowire"
)

// try writes JSON with a schema and tries it with another; the answer is the words
// of the ReadError, and empty where it can be read.
func try(t testing.TB, format wire.Format, writer, reader, json string) string {
	t.Helper()
	c := only(format, writer)
	return tryData(t, c, format, reader, encode(t, c, wire.Frame{ID: number(1)}, json))
}

func tryData(t testing.TB, c *wire.Codec, format wire.Format, reader string, data []byte) string {
	t.Helper()
	r, err := c.Reader(&wire.Schema{Format: format, Text: reader})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Try(t.Context(), wire.Value, nil, data)
	var fault *wire.ReadError
	if err != nil && !errors.As(err, &fault) {
		t.Fatalf("trying %x with %s: %v (%T)", data, reader, err, err)
	}
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "written with schema 1: ")
}

func record(name, fields string) string {
	return fmt.Sprintf(`{"type":"record","name":%q,"namespace":"shop","fields":[%s]}`, name, fields)
}

func TestAvroIsReadAsJavaResolvesIt(t *testing.T) {
	const (
		tier    = `{"name":"tier","type":{"type":"enum","name":"Tier","symbols":["GOLD","SILVER"]}}`
		silver  = `{"name":"tier","type":{"type":"enum","name":"Tier","symbols":["SILVER"]}}`
		other   = `{"name":"tier","type":{"type":"enum","name":"Tier","symbols":["SILVER","OTHER"],"default":"OTHER"}}`
		renamed = `{"name":"tier","type":{"type":"enum","name":"Level","symbols":["GOLD","SILVER"]}}`
		aliased = `{"name":"tier","type":{"type":"enum","name":"Level","aliases":["Tier"],"symbols":["GOLD","SILVER"]}}`
		either  = `{"name":"by","type":["null","string","long"]}`
		texts   = `{"name":"by","type":["null","string"]}`
		lines   = `{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"}]}}}`
		prices  = `{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},{"name":"price","type":"int"}]}}}`
		node    = `{"name":"next","type":["null","Order"]}`
	)
	n := func(typ string) string { return `{"name":"n","type":` + typ + `}` }
	for name, c := range map[string]struct{ writer, reader, json, want string }{
		"a symbol that the reader has":              {tier, silver, `{"tier":"SILVER"}`, ""},
		"a symbol that it lacks":                    {tier, silver, `{"tier":"GOLD"}`, `tier: the symbol "GOLD" is here, and enum shop.Tier has neither it nor a default`},
		"a symbol that it lacks, with a default":    {tier, other, `{"tier":"GOLD"}`, ""},
		"an enum of another name":                   {tier, renamed, `{"tier":"GOLD"}`, "tier: enum shop.Tier is here, which isn't called enum shop.Level and is no alias of it"},
		"an enum of another name, by an alias":      {tier, aliased, `{"tier":"GOLD"}`, ""},
		"a branch that the reader has":              {either, texts, `{"by":"web"}`, ""},
		"a branch that it lacks":                    {either, texts, `{"by":7}`, "by: a long is here, and the union of null, string has no branch for it"},
		"null in a union that became one type":      {texts, `{"name":"by","type":"string"}`, `{"by":null}`, "by: a null is here, which can't be read as a string"},
		"text in a union that became one type":      {texts, `{"name":"by","type":"string"}`, `{"by":"web"}`, ""},
		"a field that is new, without a default":    {tier, tier + "," + n(`"int"`), `{"tier":"GOLD"}`, `the field "n" of record shop.Order is not here, and it has no default`},
		"a field that is new, with a default":       {tier, tier + `,{"name":"n","type":"int","default":0}`, `{"tier":"GOLD"}`, ""},
		"a field that is new, its default null":     {tier, tier + `,{"name":"n","type":["null","int"],"default":null}`, `{"tier":"GOLD"}`, ""},
		"a field that is gone":                      {tier + "," + n(`"int"`), tier, `{"tier":"GOLD","n":1}`, ""},
		"a field by its alias":                      {n(`"int"`), `{"name":"m","aliases":["n"],"type":"int"}`, `{"n":1}`, ""},
		"fields in another order":                   {tier + "," + n(`"int"`), n(`"int"`) + "," + tier, `{"tier":"GOLD","n":1}`, ""},
		"an int as a long":                          {n(`"int"`), n(`"long"`), `{"n":1}`, ""},
		"an int as a double in a union":             {n(`"int"`), n(`["null","double"]`), `{"n":1}`, ""},
		"a long as an int":                          {n(`"long"`), n(`"int"`), `{"n":1}`, "n: a long is here, which can't be read as an int"},
		"text as bytes":                             {n(`"string"`), n(`"bytes"`), `{"n":"a"}`, ""},
		"an item without what is new":               {lines, prices, `{"lines":[{"sku":"a"}]}`, `lines[0]: the field "price" of record shop.Line is not here, and it has no default`},
		"no item at all":                            {lines, prices, `{"lines":[]}`, ""},
		"a map of what can't be read":               {n(`{"type":"map","values":"string"}`), n(`{"type":"map","values":"int"}`), `{"n":{"a":"b"}}`, "n[0]: a string is here, which can't be read as an int"},
		"a fixed of another size":                   {n(`{"type":"fixed","name":"F","size":2}`), n(`{"type":"fixed","name":"F","size":3}`), `{"n":"AAA="}`, "n: fixed shop.F has 2 bytes here, and 3 are wanted"},
		"a record in itself":                        {node, node, `{"next":{"next":{"next":null}}}`, ""},
		"a record in itself, with what is new":      {node, node + "," + tier, `{"next":null}`, `the field "tier" of record shop.Order is not here, and it has no default`},
		"a date as a number":                        {n(`{"type":"int","logicalType":"date"}`), n(`"long"`), `{"n":"2026-03-02"}`, ""},
		"a record of another name in a union":       {n(`{"type":"record","name":"A","fields":[{"name":"a","type":"int"}]}`), n(`["null",{"type":"record","name":"B","fields":[{"name":"a","type":"long"}]}]`), `{"n":{"a":1}}`, ""},
		"a record of another name with other needs": {n(`{"type":"record","name":"A","fields":[{"name":"a","type":"int"}]}`), n(`["null",{"type":"record","name":"B","fields":[{"name":"b","type":"long"}]}]`), `{"n":{"a":1}}`, "n: record shop.A is here, and the union of null, shop.B has no branch for it"},
	} {
		if got := try(t, wire.Avro, record("Order", c.writer), record("Order", c.reader), c.json); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestARecordMayHaveAnotherName(t *testing.T) {
	if got := try(t, wire.Avro, record("Order", ""), record("Purchase", ""), `{}`); got != "" {
		t.Errorf("Java doesn't look at it, and here it is %q", got)
	}
}

func TestProtobufThatReadersLoseIsAFault(t *testing.T) {
	const head2, head3 = "syntax = \"proto2\"; package shop; ", "syntax = \"proto3\"; package shop; "
	msg := func(fields string) string { return head3 + "message Order { " + fields + " }" }
	for name, c := range map[string]struct{ writer, reader, json, want string }{
		"the same":                     {msg("string id = 1;"), msg("string id = 1;"), `{"id":"a"}`, ""},
		"a field that is new":          {msg("string id = 1;"), msg("string id = 1; int32 n = 2;"), `{"id":"a"}`, ""},
		"a field that is gone":         {msg("string id = 1; int32 n = 2;"), msg("string id = 1;"), `{"id":"a","n":3}`, ""},
		"another wire type":            {msg("int64 total = 3;"), msg("double total = 3;"), `{"total":"5"}`, "total: field 3 was written as a varint, which can't be read as double"},
		"another wire type, not there": {msg("int64 total = 3;"), msg("double total = 3;"), `{}`, ""},
		"in a list of messages": {
			msg("repeated Line lines = 1;") + "message Line { string sku = 1; }", msg("repeated Line lines = 1;") + "message Line { int32 sku = 1; }",
			`{"lines":[{},{"sku":"a"}]}`, "lines[1].sku: field 1 was written as bytes with a length, which can't be read as int32",
		},
		"bytes that aren't text": {msg("bytes raw = 1;"), msg("string raw = 1;"), `{"raw":"/w=="}`, "as a shop.Order: field shop.Order.raw contains invalid UTF-8"},
		"bytes that are text":    {msg("bytes raw = 1;"), msg("string raw = 1;"), `{"raw":"YQ=="}`, ""},
		"a number that a closed enum lacks": {
			head2 + "message Order { optional Tier tier = 1; } enum Tier { GOLD = 1; SILVER = 2; }", head2 + "message Order { optional Tier tier = 1; } enum Tier { SILVER = 2; }",
			`{"tier":"GOLD"}`, "tier: the number 1 is here, which the enum shop.Tier lacks",
		},
		"a number that an open enum lacks": {
			msg("Tier tier = 1;") + "enum Tier { NONE = 0; GOLD = 1; }", msg("Tier tier = 1;") + "enum Tier { NONE = 0; }", `{"tier":"GOLD"}`, "",
		},
		"a required field that is missing": {
			head2 + "message Order { optional string id = 1; }", head2 + "message Order { optional string id = 1; required string by = 2; }",
			`{"id":"a"}`, "required field shop.Order.by not set",
		},
		"another package":   {msg("string id = 1;"), "syntax = \"proto3\"; package store; message Order { string id = 1; }", `{"id":"a"}`, ""},
		"no such message":   {msg("string id = 1;"), head3 + "message Purchase { string id = 1; }", `{"id":"a"}`, "it is a message shop.Order, and the schema has none of that name"},
		"packed or not":     {msg("repeated int32 n = 1;"), head2 + "message Order { repeated int32 n = 1; }", `{"n":[1,2]}`, ""},
		"in a map's values": {msg("map<string, Line> m = 1;") + "message Line { string sku = 1; }", msg("map<string, Line> m = 1;") + "message Line { int32 sku = 1; }", `{"m":{"k":{"sku":"a"}}}`, "m.k.sku: field 1 was written as bytes with a length, which can't be read as int32"},
	} {
		if got := try(t, wire.Protobuf, c.writer, c.reader, c.json); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestProtobufThatWasLostBeforeIsNoFault(t *testing.T) {
	const schema = `syntax = "proto2"; message A { optional E e = 1; } enum E { X = 1; }`
	c := only(wire.Protobuf, schema)
	r, err := c.Reader(&wire.Schema{Format: wire.Protobuf, Text: schema})
	if err != nil {
		t.Fatal(err)
	}
	data := framed(protowire.AppendVarint([]byte{0, 0x08}, 9)...)
	err = r.Try(t.Context(), wire.Value, nil, data)
	wantDataError(t, "a number that its own enum lacks", err, "data of schema 1 (protobuf): e: the number 9 is here, which the enum E lacks")
}

func TestJSONMustSatisfyTheSchemaItIsReadWith(t *testing.T) {
	const open, closed = `{"type":"object"}`, `{"type":"object","required":["id"],"properties":{"n":{"maximum":3}}}`
	for _, c := range []struct{ json, want string }{
		{`{"id":"a"}`, ""},
		{`{"id":"a","n":4}`, "/n: maximum: got 4, want 3"},
	} {
		if got := try(t, wire.JSON, open, closed, c.json); got != c.want {
			t.Errorf("%s: %q, want %q", c.json, got, c.want)
		}
	}
	c := only(wire.JSON, closed)
	r, err := c.Reader(&wire.Schema{Format: wire.JSON, Text: closed})
	if err != nil {
		t.Fatal(err)
	}
	var bad *wire.DataError
	if err := r.Try(t.Context(), wire.Value, nil, framed([]byte(`{}`)...)); !errors.As(err, &bad) {
		t.Errorf("data that its own schema refuses: %v (%T)", err, err)
	}
	if err := r.Try(t.Context(), wire.Value, nil, framed([]byte(`{`)...)); !errors.As(err, &bad) {
		t.Errorf("data that isn't JSON: %v (%T)", err, err)
	}
}

func TestWhatNoSchemaReadsIsNotTheReadersFault(t *testing.T) {
	c := only(wire.Avro, `"string"`)
	r, err := c.Reader(&wire.Schema{Format: wire.Avro, Text: `"int"`})
	if err != nil {
		t.Fatal(err)
	}
	try := func(data []byte) error { return r.Try(t.Context(), wire.Value, nil, data) }
	var frame *wire.FrameError
	if err := try([]byte("text")); !errors.As(err, &frame) {
		t.Errorf("without a frame: %v (%T)", err, err)
	}
	var schema *wire.SchemaError
	if err := try([]byte{0, 0, 0, 0, 9}); !errors.As(err, &schema) || !errors.Is(err, errUnknown) {
		t.Errorf("with an unknown id: %v (%T)", err, err)
	}
	wantDataError(t, "data that is cut off", try(framed(20, 'a')), "data of schema 1 (avro), at byte 1: a string of 10 bytes, and 1 bytes are left")
	if err := try(nil); !errors.Is(err, wire.ErrNull) {
		t.Errorf("null: %v", err)
	}
	if got := tryData(t, c, wire.JSON, `true`, framed(2, 'a')); got != "that is one of format avro, and not json" {
		t.Errorf("another format: %q", got)
	}
}

func TestASchemaToReadWithMustBeOne(t *testing.T) {
	for format, text := range map[wire.Format]string{wire.Avro: `{`, wire.JSON: `{`, wire.Protobuf: `message`, "thrift": ``} {
		if _, err := only(wire.Avro, `"int"`).Reader(&wire.Schema{Format: format, Text: text}); err == nil {
			t.Errorf("%s: %q is taken for one", format, text)
		}
	}
}

func TestBombsAreRefusedBeforeTheyAreTried(t *testing.T) {
	const nulls = `{"type":"array","items":"null"}`
	c := only(wire.Avro, nulls)
	r, err := c.Reader(&wire.Schema{Format: wire.Avro, Text: nulls})
	if err != nil {
		t.Fatal(err)
	}
	var bad *wire.DataError
	used := allocated(func() { err = r.Try(t.Context(), wire.Value, nil, framed(varint(1<<40)...)) })
	if !errors.As(err, &bad) || used > 8<<20 {
		t.Errorf("error %v, %d MB", err, used>>20)
	}
}
