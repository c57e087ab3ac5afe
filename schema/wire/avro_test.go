package wire_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
)

var avroFrame = wire.Frame{ID: number(1)}

// orderSchema has one of everything.
const orderSchema = `{
  // as somebody wrote it
  "type": "record", "namespace": "com.acme", "name": "Order", "fields": [
    {"name": "id", "type": "long"},
    {"name": "note", "type": ["null", "string"], "default": "not of the first branch"},
    {"name": "paid", "type": "boolean", "default": 17},
    {"name": "count", "type": "int"},
    {"name": "weight", "type": "float"},
    {"name": "volume", "type": "double"},
    {"name": "raw", "type": "bytes"},
    {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 2}},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "DONE"]}},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
      {"name": "sku", "type": "string"}, {"name": "hash", "type": "com.acme.Hash"}]}}},
    {"name": "labels", "type": {"type": "map", "values": "long"}},
    {"name": "parent", "type": ["null", "Order"]},
    {"name": "last", "type": "Later"},
    {"name": "later", "type": {"type": "enum", "name": "Later", "symbols": ["A"]}}
  ]
}`

const orderJSON = `{"id":9223372036854775807,"note":null,"paid":true,"count":-2147483648,"weight":0.1,` +
	`"volume":1e+300,"raw":"/wA=","hash":"AQI=","state":"DONE","lines":[{"sku":"a\"é\u0001","hash":"AAA="}],` +
	`"labels":{"a":9007199254740993,"b":-1},"parent":null,"last":"A","later":"A"}`

