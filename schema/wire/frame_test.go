package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestWhereTheIDIs(t *testing.T) {
	guid := append([]byte{1}, someGUID[:]...)
	for name, c := range map[string]struct {
		part     wire.Part
		headers  []kgo.RecordHeader
		data     []byte
		id       wire.ID
		inHeader bool
		rest     string
	}{
		"in front":                           {wire.Value, nil, []byte("\x00\x00\x01\x02\x03abc"), number(0x010203), false, "abc"},
		"in front, nothing follows":          {wire.Value, nil, []byte("\x00\x00\x00\x00\x07"), number(7), false, ""},
		"the largest":                        {wire.Value, nil, []byte("\x00\x7f\xff\xff\xff"), number(1<<31 - 1), false, ""},
		"a GUID in front":                    {wire.Value, nil, append(bytes.Clone(guid), "abc"...), wire.ID{GUID: someGUID}, false, "abc"},
		"a GUID in the header":               {wire.Value, []kgo.RecordHeader{header("__value_schema_id", guid...)}, []byte("abc"), wire.ID{GUID: someGUID}, true, ""},
		"a number in the header":             {wire.Value, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 9)}, []byte("abc"), number(9), true, ""},
		"indexes in the header":              {wire.Value, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 9, 2, 4)}, []byte("abc"), number(9), true, "\x02\x04"},
		"the header wins":                    {wire.Value, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 9)}, framed('a'), number(9), true, ""},
		"the last of two headers":            {wire.Value, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 8), header("__value_schema_id", 0, 0, 0, 0, 9)}, []byte{}, number(9), true, ""},
		"a key has a header of its own":      {wire.Key, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 8), header("__key_schema_id", 0, 0, 0, 0, 9)}, []byte("abc"), number(9), true, ""},
		"the value's header isn't the key's": {wire.Key, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 8)}, framed('a'), number(1), false, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			f, rest, err := wire.ReadFrame(c.part, c.headers, c.data)
			if err != nil {
				t.Fatal(err)
			}
			if f.ID != c.id || f.InHeader != c.inHeader || string(rest) != c.rest || f.Indexes != nil {
				t.Errorf("got %+v and %q, want %v, %t and %q", f, rest, c.id, c.inHeader, c.rest)
			}
		})
	}
}

func TestWhatHasNoIDSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		headers    []kgo.RecordHeader
		data       []byte
		want, hint string
	}{
		"empty":              {nil, []byte{}, "schema id of the value: it is empty", ""},
		"JSON":               {nil, []byte(`{"a":1}`), "schema id of the value: it begins with the byte 0x7b, and data with a schema id with 0x00 or 0x01", "this looks like JSON without a schema"},
		"text":               {nil, []byte(`hello`), "schema id of the value: it begins with the byte 0x68, and data with a schema id with 0x00 or 0x01", "this looks like text without a schema"},
		"another magic byte": {nil, []byte{2, 0, 0, 0, 1}, "schema id of the value: it begins with the byte 0x02, and data with a schema id with 0x00 or 0x01", ""},
		"AWS Glue":           {nil, append([]byte{3, 0}, someGUID[:]...), "schema id of the value: it begins with the byte 0x03, and data with a schema id with 0x00 or 0x01", "this looks like the form of AWS Glue Schema Registry, which isn't read"},
		"cut off":            {nil, []byte{0, 0, 0, 1}, "schema id of the value: it has 4 bytes, and a schema id takes 5", ""},
		"negative":           {nil, []byte{0, 0x80, 0, 0, 1}, "schema id of the value: after the byte 0 there is no schema id", ""},
		"a GUID cut off":     {nil, append([]byte{1}, someGUID[1:]...), "schema id of the value: it has 16 bytes, and a schema GUID takes 17", ""},
		"a GUID of zeros":    {nil, append([]byte{1}, make([]byte, 16)...), "schema id of the value: its schema GUID is all zeros", ""},
		"an empty header":    {[]kgo.RecordHeader{header("__value_schema_id")}, framed('a'), "schema id of the header __value_schema_id: it is empty", ""},
		"a header of text":   {[]kgo.RecordHeader{header("__value_schema_id", '4', '2')}, framed('a'), "schema id of the header __value_schema_id: it begins with the byte 0x34, and data with a schema id with 0x00 or 0x01", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := only(wire.Avro, `"string"`).Decode(t.Context(), wire.Value, c.headers, c.data)
			var frame *wire.FrameError
			if !errors.As(err, &frame) {
				t.Fatalf("got %v (%T), want a FrameError", err, err)
			}
			if err.Error() != c.want || frame.Hint() != c.hint {
				t.Errorf("got %q and %q, want %q and %q", err, frame.Hint(), c.want, c.hint)
			}
		})
	}
}

