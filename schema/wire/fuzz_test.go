package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"github.com/twmb/franz-go/pkg/kgo"
)

// fuzzedAvro are the schemas that foreign bytes are decoded with.
var fuzzedAvro = []string{
	orderSchema, `"long"`, `["null","int","long","string","bytes"]`, `{"type":"array","items":{"type":"array","items":"null"}}`,
	`{"type":"record","name":"L","fields":[{"name":"v","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"next","type":["null","L"]}]}`,
	`{"type":"map","values":[{"type":"long","logicalType":"timestamp-micros"},{"type":"int","logicalType":"date"},{"type":"fixed","name":"D","size":12,"logicalType":"duration"},"double","float"]}`,
}

// FuzzAvro decodes any bytes. What is decoded must be encoded again to data that
// decodes to the same.
func FuzzAvro(f *testing.F) {
	codecs := make([]*wire.Codec, len(fuzzedAvro))
	for i, schema := range fuzzedAvro {
		codecs[i] = only(wire.Avro, schema)
	}
	order, err := codecs[0].Encode(f.Context(), wire.Value, avroFrame, []byte(orderJSON))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(0), order.Data[5:])
	f.Add(byte(3), append(varint(4), append(bytes.Repeat(append(varint(100), 0), 4), 0)...))
	f.Add(byte(4), []byte{2, 5, 2, 2, 5, 0})
	f.Add(byte(5), []byte{2, 2, 'k', 0, 2, 0})
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		roundTrip(t, codecs[int(which)%len(codecs)], framed(data...))
	})
}

// FuzzProtobuf does the same for Protobuf.
func FuzzProtobuf(f *testing.F) {
	c := payments()
	f.Add([]byte{0, 8, 1, 0x12, 2, 0x10, 5})
	f.Add([]byte{0, 0x5a, 4, 0x0a, 2, 'x', '/'})
	f.Add([]byte{0, 0x3a, 4, 0x0a, 2, 'x', '/'})
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, c, framed(data...)) })
}

// FuzzJSON does the same for JSON Schema.
func FuzzJSON(f *testing.F) {
	c := only(wire.JSON, `{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"multipleOf":0.1,"minimum":-3}},"b":{"$ref":"#"},"c":{"pattern":"^(a+)+$","maxLength":3}}}`)
	f.Add([]byte(`{"a":[1,2.5,1e3],"b":{"b":{}},"c":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, c, framed(data...)) })
}

func roundTrip(t *testing.T, c *wire.Codec, data []byte) {
	t.Helper()
	m, err := c.Decode(t.Context(), wire.Value, nil, data)
	if err != nil {
		var bad *wire.DataError
		if !errors.As(err, &bad) {
			t.Fatalf("%T: %v", err, err)
		}
		return
	}
	if m.Notes != nil || m.Violations != nil {
		return
	}
	e, err := c.Encode(t.Context(), wire.Value, m.Frame, m.JSON)
	if err != nil {
		if m.Format == wire.Avro && refusedOnPurpose(err) {
			return
		}
		t.Fatalf("%x is %s, and that isn't encoded: %v", data, m.JSON, err)
	}
	again, err := c.Decode(t.Context(), wire.Value, nil, e.Data)
	if err != nil {
		t.Fatalf("%x is %s, and %x isn't decoded: %v", data, m.JSON, e.Data, err)
	}
	if !bytes.Equal(again.JSON, m.JSON) {
		t.Fatalf("%x is %s, and comes back as %s", data, m.JSON, again.JSON)
	}
}

// refusedOnPurpose: a decimal in data can have more digits than its precision.
func refusedOnPurpose(err error) bool { return bytes.Contains([]byte(err.Error()), []byte("digits")) }

// FuzzFrame reads ids from any place, and writes them back.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(nil), framed('a'))
	f.Add(append([]byte{1}, someGUID[:]...), []byte("abc"))
	f.Fuzz(func(t *testing.T, inHeader, data []byte) {
		var headers []kgo.RecordHeader
		if inHeader != nil {
			headers = []kgo.RecordHeader{header(wire.Key.Header(), inHeader...)}
		}
		frame, rest, err := wire.ReadFrame(wire.Key, headers, data)
		if err != nil {
			var bad *wire.FrameError
			if !errors.Is(err, wire.ErrNull) && !errors.As(err, &bad) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		from := data
		if frame.InHeader {
			from = inHeader
		}
		if frame.InHeader != (headers != nil) || !bytes.HasSuffix(from, rest) {
			t.Fatalf("%+v and %x of %x and %x", frame, rest, inHeader, data)
		}
	})
}

// FuzzSchemas compiles any schema, and decodes and encodes with it.
func FuzzSchemas(f *testing.F) {
	formats := []wire.Format{wire.Avro, wire.JSON, wire.Protobuf}
	for i, text := range []string{orderSchema, personSchema, paymentProto} {
		f.Add(byte(i), text, []byte{0, 2, 4, 6})
	}
	f.Add(byte(0), doubling(5), []byte{})
	f.Add(byte(2), `syntax = "proto2"; message A { required group G = 1 { optional A a = 2; } }`, []byte{0, 0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, which byte, schema string, data []byte) {
		if len(schema) > 10_000 {
			return
		}
		c := only(formats[int(which)%3], schema)
		m, err := c.Decode(t.Context(), wire.Value, nil, framed(data...))
		if err == nil {
			_, err = c.Encode(t.Context(), wire.Value, m.Frame, m.JSON)
		}
		var bad *wire.DataError
		var unusable *wire.SchemaError
		if err != nil && !errors.As(err, &bad) && !errors.As(err, &unusable) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}