func TestAvroComesBack(t *testing.T) {
	for name, c := range map[string]struct{ schema, json string }{
		"one of everything":                      {orderSchema, orderJSON},
		"numbers over 2^53":                      {`"long"`, `-9223372036854775808`},
		"a double with its last digit":           {`"double"`, `0.30000000000000004`},
		"a double like an integer":               {`"double"`, `1`},
		"minus zero":                             {`"double"`, `-0`},
		"the smallest double":                    {`"double"`, `5e-324`},
		"the largest float":                      {`"float"`, `3.4028235e+38`},
		"not a number":                           {`"double"`, `"NaN"`},
		"less than any":                          {`"float"`, `"-Infinity"`},
		"null or one type is bare":               {`["null","long"]`, `1`},
		"so is one type or null":                 {`["string","null"]`, `null`},
		"types that JSON tells apart are bare":   {`["null","string","long","boolean",{"type":"array","items":"int"}]`, `[1]`},
		"types that it doesn't are tagged":       {`["null","int","long"]`, `{"long":1}`},
		"all of them":                            {`["boolean","int","long"]`, `{"boolean":true}`},
		"but null never":                         {`["null","int","long"]`, `null`},
		"double and string: NaN could be either": {`["string","double"]`, `{"string":"NaN"}`},
		"bytes and string":                       {`["string","bytes"]`, `{"bytes":"/w=="}`},
		"records by their full names":            {`[{"type":"record","name":"a.R","fields":[]},{"type":"record","name":"b.R","fields":[]}]`, `{"b.R":{}}`},
		"a record that looks like a tag":         {`["null",{"type":"record","name":"R","fields":[{"name":"R","type":"int"}]}]`, `{"R":1}`},
		"decimal":                                {`{"type":"bytes","logicalType":"decimal","precision":20,"scale":2}`, `"-123456789012345678.05"`},
		"decimal below one":                      {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":4}`, `"-0.0001"`},
		"decimal without places":                 {`{"type":"bytes","logicalType":"decimal","precision":4}`, `"-128"`},
		"decimal nothing":                        {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}`, `"0.0"`},
		"decimal in a fixed":                     {`{"type":"fixed","name":"D","size":8,"logicalType":"decimal","precision":9,"scale":3}`, `"-1.500"`},
		"date":                                   {`{"type":"int","logicalType":"date"}`, `"1969-12-31"`},
		"time":                                   {`{"type":"int","logicalType":"time-millis"}`, `"23:59:59.999"`},
		"time in micros":                         {`{"type":"long","logicalType":"time-micros"}`, `"00:00:00.000001"`},
		"timestamp":                              {`{"type":"long","logicalType":"timestamp-millis"}`, `"2024-02-29T12:00:00.010Z"`},
		"timestamp before 1970":                  {`{"type":"long","logicalType":"timestamp-micros"}`, `"0001-01-01T00:00:00.000001Z"`},
		"timestamp in nanos":                     {`{"type":"long","logicalType":"timestamp-nanos"}`, `"2024-02-29T12:00:00.000000001Z"`},
		"timestamp beyond what RFC 3339 can say": {`{"type":"long","logicalType":"timestamp-millis"}`, `9223372036854775807`},
		"the earliest millisecond":               {`{"type":"long","logicalType":"timestamp-millis"}`, `-9223372036854775808`},
		"local timestamp":                        {`{"type":"long","logicalType":"local-timestamp-millis"}`, `"2024-02-29T12:00:00.010"`},
		"uuid in a fixed":                        {`{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`, `"0c5a7f7e-2c0c-4a0d-8e6f-5f4b6a1d9b1e"`},
		"uuid in a string":                       {`{"type":"string","logicalType":"uuid"}`, `"whatever"`},
		"duration":                               {`{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, `{"months":1,"days":4294967295,"millis":0}`},
		"a nullable timestamp":                   {`["null",{"type":"long","logicalType":"timestamp-millis"}]`, `"2024-02-29T12:00:00.010Z"`},
		"a logical type on a type it isn't for":  {`{"type":"string","logicalType":"decimal","precision":4}`, `"x"`},
		"a decimal without precision":            {`{"type":"bytes","logicalType":"decimal"}`, `"AQ=="`},
		"a logical type nobody knows":            {`{"type":"int","logicalType":"mood"}`, `3`},
	} {
		t.Run(name, func(t *testing.T) { back(t, only(wire.Avro, c.schema), avroFrame, c.json) })
	}
}

func TestAvroSchemasThatRegistriesAcceptAreRead(t *testing.T) {
	for name, c := range map[string]struct{ schema, json string }{
		"a type defined twice":            {`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["X"]}},{"name":"b","type":{"type":"enum","name":"E","symbols":["X"]}}]}`, `{"a":"X","b":"X"}`},
		"the null namespace from another": {`[{"type":"enum","name":"E","symbols":["X"]},{"type":"record","name":"a.R","fields":[{"name":"e","type":"E"}]}]`, `{"e":"X"}`},
		"two types, one with a namespace": {`{"type":"record","name":"a.R","fields":[{"name":"x","type":{"type":"enum","name":"b.R","symbols":["X"]}},{"name":"y","type":["null","R"]}]}`, `{"x":"X","y":{"x":"X","y":null}}`},
		"a name before it is known":       {`{"type":"record","name":"z.F","fields":[{"name":"x","type":{"type":"enum","name":"F","namespace":"","symbols":["X"]}},{"name":"y","type":"F"}]}`, `{"x":"X","y":"X"}`},
		"names that aren't names":         {`{"type":"record","name":"my-ns.My Record","fields":[{"name":"a-b c","type":{"type":"enum","name":"E","symbols":["no-symbol"]}}]}`, `{"a-b c":"no-symbol"}`},
		"defaults that fit nothing":       {`{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"},{"name":"b","type":{"type":"enum","name":"E","symbols":["X"],"default":"Y"}}]}`, `{"a":1,"b":"X"}`},
		"a type in a type":                {`{"type":{"type":{"type":"string"}}}`, `"x"`},
		"an error":                        {`{"type":"error","name":"Bad","fields":[]}`, `{}`},
		"comments":                        {"/* a */ {\"type\": // b\n \"string\", \"doc\": \"http://x /* no comment\"}", `"x"`},
	} {
		t.Run(name, func(t *testing.T) { back(t, only(wire.Avro, c.schema), avroFrame, c.json) })
	}
	t.Run("references in any order", func(t *testing.T) {
		c := only(wire.Avro, `{"type":"record","name":"a.R","fields":[{"name":"x","type":"X"}]}`,
			wire.Reference{Name: "x", Text: `{"type":"record","name":"a.X","fields":[{"name":"y","type":"b.Y"}]}`},
			wire.Reference{Name: "y", Text: `{"type":"enum","name":"b.Y","symbols":["Z"]}`})
		if m := back(t, c, avroFrame, `{"x":{"y":"Z"}}`); m.Name != "a.R" || m.Format != wire.Avro {
			t.Errorf("got %+v", m)
		}
	})
}

func TestAvroSchemasThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		``:                            "schema 1: parsing Avro schema: EOF",
		`<html>`:                      "schema 1: parsing Avro schema: invalid character '<' looking for beginning of value",
		`42`:                          "schema 1: parsing Avro schema: a type is a name, an object or an array, and not 42",
		`"Nobody"`:                    `schema 1: parsing Avro schema: the type "Nobody" is nowhere defined`,
		`{"type":"record"}`:           "schema 1: parsing Avro schema: this record has no name",
		`{"type":"fixed","name":"F"}`: "schema 1: parsing Avro schema: the fixed F has no size",
		`["null",["int"]]`:            "schema 1: parsing Avro schema: a union in a union",
		strings.Repeat(`[`, 600):      "schema 1: parsing Avro schema: unexpected EOF",
		strings.Repeat(`{"type":`, 600) + `"int"` + strings.Repeat(`}`, 600): "schema 1: parsing Avro schema: nested deeper than 500 levels",
	} {
		_, err := only(wire.Avro, text).Decode(t.Context(), wire.Value, nil, framed(1))
		var bad *wire.SchemaError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%.60s gives %v (%T), want the SchemaError %q", text, err, err, want)
		}
	}
}