func TestNullHasNoSchema(t *testing.T) {
	in := []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 1)}
	for _, headers := range [][]kgo.RecordHeader{nil, in} {
		if _, err := only(wire.Avro, `"null"`).Decode(t.Context(), wire.Value, headers, nil); !errors.Is(err, wire.ErrNull) {
			t.Errorf("got %v, want ErrNull", err)
		}
	}
}

func TestEmptyDataBesideAHeaderIsData(t *testing.T) {
	c := only(wire.Avro, `{"type":"record","name":"Nothing","fields":[]}`)
	m, err := c.Decode(t.Context(), wire.Value, []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 1)}, []byte{})
	if err != nil || string(m.JSON) != "{}" || !m.Frame.InHeader {
		t.Errorf("got %+v and %v", m, err)
	}
	e, err := c.Encode(t.Context(), wire.Key, m.Frame, m.JSON)
	if err != nil {
		t.Fatal(err)
	}
	if e.Data == nil || len(e.Data) != 0 || e.Header == nil || e.Header.Key != "__key_schema_id" {
		t.Errorf("encoded as %+v, want empty data, which is no tombstone, and a header", e)
	}
}

func TestTheIDGoesBackWhereItWas(t *testing.T) {
	schema := &wire.Schema{Format: wire.Protobuf, Text: `syntax = "proto3"; message A { message B { string s = 1; } } message C {}`}
	c := wire.NewCodec(&shelf{schemas: map[wire.ID]*wire.Schema{number(1): schema, {GUID: someGUID}: schema}}, wire.Options{})
	for name, f := range map[string]wire.Frame{
		"a number in front":      {ID: number(1), Indexes: []int{0, 0}},
		"a GUID in front":        {ID: wire.ID{GUID: someGUID}, Indexes: []int{0, 0}},
		"a GUID in the header":   {ID: wire.ID{GUID: someGUID}, Indexes: []int{0, 0}, InHeader: true},
		"the number in a header": {ID: number(1), Indexes: []int{0, 0}, InHeader: true},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := c.Encode(t.Context(), wire.Value, f, []byte(`{"s":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			var headers []kgo.RecordHeader
			if e.Header != nil {
				headers = append(headers, *e.Header)
			}
			m, err := c.Decode(t.Context(), wire.Value, headers, e.Data)
			if err != nil {
				t.Fatal(err)
			}
			if m.Frame.ID != f.ID || m.Frame.InHeader != f.InHeader || m.Name != "A.B" || string(m.JSON) != `{"s":"x"}` {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestMessageIndexes(t *testing.T) {
	c := only(wire.Protobuf, `syntax = "proto3";
		message First { map<string, int32> m = 1; message Inner { message Innermost {} } }
		message Second {}`)
	for name, o := range map[string]struct {
		data []byte
		want string
	}{
		"the short form of the first":       {[]byte{0}, "First"},
		"the long form of the first":        {[]byte{2, 0}, "First"},
		"another one":                       {[]byte{2, 2}, "Second"},
		"nested; the map's entry isn't one": {[]byte{4, 0, 0}, "First.Inner"},
		"nested deeper":                     {[]byte{6, 0, 0, 0}, "First.Inner.Innermost"},
	} {
		t.Run(name, func(t *testing.T) {
			m := decode(t, c, framed(o.data...))
			if m.Name != o.want {
				t.Errorf("got %s, want %s", m.Name, o.want)
			}
			again := encode(t, c, m.Frame, string(m.JSON))
			if long := len(o.data) == 2 && o.data[1] == 0; !long && !bytes.Equal(again, framed(o.data...)) {
				t.Errorf("encoded as %x", again)
			}
		})
	}
	for want, data := range map[string][]byte{
		"data of schema 1 (protobuf): the indexes of the Protobuf message are missing or cut off":   {},
		"data of schema 1 (protobuf): the indexes of the Protobuf message are cut off":              {4, 0},
		"data of schema 1 (protobuf): message [2]: the schema has 2 messages":                       {2, 4},
		"data of schema 1 (protobuf): message [0 1]: the schema has 1 message in [0]":               {4, 0, 2},
		"data of schema 1 (protobuf): -1 is no index of a Protobuf message":                         {2, 1},
		"data of schema 1 (protobuf): -1 indexes of a Protobuf message; at most 64 make sense":      {1},
		"data of schema 1 (protobuf): 1000000 indexes of a Protobuf message; at most 64 make sense": {0x80, 0x89, 0x7a},
	} {
		fails(t, c, framed(data...), want)
	}
}

func TestWhatFollowsTheIDInAHeaderMustMakeSense(t *testing.T) {
	in := []kgo.RecordHeader{header("__value_schema_id", 0, 0, 0, 0, 1, 0, 0)}
	for format, text := range map[wire.Format]string{
		wire.Avro: `"null"`, wire.JSON: `true`, wire.Protobuf: `syntax = "proto3"; message A {}`,
	} {
		m, err := only(format, text).Decode(t.Context(), wire.Value, in, []byte{})
		var bad *wire.DataError
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %v and %v, want a DataError", format, m, err)
		}
	}
}
