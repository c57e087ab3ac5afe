package dlq

import (
	"context"
	"encoding/json"

	"github.com/evtctl/evtctl/internal/jq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Decoder turns a key or value that was written with a schema into JSON.
type Decoder interface {
	// Decode gives JSON and the name of its format: avro, json or protobuf. Format is
	// empty, with no error, for data that names no schema. An error says why data that
	// does name one can't be decoded.
	Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (json []byte, format string, err error)
}

// Decoded are the key and the value as a person can read them.
type Decoded struct {
	Key   Part `json:"key"`
	Value Part `json:"value"`
}

// Part is a decoded key or value.
type Part struct {
	// Format is null, empty, avro, json, json-schema, protobuf, text or bytes.
	Format string `json:"format"`
	// JSON is what it says; nil for text and bytes, and where it couldn't be decoded.
	JSON json.RawMessage `json:"json"`
	// Error is why it couldn't be decoded, though it names a schema.
	Error *string `json:"error"`
}

// Decode fills in Decoded. It never fails: data that can't be decoded has its
// reason, and is in Key and Value all the same.
func (l *Letter) Decode(ctx context.Context, d Decoder, headers []kgo.RecordHeader) {
	l.Decoded = &Decoded{Key: decodePart(ctx, d, headers, true, l.Key), Value: decodePart(ctx, d, headers, false, l.Value)}
}

// RecordHeaders gives the headers as the Kafka client has them.
func (l *Letter) RecordHeaders() []kgo.RecordHeader {
	headers := make([]kgo.RecordHeader, len(l.Headers))
	for i, h := range l.Headers {
		headers[i] = kgo.RecordHeader(h)
	}
	return headers
}

func decodePart(ctx context.Context, d Decoder, headers []kgo.RecordHeader, key bool, data []byte) Part {
	switch {
	case data == nil:
		return Part{Format: "null"}
	case len(data) == 0:
		return Part{Format: "empty"}
	}
	var failed *string
	if d != nil {
		text, format, err := d.Decode(ctx, headers, key, data)
		switch {
		case err != nil:
			reason := err.Error()
			failed = &reason
		case format == "json":
			return Part{Format: "json-schema", JSON: text}
		case format != "":
			return Part{Format: format, JSON: text}
		}
	}
	p := Part{Error: failed}
	isJSON := false
	if p.Format, isJSON = jq.Plain(data); isJSON {
		p.JSON = data
	}
	return p
}