func TestAvroDataThatIsNotWhatItsSchemaSays(t *testing.T) {
	r := `{"type":"record","name":"a.R","fields":[{"name":"s","type":{"type":"array","items":{"type":"record","name":"L","fields":[{"name":"x","type":"string"},{"name":"e","type":["null",{"type":"enum","name":"E","symbols":["X"]}]}]}}}]}`
	for name, c := range map[string]struct {
		schema string
		data   []byte
		want   string
		offset int
	}{
		"empty":             {`"long"`, nil, "data of schema 1 (avro), at byte 0: it ends in the middle of a long", 0},
		"trailing bytes":    {`"long"`, []byte{2, 2, 2}, "data of schema 1 (avro), at byte 1: 2 bytes are left over; it was probably written with another schema", 1},
		"cut off":           {r, []byte{2, 6, 'a', 'b'}, "data of schema 1 (avro a.R): s[0].x, at byte 2: a string of 3 bytes, and 2 bytes are left", 2},
		"a wrong branch":    {r, []byte{4, 0, 0, 0, 6}, "data of schema 1 (avro a.R): s[1].e, at byte 5: number 3 of the 2 branches of a union", 5},
		"a wrong symbol":    {r, []byte{2, 0, 2, 2}, "data of schema 1 (avro a.R): s[0].e, at byte 4: number 1 of the 1 symbols of enum a.E", 4},
		"a negative length": {`"string"`, []byte{1}, "data of schema 1 (avro), at byte 1: a string of -1 bytes, and 0 bytes are left", 1},
		"a long for an int": {`"int"`, binary.AppendVarint(nil, 1<<31), "data of schema 1 (avro), at byte 0: the number is too long for an int", 0},
		"more than a long":  {`"long"`, []byte(strings.Repeat("\xff", 10) + "\x01"), "data of schema 1 (avro), at byte 0: the number is too long for a long", 0},
		"no boolean":        {`"boolean"`, []byte{2}, "data of schema 1 (avro), at byte 0: the byte 0x02 is no boolean", 0},
		"half a double":     {`"double"`, []byte{1, 2, 3, 4}, "data of schema 1 (avro), at byte 0: it ends in the middle of a double", 0},
		"a map without end": {`{"type":"map","values":"int"}`, []byte{2, 2, 'k', 2}, "data of schema 1 (avro): [0], at byte 4: it ends in the middle of a map", 4},
	} {
		t.Run(name, func(t *testing.T) {
			if bad := fails(t, only(wire.Avro, c.schema), framed(c.data...), c.want); bad.Offset != c.offset {
				t.Errorf("at %d, want %d", bad.Offset, c.offset)
			}
		})
	}
}

