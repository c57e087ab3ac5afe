package avro

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Position tells where in the schema's own text a JSON pointer leads, line and
// column from 1, columns in characters. It takes pointers into the document
// ("/fields/0/type/1") as well as the [Problem.Path] of this schema as the
// reader, which leads through references by name and can name things that the
// text doesn't have: it follows a pointer as far as it can, and where a type is
// defined in another file it stays at the reference to it. The root is "" or "/".
func (s *Schema) Position(pointer string) (line, column int) {
	at := s.doc.root
	for token := range jsontext.Pointer(pointer).Tokens() {
		if next := s.step(at, token); next != nil {
			at = next
		}
	}
	return s.doc.position(at.offset)
}

// step goes one token further. Nil means to stay: the branch of a writer's union
// is no place in the reader, for instance.
func (s *Schema) step(at *value, token string) *value {
	if definition := s.definition(at); definition != nil {
		at = definition
	}
	switch at.kind {
	case '{':
		return at.get(token)
	case '[':
		i, err := strconv.Atoi(token)
		if err == nil && i >= 0 && i < len(at.elements) {
			return at.elements[i]
		}
	}
	return nil
}

// definition returns where in this file the type is defined that a value refers
// to by name, or nil.
func (s *Schema) definition(at *value) *value {
	definition := s.refers()[at]
	if definition == nil || definition.at.doc != s.doc {
		return nil
	}
	return definition.at
}
