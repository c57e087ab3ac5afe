package jsonschema

import (
	"maps"
	"slices"
	"strings"
	"sync"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Reference is another schema that a schema's $ref leads to.
type Reference struct {
	// Name is what stands in the $ref, before any #.
	Name   string
	Source []byte
}

// Schema is a parsed schema. It doesn't change; any number of goroutines may use
// it at the same time.
type Schema struct {
	doc       *document
	files     map[string]*document // by absolute URL
	addresses addresses
	compiled  func() (*validator.Schema, error)
}

// base is where the schema itself is taken to be when it has no $id. References
// with relative names are beside it.
const base = "schema:///"

const mainURL = base + "schema.json"

// Parse reads a schema of the drafts 4, 6, 7, 2019-09 or 2020-12. One without
// $schema is taken for draft 7, as the registries do. The schemas that a $ref leads
// to must be among refs, whose order doesn't matter.
//
// An error about the text is a [*SyntaxError].
func Parse(source []byte, refs ...Reference) (*Schema, error) {
	doc, err := readJSON("", source)
	if err != nil {
		return nil, err
	}
	s := &Schema{
		doc: doc, files: map[string]*document{mainURL: doc},
		addresses: addresses{map[string]*value{}, map[*value]string{}},
	}
	for _, ref := range refs {
		other, err := readJSON(ref.Name, ref.Source)
		if err != nil {
			return nil, err
		}
		s.files[absolute(mainURL, ref.Name)] = other
		s.files[absolute(s.id(), ref.Name)] = other // names may be relative to the schema's own $id
	}
	for _, url := range slices.Sorted(maps.Keys(s.files)) {
		s.addresses.add(url, s.files[url].root)
		s.addresses.survey(s.files[url].root, url)
	}
	for _, url := range slices.Sorted(maps.Keys(s.files)) {
		if err := s.refuse(s.files[url]); err != nil {
			return nil, err
		}
	}
	s.compiled = sync.OnceValues(s.compile)
	return s, nil
}

// id is the URL of the schema.
func (s *Schema) id() string {
	for _, keyword := range []string{"$id", "id"} {
		if id := s.doc.root.getText(keyword); id != "" {
			id, _, _ = strings.Cut(absolute(mainURL, id), "#")
			return id
		}
	}
	return mainURL
}
