package jsonschema

import (
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// addresses knows what a $ref can lead to.
type addresses struct {
	schemas map[string]*value // by absolute URL, with an anchor's name as its fragment
	bases   map[*value]string // what a $ref is relative to, by the $ref
}

// survey notes the addresses in a file.
func (a *addresses) survey(v *value, address string) {
	if v.kind == '{' && !v.namesSchemas() {
		address = a.name(v, address)
	}
	if ref := v.get("$ref"); ref != nil {
		a.bases[ref] = address
	}
	for _, inner := range v.inner() {
		a.survey(inner, address)
	}
}

// name notes a schema's own names, and returns what references in it are relative to.
func (a *addresses) name(v *value, address string) string {
	for _, keyword := range []string{"$id", "id"} {
		id := v.getText(keyword)
		switch {
		case id == "":
		case strings.HasPrefix(id, "#"): // an anchor, before there was a keyword for it
			a.add(address+id, v)
		default:
			address, _, _ = strings.Cut(absolute(address, id), "#")
			a.add(address, v)
		}
	}
	if anchor := v.getText("$anchor"); anchor != "" {
		a.add(address+"#"+anchor, v)
	}
	return address
}

// add keeps the first of two schemas with one name.
func (a *addresses) add(address string, v *value) {
	if a.schemas[address] == nil {
		a.schemas[address] = v
	}
}

// follow finds what a $ref leads to, or nil.
func (a *addresses) follow(ref *value) *value {
	target := absolute(a.bases[ref], ref.text)
	if at := a.schemas[strings.TrimSuffix(target, "#")]; at != nil {
		return at
	}
	address, fragment, _ := strings.Cut(target, "#")
	root := a.schemas[address]
	if root == nil {
		return nil
	}
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	if at, whole := root.find(fragment); whole && at.isSchema() {
		return at
	}
	return nil
}

// absolute resolves a reference against the URL of the schema it stands in. What
// isn't a URL stays as it is.
func absolute(from, ref string) string {
	parsedFrom, err := url.Parse(from)
	if err != nil {
		return ref
	}
	parsed, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	return parsedFrom.ResolveReference(parsed).String()
}

func pointerOf(tokens []string) string {
	var p jsontext.Pointer
	for _, token := range tokens {
		p = p.AppendToken(token)
	}
	return string(p)
}

// Position tells where in the schema's own text a JSON pointer leads, line and
// column from 1, columns in characters. It takes pointers into the text as well as
// a [Problem.Path], which leads through each $ref: it follows the pointer as far as
// it can, and stays where it leads into another file. The root is "" or "/".
func (s *Schema) Position(pointer string) (line, column int) {
	at := s.doc.root
	for token := range jsontext.Pointer(pointer).Tokens() {
		next := at.step(token)
		for hops := 0; next == nil && hops < maxHops; hops++ {
			ref := at.get("$ref")
			if ref == nil || ref.kind != '"' {
				break
			}
			target := s.addresses.follow(ref)
			if target == nil || target.doc != s.doc {
				break
			}
			at, next = target, target.step(token)
		}
		if next != nil {
			at = next
		}
	}
	return at.position()
}

// maxHops is how many times a $ref may lead to another one.
const maxHops = 50
