package wire

import (
	"fmt"
	"strings"

	"github.com/twmb/avro"
)

// avroSchema is a compiled Avro schema.
type avroSchema struct {
	root    *avroType
	text    string // for the library
	library *avro.Schema
}

func compileAvro(s *Schema) (language, error) {
	root, err := readAvro(s)
	if err != nil {
		return nil, err
	}
	text, err := root.libraryText()
	if err != nil {
		return nil, err
	}
	library, err := avro.Parse(text, avro.WithLaxNames(func(string) error { return nil }))
	if err != nil {
		return nil, fmt.Errorf("parsing Avro schema: %s", libraryReason(err))
	}
	return avroSchema{root, text, library}, nil
}

func (avroSchema) format() Format { return Avro }
func (a avroSchema) name() string { return a.root.name }

func (a avroSchema) decode(_ *Frame, b body) (*Message, error) {
	if len(b.more) > 0 {
		return nil, leftOverInHeader(b.more)
	}
	if err := scanAvro(a.root, b.data); err != nil {
		return nil, err
	}
	var v any
	if _, err := a.library.Decode(b.data, &v, avro.TaggedUnions()); err != nil {
		return nil, faultf("", "%s", libraryReason(err))
	}
	w := avroWriter{most: b.json}
	if err := w.value(a.root, v); err != nil {
		return nil, err
	}
	return &Message{Name: a.root.name, JSON: w.out, Notes: w.notes}, nil
}

func (a avroSchema) encode(_ Frame, text []byte) ([]byte, error) {
	parsed, err := parseNumbersKept(text)
	if err != nil {
		return nil, err
	}
	var r avroJSON
	v, err := r.value(a.root, parsed)
	if err != nil {
		return nil, err
	}
	data, err := a.library.Encode(v)
	if err != nil {
		return nil, faultf("", "%s", libraryReason(err))
	}
	return data, nil
}

func libraryReason(err error) string { return strings.TrimPrefix(err.Error(), "avro: ") }