func TestAvroStringsThatAreNotUTF8AreNoted(t *testing.T) {
	m := decode(t, only(wire.Avro, `{"type":"map","values":"string"}`), framed(2, 2, 'k', 4, 0xff, 'x', 0))
	if string(m.JSON) != `{"k":"�x"}` || len(m.Notes) != 1 || m.Notes[0] != "k: a string that isn't UTF-8; its invalid bytes appear as U+FFFD" {
		t.Errorf("got %s and %q", m.JSON, m.Notes)
	}
}

func TestAvroBlocksWithSizesAreRead(t *testing.T) {
	m := decode(t, only(wire.Avro, `{"type":"array","items":"int"}`), framed(3, 4, 2, 4, 2, 6, 0))
	if string(m.JSON) != "[1,2,3]" {
		t.Errorf("got %s", m.JSON)
	}
}

func TestAvroEncodingChecks(t *testing.T) {
	r := `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"int"}},{"name":"m","type":{"type":"map","values":["null","long","int"]}}]}`
	for name, c := range map[string]struct{ schema, json, want string }{
		"not JSON":                {`"int"`, `{`, "data of schema 1 (avro), at byte 1: not JSON: unexpected EOF"},
		"more than one value":     {`"int"`, `1 2`, "data of schema 1 (avro), at byte 2: not JSON: invalid character '2' after top-level value"},
		"a name twice":            {r, `{"a":[],"a":[],"m":{}}`, "data of schema 1 (avro R): /a, at byte 8: not JSON: duplicate object member name"},
		"a missing field":         {r, `{"a":[]}`, `data of schema 1 (avro R): the field "m" of record R is missing`},
		"an unknown field":        {r, `{"a":[],"m":{},"z":1}`, `data of schema 1 (avro R): record R has no field "z"`},
		"a wrong type":            {r, `{"a":[1,"x"],"m":{}}`, `data of schema 1 (avro R): a[1]: an int is wanted, and not "x"`},
		"null for a number":       {`"int"`, `null`, "data of schema 1 (avro): an int is wanted, and not null"},
		"over an int":             {`"int"`, `2147483648`, "data of schema 1 (avro): 2147483648 is out of the range of an int"},
		"over a long":             {`"long"`, `9223372036854775808`, "data of schema 1 (avro): a long is wanted, and not 9223372036854775808"},
		"a fraction":              {`"long"`, `1.5`, "data of schema 1 (avro): a long is wanted, and not 1.5"},
		"a float too large":       {`"float"`, `1e39`, "data of schema 1 (avro): 1e39 is out of the range of a float"},
		"an untagged value":       {r, `{"a":[],"m":{"k":1}}`, `data of schema 1 (avro R): m.k: 1 fits no branch of the union of null, long, int, which is written {"int": …}`},
		"a wrong tag":             {r, `{"a":[],"m":{"k":{"string":"x"}}}`, `data of schema 1 (avro R): m.k: an object fits no branch of the union of null, long, int, which is written {"int": …}`},
		"no branch":               {`["string","long"]`, `true`, "data of schema 1 (avro): true fits no branch of the union of string, long"},
		"a symbol nobody knows":   {`{"type":"enum","name":"E","symbols":["A","B"]}`, `"C"`, `data of schema 1 (avro E): "C" is no symbol of enum E: A, B`},
		"not base64":              {`"bytes"`, `"ÿ"`, "data of schema 1 (avro): bytes in base64 is wanted: illegal base64 data at input byte 0"},
		"a fixed of another size": {`{"type":"fixed","name":"F","size":3}`, `"AQ=="`, "data of schema 1 (avro F): fixed F has 3 bytes, and this is 1"},
		"a decimal too precise":   {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}`, `"1.25"`, "data of schema 1 (avro): bytes (decimal) is wanted: 1.25 has more than 1 decimal places"},
		"a decimal too long":      {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}`, `"1234.5"`, "data of schema 1 (avro): bytes (decimal) is wanted: 1234.5 has more than 4 digits"},
		"a decimal that isn't":    {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}`, `"1e3"`, `data of schema 1 (avro): bytes (decimal) is wanted: "1e3" is no decimal number`},
		"a date that isn't":       {`{"type":"int","logicalType":"date"}`, `"2023-02-29"`, `data of schema 1 (avro): an int (date) is wanted, and not "2023-02-29"`},
		"more digits than fit":    {`{"type":"long","logicalType":"timestamp-millis"}`, `"2024-02-29T12:00:00.0001Z"`, `data of schema 1 (avro): a long (timestamp-millis) is wanted, and not "2024-02-29T12:00:00.0001Z"`},
		"no time zone":            {`{"type":"long","logicalType":"timestamp-millis"}`, `"2024-02-29T12:00:00"`, `data of schema 1 (avro): a long (timestamp-millis) is wanted, and not "2024-02-29T12:00:00"`},
		"a uuid that isn't":       {`{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`, `"x"`, `data of schema 1 (avro U): fixed U (uuid) is wanted: "x" is no UUID`},
		"a part of a duration":    {`{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, `{"days":1}`, `data of schema 1 (avro D): fixed D (duration) is wanted: {"months": …, "days": …, "millis": …}`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := only(wire.Avro, c.schema).Encode(t.Context(), wire.Value, avroFrame, []byte(c.json))
			wantDataError(t, fmt.Sprintf("%s is encoded as %v", c.json, e), err, c.want)
		})
	}
}

