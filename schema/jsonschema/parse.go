package jsonschema

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
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
	compiled  *validator.Schema
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
	if s.compiled, err = s.compile(); err != nil {
		return nil, err
	}
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

// compile has the validator read the schema: that finds what isn't one by its
// draft's own schema, and references that lead nowhere.
func (s *Schema) compile() (*validator.Schema, error) {
	c := validator.NewCompiler()
	c.DefaultDraft(validator.Draft7)
	c.UseRegexpEngine(compilePattern)
	c.UseLoader(nowhere{})
	for url, doc := range s.files {
		parsed, err := validator.UnmarshalJSON(bytes.NewReader(doc.text))
		if err != nil {
			return nil, doc.refuse(0, err.Error())
		}
		if err := c.AddResource(url, parsed); err != nil {
			return nil, doc.refuse(0, err.Error())
		}
	}
	compiled, err := c.Compile(mainURL)
	if err != nil {
		return nil, s.refusal(err)
	}
	return compiled, nil
}

// nowhere loads nothing: schemas come with their references or not at all.
type nowhere struct{}

var errNotGiven = errors.New("not among the references")

func (nowhere) Load(string) (any, error) { return nil, errNotGiven }

// refusal finds the place that the validator's error is about.
func (s *Schema) refusal(err error) error {
	var (
		schema  *validator.SchemaValidationError
		invalid *validator.ValidationError
		load    *validator.LoadURLError
		pointer *validator.JSONPointerNotFoundError
		pattern *validator.InvalidRegexError
		draft   *validator.UnsupportedDraftError
	)
	if errors.As(err, &schema) { // which doesn't unwrap
		err = schema.Err
	}
	switch {
	case errors.As(err, &draft):
		return s.doc.root.refuse("the $schema %q is none of the drafts that are known", s.doc.root.getText("$schema"))
	case errors.As(err, &load):
		return s.refuseReference(load.URL, "which is not among its references").
			hinted("give it as a reference; in a registry that is a reference of that name")
	case errors.As(err, &pointer):
		return s.refuseReference(pointer.URL, "and there is no such place")
	case errors.As(err, &pattern):
		return s.doc.root.refuse("%s", pattern.Error())
	case errors.As(err, &invalid):
		leaf := deepest(invalid)
		at, _ := s.doc.root.find(pointerOf(leaf.InstanceLocation))
		return at.refuse("%s", violated(leaf))
	}
	return s.doc.root.refuse("%s", strings.TrimPrefix(err.Error(), "jsonschema: "))
}

// refuseReference blames the $ref that leads to a URL.
func (s *Schema) refuseReference(url, why string) *SyntaxError {
	for _, doc := range s.files {
		if at := referring(doc.root, url); at != nil {
			return at.refuse("it refers to %q, %s", at.text, why)
		}
	}
	return s.doc.root.refuse("it refers to %q, %s", strings.TrimPrefix(url, base), why)
}

// referring finds a $ref whose text fits the end of a URL.
func referring(v *value, url string) *value {
	if ref := v.get("$ref"); ref != nil && ref.kind == '"' && ref.text != "" && ref.text != "#" && strings.HasSuffix(url, ref.text) {
		return ref
	}
	for _, m := range v.members {
		if found := referring(m.value, url); found != nil {
			return found
		}
	}
	for _, element := range v.elements {
		if found := referring(element, url); found != nil {
			return found
		}
	}
	return nil
}

// deepest is the first cause of the first cause: the others follow from it.
func deepest(e *validator.ValidationError) *validator.ValidationError {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return e
}

func violated(e *validator.ValidationError) string {
	return e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}
