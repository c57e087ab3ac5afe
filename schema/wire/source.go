package wire

import (
	"context"
	"fmt"
)

// Format is the language of a schema.
type Format string

// The three formats.
const (
	Avro     Format = "avro"
	JSON     Format = "json"
	Protobuf Format = "protobuf"
)

// Source is where schemas come from: a registry, or what a test knows.
type Source interface {
	// Schema returns the schema of an id with everything it refers to.
	Schema(ctx context.Context, id ID) (*Schema, error)
}

// Schema is a schema as it is registered.
type Schema struct {
	Format Format
	Text   string
	// References are all schemas that are needed, also those that references refer
	// to, in any order.
	References []Reference
}

// Reference is a schema that another one refers to.
type Reference struct {
	// Name is what it is referred to by: a path that is imported, a $ref. Avro
	// doesn't need it.
	Name string
	Text string
}

// language is a compiled schema. It doesn't change and may be used at the same time.
type language interface {
	format() Format
	// name is the full name of the record; empty where there is none, or where it
	// depends on the data.
	name() string
	decode(f *Frame, b body) (*Message, error)
	encode(f Frame, json []byte) ([]byte, error)
	// read tries data that was written with another schema of the same format. Own is
	// what keeps it from being read with that, and err what keeps it from being read
	// with this one.
	read(writer language, f Frame, b body) (own, err error)
}

// body is what a frame leaves of a record's bytes.
type body struct {
	data []byte
	// more follows the id in the header; nil where the id is with the data.
	more []byte
	json int // the most bytes of JSON to make of it
}

// compile reads a schema.
func compile(s *Schema) (language, error) {
	switch s.Format {
	case Avro:
		return compileAvro(s)
	case JSON:
		return compileJSON(s)
	case Protobuf:
		return compileProtobuf(s)
	}
	return nil, fmt.Errorf("its format is %q, and known are avro, json and protobuf", s.Format)
}