func TestAvroEncodingTakesWhatPeopleWrite(t *testing.T) {
	for name, c := range map[string]struct{ schema, json, want string }{
		"a whole number with a point":  {`"long"`, `3.0`, `3`},
		"a whole number with exponent": {`"int"`, `1e3`, `1000`},
		"a decimal as a number":        {`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, `12.5`, `"12.50"`},
		"a timestamp as a number":      {`{"type":"long","logicalType":"timestamp-millis"}`, `0`, `"1970-01-01T00:00:00.000Z"`},
		"a timestamp of another zone":  {`{"type":"long","logicalType":"timestamp-millis"}`, `"1970-01-01T02:00:00+02:00"`, `"1970-01-01T00:00:00.000Z"`},
		"fields in another order":      {`{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}`, ` { "b" : 2, "a" : 1 } `, `{"a":1,"b":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			codec := only(wire.Avro, c.schema)
			if m := decode(t, codec, encode(t, codec, avroFrame, c.json)); string(m.JSON) != c.want {
				t.Errorf("got %s, want %s", m.JSON, c.want)
			}
		})
	}
}

func TestAvroFloatsKeepTheirBits(t *testing.T) {
	c := only(wire.Avro, `"float"`)
	for _, bits := range []uint32{0, 1, 0x80000000, 0x3dcccccd, 0x7f7fffff, 0x00800000, math.Float32bits(16777217)} {
		data := framed(binary.LittleEndian.AppendUint32(nil, bits)...)
		m := decode(t, c, data)
		if again := encode(t, c, m.Frame, string(m.JSON)); string(again) != string(data) {
			t.Errorf("%08x is %s and comes back as %x", bits, m.JSON, again)
		}
	}
}
