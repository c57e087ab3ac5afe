package jsonschema

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// draft is a version of the specification.
type draft struct {
	url    string // of its metaschema
	modern bool   // keywords beside a $ref count
	meta   func() (*validator.Schema, error)
}

// drafts are those that are known. The third is for schemas that name none.
var drafts = []draft{
	newDraft("http://json-schema.org/draft-04/schema", false),
	newDraft("http://json-schema.org/draft-06/schema", false),
	newDraft("http://json-schema.org/draft-07/schema", false),
	newDraft("https://json-schema.org/draft/2019-09/schema", true),
	newDraft("https://json-schema.org/draft/2020-12/schema", true),
}

const defaultDraft = 2

// newDraft compiles a metaschema once it is needed.
func newDraft(url string, modern bool) draft {
	return draft{url, modern, sync.OnceValues(func() (*validator.Schema, error) {
		c := validator.NewCompiler()
		c.UseRegexpEngine(compilePattern)
		c.UseLoader(nowhere{})
		return c.Compile(url)
	})}
}

// draftOf finds the draft that a schema names, or nil for one that isn't known.
func draftOf(root *value) *draft {
	named := root.getText("$schema")
	if named == "" {
		return &drafts[defaultDraft]
	}
	return draftNamed(named)
}

// sameAddress compares URLs as people write them.
func sameAddress(a, b string) bool {
	plain := func(url string) string {
		_, rest, _ := strings.Cut(strings.TrimSuffix(url, "#"), "://")
		return rest
	}
	return plain(a) == plain(b)
}

// refuse finds what isn't a schema by its draft's metaschema, patterns that can't
// be read, and references that lead nowhere. The validator's compiler would find
// all that too, but its time grows with the square of a schema's size.
func (s *Schema) refuse(doc *document) error {
	d := draftOf(doc.root)
	if d == nil {
		return doc.root.get("$schema").refuse("the draft %q isn't known", doc.root.getText("$schema")).
			hinted("known are the drafts 4, 6, 7, 2019-09 and 2020-12")
	}
	meta, err := d.meta()
	if err != nil {
		return doc.root.refuse("%s", err)
	}
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(doc.text))
	if err != nil {
		return doc.root.refuse("%s", err)
	}
	var invalid *validator.ValidationError
	if err := meta.Validate(parsed); errors.As(err, &invalid) {
		leaf := deepest(invalid)
		at, _ := doc.root.find(pointerOf(leaf.InstanceLocation))
		return at.refuse("%s", violated(leaf))
	}
	return s.refuseKeywords(doc.root)
}

func (s *Schema) refuseKeywords(v *value) error {
	if from, ok := s.addresses.bases[v]; ok && v.kind == '"' && s.addresses.follow(v) == nil && draftNamed(v.text) == nil {
		e := v.refuse("it refers to %q, which is not among its references", v.text)
		if target, fragment, _ := strings.Cut(absolute(from, v.text), "#"); fragment != "" && s.addresses.schemas[target] != nil {
			e = v.refuse("it refers to %q, and there is no such place", v.text)
		}
		return e.hinted("give it as a reference; in a registry that is a reference of that name")
	}
	if pattern := v.get("pattern"); pattern != nil && pattern.kind == '"' {
		if _, err := compilePattern(pattern.text); err != nil {
			return pattern.refuse("the pattern can't be read: %s", err)
		}
	}
	for _, inner := range v.inner() {
		if err := s.refuseKeywords(inner); err != nil {
			return err
		}
	}
	return nil
}

// draftNamed finds the draft whose metaschema an address is: schemas may refer to it.
func draftNamed(address string) *draft {
	i := slices.IndexFunc(drafts, func(d draft) bool { return sameAddress(d.url, address) })
	if i < 0 {
		return nil
	}
	return &drafts[i]
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
