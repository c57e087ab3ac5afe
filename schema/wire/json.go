package wire

import (
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/schema/jsonschema"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonSchema is a compiled JSON Schema, or why there is none. Data is decoded all
// the same: it doesn't need its schema for that.
type jsonSchema struct {
	schema *jsonschema.Schema
	err    error
}

func compileJSON(s *Schema) (language, error) {
	refs := make([]jsonschema.Reference, len(s.References))
	for i, r := range s.References {
		refs[i] = jsonschema.Reference{Name: r.Name, Source: []byte(r.Text)}
	}
	schema, err := jsonschema.Parse([]byte(s.Text), refs...)
	return jsonSchema{schema, err}, nil
}

func (j jsonSchema) validate(text []byte) ([]jsonschema.Violation, error) {
	if j.err != nil {
		return nil, j.err
	}
	return j.schema.Validate(text)
}

func (jsonSchema) format() Format { return JSON }
func (jsonSchema) name() string   { return "" }

func (j jsonSchema) decode(_ *Frame, b body) (*Message, error) {
	if len(b.more) > 0 {
		return nil, leftOverInHeader(b.more)
	}
	text, err := oneLine(b.data, true)
	if err != nil {
		return nil, err
	}
	m := &Message{JSON: text}
	if !jsontext.Value(text).IsValid() {
		m.Notes = append(m.Notes, "an object has a name twice; most programs see the last one only")
	}
	found, err := j.validate(text)
	if err != nil {
		m.Notes = append(m.Notes, "not held against its schema: "+err.Error())
	}
	for _, v := range found {
		m.Violations = append(m.Violations, Violation{v.Pointer, v.Reason})
	}
	return m, nil
}

func (j jsonSchema) encode(_ Frame, text []byte) ([]byte, error) {
	line, err := oneLine(text, false)
	if err != nil {
		return nil, err
	}
	if err := j.satisfied(line); err != nil {
		return nil, err
	}
	return line, nil
}

// oneLine checks that text is one JSON value in UTF-8, and takes the blanks out.
// Numbers and strings stay as they are written.
func oneLine(text []byte, mayRepeatNames bool) ([]byte, error) {
	value := jsontext.Value(text).Clone()
	if err := value.Compact(jsontext.AllowDuplicateNames(mayRepeatNames), jsontext.AllowInvalidUTF8(false)); err != nil {
		f := &fault{offset: -1, reason: err.Error()}
		var syntactic *jsontext.SyntacticError
		if errors.As(err, &syntactic) {
			f.path, f.offset = string(syntactic.JSONPointer), int(syntactic.ByteOffset)
			f.reason = "not JSON: " + syntactic.Err.Error()
		}
		return nil, f
	}
	return value, nil
}

func leftOverInHeader(more []byte) error {
	return fmt.Errorf("%d bytes follow the schema id in its header", len(more))
}
