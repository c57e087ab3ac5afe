package wire_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"google.golang.org/protobuf/encoding/protowire"
)

// allocated is how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// refusedCheaply wants an error with these words that took at most so many megabytes.
func refusedCheaply(t *testing.T, c *wire.Codec, data []byte, megabytes uint64, want string) {
	t.Helper()
	if _, err := c.Decode(t.Context(), wire.Key, nil, framed(make([]byte, 20)...)); err == nil { // the schema is compiled here
		t.Log("zeros are data too")
	}
	var err error
	used := allocated(func() { _, err = c.Decode(t.Context(), wire.Value, nil, data) })
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
	if used > megabytes<<20 {
		t.Errorf("%d bytes of data took %d MB", len(data), used>>20)
	}
}

func varint(n int64) []byte { return binary.AppendVarint(nil, n) }

func TestAvroBombsAreRefusedBeforeTheyCostMemory(t *testing.T) {
	nulls := bytes.Repeat(append(varint(4096), 0), 20_000)
	for name, c := range map[string]struct {
		schema string
		data   []byte
		want   string
	}{
		"a block of 2^40 numbers":        {`{"type":"array","items":"int"}`, varint(1 << 40), "a block of 1099511627776 items"},
		"a block of 2^40 nulls":          {`{"type":"array","items":"null"}`, varint(1 << 40), "a block of 1099511627776 items"},
		"the most negative block":        {`{"type":"array","items":"null"}`, append(varint(-1<<63), 0), "a block of 9223372036854775808 items"},
		"many nulls":                     {`{"type":"array","items":"null"}`, append(varint(1_000_000), 0), "more than 10000 values that take no bytes"},
		"arrays of nulls":                {`{"type":"array","items":{"type":"array","items":"null"}}`, append(append(varint(20_000), nulls...), 0), "more than 10000 values that take no bytes"},
		"empty records":                  {`{"type":"array","items":{"type":"record","name":"R","fields":[]}}`, append(varint(999_999), 0), "more than 10000 values that take no bytes"},
		"empty fixeds":                   {`{"type":"array","items":{"type":"fixed","name":"F","size":0}}`, append(varint(999_999), 0), "more than 10000 values that take no bytes"},
		"nulls for fields":               {`{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"a","type":"null"},{"name":"b","type":"boolean"}]}}`, append(append(varint(999_999), make([]byte, 999_999)...), 0), "more than 10000 values that take no bytes"},
		"a map of 2^62":                  {`{"type":"map","values":"null"}`, varint(1 << 62), "a block of 4611686018427387904 items"},
		"many blocks":                    {`{"type":"array","items":"boolean"}`, append(bytes.Repeat(append(varint(100_000), make([]byte, 100_000)...), 15), 0), "more than 1000000 values"},
		"a string of 2^60":               {`"string"`, varint(1 << 60), "a string of 1152921504606846976 bytes, and 0 bytes are left"},
		"a fixed of 2 GB":                {`{"type":"fixed","name":"F","size":2147483647}`, nil, "it ends in the middle of fixed F"},
		"deeper than any list":           {`{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}`, bytes.Repeat([]byte{2}, 1_000_000), "nest deeper than 500 levels"},
		"arrays in arrays":               {`{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"array","items":"A"}}]}`, bytes.Repeat([]byte{2}, 1_000_000), "nest deeper than 500 levels"},
		"a record that contains itself":  {`{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}`, nil, "nest deeper than 500 levels"},
		"records that double themselves": {doubling(40), nil, "values that take no bytes"},
	} {
		t.Run(name, func(t *testing.T) { refusedCheaply(t, only(wire.Avro, c.schema), framed(c.data...), 8, c.want) })
	}
}

// doubling is a schema of which the data takes no bytes and is 2^n records.
func doubling(n int) string {
	fields := `[]`
	for i := range n {
		fields = fmt.Sprintf(`[{"name":"a","type":{"type":"record","name":"R%d","fields":%s}},{"name":"b","type":"R%d"}]`, i, fields, i)
	}
	return `{"type":"record","name":"Top","fields":` + fields + `}`
}

