package jsonschema

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// form is a schema, or one of the aspects that it consists of. The rules know no
// schema that is, say, a string and an enum at once: they take that for an allOf
// of both.
type form struct {
	at   *value
	kind string // a type's name, or one of the constants below
}

const (
	formAnything = "anything" // true, or nothing that constrains
	formNothing  = "false"
	formEnum     = "enum"
	formConst    = "const"
	formNot      = "not"
	formIf       = "if"
	formRef      = "$ref"
	formAllOf    = "allOf"
	formAnyOf    = "anyOf"
	formOneOf    = "oneOf"
	formTypes    = "types"   // a list of types, which is an anyOf
	formAspects  = "aspects" // several aspects at once, which are an allOf
)

// keywords that make a schema without a type one of that type.
var telling = []struct {
	kind     string
	keywords []string
}{
	{"object", []string{"properties", "required", "minProperties", "maxProperties", "dependencies", "dependentRequired", "dependentSchemas", "patternProperties", "additionalProperties", "propertyNames"}},
	{"array", []string{"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"}},
	{"number", []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
	{"string", []string{"minLength", "maxLength", "pattern", "format"}},
}

// formOf finds out what a schema is, following references.
func (s *Schema) formOf(v *value) form {
	for range maxHops {
		aspects := s.aspects(v)
		switch len(aspects) {
		case 0:
			return form{v, formAnything}
		case 1:
			if aspects[0] != formRef {
				return form{v, aspects[0]}
			}
			target := s.addresses.follow(v.get("$ref"))
			if target == nil {
				return form{v, formAnything}
			}
			v = target
		default:
			return form{v, formAspects}
		}
	}
	return form{v, formAnything} // references that only lead to each other constrain nothing
}

// aspects lists what a schema consists of.
func (s *Schema) aspects(v *value) []string {
	switch v.kind {
	case 't':
		return nil
	case 'f':
		return []string{formNothing}
	}
	var aspects []string
	if ref := v.get("$ref"); ref != nil && ref.kind == '"' {
		if !s.modern() {
			return []string{formRef} // in older drafts a $ref stands alone
		}
		aspects = append(aspects, formRef)
	}
	for _, keyword := range []string{formEnum, formAllOf, formAnyOf, formOneOf, formNot, formConst, formIf} {
		if v.get(keyword) != nil {
			aspects = append(aspects, keyword)
		}
	}
	return append(aspects, typesOf(v)...)
}

// typesOf finds the type of a schema, or what its keywords tell of it.
func typesOf(v *value) []string {
	if t := v.get("type"); t != nil {
		switch {
		case t.kind == '"':
			return []string{t.text}
		case len(t.elements) == 1:
			return []string{t.elements[0].text}
		}
		return []string{formTypes}
	}
	var kinds []string
	for _, t := range telling {
		if slices.ContainsFunc(t.keywords, func(keyword string) bool { return v.get(keyword) != nil }) {
			kinds = append(kinds, t.kind)
		}
	}
	return kinds
}

// modern tells that the schema is of a draft where keywords beside a $ref count.
func (s *Schema) modern() bool { return draftOf(s.doc.root).modern }

// criterion is what has to fit of a form that has parts; empty for others.
func (f form) criterion() string {
	switch f.kind {
	case formAllOf, formAspects:
		return formAllOf
	case formAnyOf, formTypes:
		return formAnyOf
	case formOneOf:
		return formOneOf
	}
	return ""
}

// parts are what a form with a criterion consists of, each once.
func (s *Schema) parts(f form) []form {
	var parts []form
	switch f.kind {
	case formTypes:
		for _, t := range f.at.get("type").elements {
			parts = append(parts, form{f.at, t.text})
		}
	case formAspects:
		for _, aspect := range s.aspects(f.at) {
			parts = append(parts, form{f.at, aspect})
		}
	default:
		list := f.at.get(f.kind)
		for i, element := range list.elements {
			if !slices.ContainsFunc(list.elements[:i], element.equal) {
				parts = append(parts, s.formOf(element))
			}
		}
	}
	for i, part := range parts {
		if part.kind == formRef {
			if target := s.addresses.follow(part.at.get("$ref")); target != nil {
				parts[i] = s.formOf(target)
			}
		}
	}
	return parts
}

// class is what must be the same of two forms for them to be compared further.
func (f form) class() string {
	switch {
	case f.criterion() != "":
		return "combined"
	case f.kind == "integer":
		return "number"
	}
	return f.kind
}

// equal compares JSON values: members in any order, numbers by what they mean.
func (v *value) equal(other *value) bool {
	if v.kind != other.kind || len(v.members) != len(other.members) || len(v.elements) != len(other.elements) {
		return false
	}
	switch v.kind {
	case '"':
		return v.text == other.text
	case '0':
		return v.text == other.text || v.number().Cmp(other.number()) == 0
	}
	for _, m := range v.members {
		if o := other.get(m.name); o == nil || !m.value.equal(o) {
			return false
		}
	}
	for i, element := range v.elements {
		if !element.equal(other.elements[i]) {
			return false
		}
	}
	return true
}

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s) // parsed text is valid UTF-8
	return string(b)
}
