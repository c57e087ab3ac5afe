package avro

import (
	"errors"
	"slices"
	"sync"
)

// Schema is a parsed schema. It doesn't change; any number of goroutines may use
// it at the same time.
type Schema struct {
	doc      *document
	root     *use
	defined  []*typ
	warnings []Warning
	// refers leads from the places where types are used by name to the types.
	refers func() map[*value]*typ
}

// Parse reads a schema file (.avsc) and those it refers to. References are read in
// the order given or, where one comes before what it needs, in one that works.
//
// It accepts what Apache Avro for Java 1.12.1 accepts, and so what registries do,
// with Schema.Parser's name validation and without its validation of defaults:
//
//   - comments, // and /* */, except after the schema;
//   - a default that doesn't fit its type, or fits another branch of a union than
//     the first: see [Schema.Warnings];
//   - a named type defined again in the same words;
//   - a reference to a type that is defined further on, or to one in the null
//     namespace from a type that has a namespace;
//   - numbers as text ("NaN", "1.5") as defaults of float and double.
//
// An error about the text is a [*SyntaxError].
func Parse(source []byte, refs ...Reference) (*Schema, error) {
	doc, err := readJSON("", source)
	if err != nil {
		return nil, err
	}
	others := make([]*document, len(refs))
	for i, ref := range refs {
		if others[i], err = readJSON(ref.Name, ref.Source); err != nil {
			return nil, err
		}
	}
	p, root, err := parseAll(doc, others) // in the order given, as Java would
	var refused *SyntaxError
	if len(refs) > 0 && errors.As(err, &refused) && refused.unknown {
		// Something may have come before what it needs.
		if others, err = inOrder(doc, others); err == nil {
			p, root, err = parseAll(doc, others)
		}
	}
	if err != nil {
		return nil, err
	}
	byName := p.byName
	return &Schema{
		doc: doc, root: root, defined: p.defined, warnings: p.warnings,
		refers: sync.OnceValue(func() map[*value]*typ {
			places := make(map[*value]*typ, len(byName))
			for _, u := range byName {
				places[u.at] = u.is
			}
			return places
		}),
	}, nil
}

// Kind is the type of the schema as a whole: "record", "union", "string" and so on.
func (s *Schema) Kind() string { return string(s.root.is.kind) }

// Name is the full name of the schema's type, empty when it has none, as a union
// hasn't.
func (s *Schema) Name() string { return s.root.is.name.full }

// Defines lists the full names of the types that the schema itself defines, not
// those of its references, in the order in which their definitions end.
func (s *Schema) Defines() []string {
	names := make([]string, len(s.defined))
	for i, t := range s.defined {
		names[i] = t.name.full
	}
	return names
}

// Warnings lists what other parsers may refuse, in the references and the schema,
// each file from its start.
func (s *Schema) Warnings() []Warning { return slices.Clone(s.warnings) }

// parseAll reads the references one after the other and then the schema itself.
func parseAll(doc *document, refs []*document) (*parser, *use, error) {
	p := newParser()
	for _, ref := range refs {
		if _, err := p.parseDocument(ref); err != nil {
			return nil, nil, err
		}
	}
	root, err := p.parseDocument(doc)
	return p, root, err
}