func TestLongNamesDoNotMultiplyJSON(t *testing.T) {
	name := strings.Repeat("long", 2500)
	avro := codec(wire.Options{JSON: 1 << 20}, wire.Avro, `{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"`+name+`","type":"boolean"}]}}`)
	refusedCheaply(t, avro, framed(append(append(varint(5000), make([]byte, 5000)...), 0)...), 16, "its JSON has more than 1048576 bytes")

	proto := codec(wire.Options{JSON: 1 << 20}, wire.Protobuf, `syntax = "proto3"; message M { repeated R r = 1; } message R { bool `+name+` = 1; }`)
	refusedCheaply(t, proto, framed(append([]byte{0}, bytes.Repeat([]byte{0x0a, 0}, 5000)...)...), 16, "its JSON has more than 1048576 bytes")

	enum := codec(wire.Options{JSON: 1 << 20}, wire.Protobuf, `syntax = "proto3"; message M { repeated E e = 1; } enum E { `+name+` = 0; }`)
	refusedCheaply(t, enum, framed(append([]byte{0}, protowire.AppendBytes([]byte{0x0a}, make([]byte, 5000))...)...), 16, "its JSON has more than 1048576 bytes")
}

func TestProtobufBombsAreRefusedBeforeTheyCostMemory(t *testing.T) {
	schema := `syntax = "proto3"; import "google/protobuf/any.proto"; message M { repeated M m = 1; google.protobuf.Any any = 2; map<int32, M> map = 3; }`
	deep := func(depth int, tag []byte) []byte {
		var b []byte
		for range depth {
			b = append(append([]byte{}, tag...), protowire.AppendBytes(nil, b)...)
		}
		return b
	}
	anys := []byte(nil)
	for range 30 {
		anys = protowire.AppendBytes(append(protowire.AppendString([]byte{0x0a}, "x/M"), 0x12), anys)
		anys = protowire.AppendBytes([]byte{0x12}, anys)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"many empty messages":   {bytes.Repeat([]byte{0x0a, 0}, 1_000_000), "more than 500000 messages"},
		"many entries of a map": {bytes.Repeat([]byte{0x1a, 0}, 1_000_000), "more than 500000 messages"},
		"messages in messages":  {deep(5000, []byte{0x0a}), "nest deeper than 100 levels"},
		"entries in entries":    {deep(5000, []byte{0x1a, 0x12}), ""},
		"Any in Any":            {anys, "more than 10 messages of google.protobuf.Any in each other"},
		"a length of 2^60":      {append([]byte{0x0a}, protowire.AppendVarint(nil, 1<<60)...), "cannot parse invalid wire-format data"},
	} {
		t.Run(name, func(t *testing.T) {
			refusedCheaply(t, only(wire.Protobuf, schema), framed(append([]byte{0}, c.data...)...), 64, c.want)
		})
	}
}

func TestJSONBombsAreRefused(t *testing.T) {
	c := only(wire.JSON, `{"multipleOf": 3, "uniqueItems": true}`)
	refusedCheaply(t, c, framed(bytes.Repeat([]byte{'['}, 1_000_000)...), 16, "exceeded max depth")
	m := decode(t, c, framed([]byte(`1e999999999`)...))
	if len(m.Violations) != 1 || m.Violations[0].Reason != "a number too large or too long to check" {
		t.Errorf("got %+v", m)
	}
}

func TestDataBeyondTheLimitIsRefused(t *testing.T) {
	for format, text := range map[wire.Format]string{wire.Avro: `"string"`, wire.JSON: `true`, wire.Protobuf: `syntax = "proto3"; message A {}`} {
		c := codec(wire.Options{Data: 10}, format, text)
		fails(t, c, framed(make([]byte, 11)...), fmt.Sprintf("data of schema 1 (%s): it has 11 bytes, and at most 10 are decoded", format))
		_, err := c.Encode(t.Context(), wire.Value, wire.Frame{ID: number(1)}, make([]byte, 11))
		wantDataError(t, "encoding", err, fmt.Sprintf("data of schema 1 (%s): it has 11 bytes, and at most 10 are decoded", format))
	}
}
