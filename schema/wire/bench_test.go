package wire_test

import (
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
)

func BenchmarkDecode(b *testing.B) {
	avro := only(wire.Avro, orderSchema)
	proto := payments()
	json := people()
	for name, c := range map[string]struct {
		codec *wire.Codec
		data  []byte
	}{
		"avro":     {avro, encode(b, avro, avroFrame, orderJSON)},
		"protobuf": {proto, encode(b, proto, firstMessage, `{"payment_id":"1","amount":{"currency":"EUR"},"codes":[1,2,3]}`)},
		"json":     {json, encode(b, json, avroFrame, `{"name":"x","home":{"zip":"12345"}}`)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				decode(b, c.codec, c.data)
			}
		})
	}
}
