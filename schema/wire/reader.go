package wire

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Reader tries data with a schema that it wasn't written with, as a consumer that
// has this schema would. Any number of goroutines may use it at the same time.
type Reader struct {
	codec *Codec
	lang  language
}

// Reader prepares a schema to read with. The codec has those that data was written
// with. An error is about the schema's text.
func (c *Codec) Reader(s *Schema) (*Reader, error) {
	lang, err := compile(s)
	if err != nil {
		return nil, err
	}
	if j, ok := lang.(jsonSchema); ok && j.err != nil {
		return nil, j.err // decoding does without a schema; this doesn't
	}
	return &Reader{codec: c, lang: lang}, nil
}

// Try tells whether a key or value can be read. Nothing is made of the data; what
// the schema finds in its own defaults isn't looked at.
//
//   - Avro: as Java resolves a writer's schema with a reader's, on what the data has.
//     A symbol that the reader's enum lacks, a branch that its union lacks or a field
//     without a default are faults only where the data meets them.
//   - Protobuf: with the message of the same full name, or else of the same name in
//     the file. Faults are a field of another wire type, which readers silently leave
//     out, a number that an enum of proto2 lacks, a required field that is missing,
//     and text that isn't UTF-8 where the schema demands it.
//   - JSON Schema: the data must satisfy it. Formats aren't asserted.
//
// Errors: a [*ReadError] where it can't be read, and where that isn't the schema's
// fault those of [Codec.Decode]. Data that breaks its own schema is a [*DataError].
func (r *Reader) Try(ctx context.Context, part Part, headers []kgo.RecordHeader, data []byte) error {
	frame, rest, err := ReadFrame(part, headers, data)
	if err != nil {
		return err
	}
	writer, err := r.codec.cache.get(ctx, frame.ID)
	if err != nil {
		return err
	}
	b := body{data: rest, json: r.codec.options.JSON}
	if frame.InHeader {
		b.data, b.more = data, rest
	}
	if len(b.data) > r.codec.options.Data {
		return dataError(frame.ID, writer, tooLong(len(b.data), r.codec.options.Data))
	}
	if writer.format() != r.lang.format() {
		return readError(frame.ID, fmt.Errorf("that is one of format %s, and not %s", writer.format(), r.lang.format()))
	}
	own, err := r.lang.read(writer, frame, b)
	switch {
	case own != nil:
		return dataError(frame.ID, writer, own)
	case err != nil:
		return readError(frame.ID, err)
	}
	return nil
}
