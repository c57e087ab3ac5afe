package jsonschema

import "strings"

// RuleSource names whose rules [Check] applies.
const RuleSource = "Confluent Schema Registry 8, JSON Schema, strict policy"

// Rule names what is wrong: a difference of Confluent's rules in kebab case, such
// as "required-attribute-added".
type Rule string

// The rules. Limits and others that come for many keywords are made of the
// keyword's name: max-length-decreased, minimum-added and so on.
const (
	TypeChanged          Rule = "type-changed"          // another type
	TypeNarrowed         Rule = "type-narrowed"         // integer instead of number
	SchemaAdded          Rule = "schema-added"          // a schema where there was none
	PatternAdded         Rule = "pattern-added"         //
	PatternChanged       Rule = "pattern-changed"       //
	MultipleOfAdded      Rule = "multiple-of-added"     //
	MultipleOfExpanded   Rule = "multiple-of-expanded"  // a multiple of what it was
	MultipleOfChanged    Rule = "multiple-of-changed"   //
	EnumArrayNarrowed    Rule = "enum-array-narrowed"   // values are missing
	EnumArrayChanged     Rule = "enum-array-changed"    // values are missing, and others are new
	CombinedTypeChanged  Rule = "combined-type-changed" // allOf, anyOf, oneOf: another one of them
	ProductTypeExtended  Rule = "product-type-extended" // allOf: more parts
	SumTypeNarrowed      Rule = "sum-type-narrowed"     // anyOf, oneOf: fewer parts
	CombinedTypeSubs     Rule = "combined-type-subschemas-changed"
	NotTypeExtended      Rule = "not-type-extended" // not excludes more
	RequiredAdded        Rule = "required-attribute-added"
	AdditionalRemoved    Rule = "additional-properties-removed"
	AdditionalNarrowed   Rule = "additional-properties-narrowed"
	DependencyAdded      Rule = "dependency-array-added"
	DependencyExtended   Rule = "dependency-array-extended"
	DependencyChanged    Rule = "dependency-array-changed"
	DependencySchema     Rule = "dependency-schema-added"
	OptionalToOpen       Rule = "optional-property-added-to-open-content-model"
	RequiredToOpen       Rule = "required-property-added-to-open-content-model"
	DefaultToOpen        Rule = "required-property-with-default-added-to-open-content-model"
	RequiredToUnopen     Rule = "required-property-added-to-unopen-content-model"
	PropertyNotCovered   Rule = "property-added-not-covered-by-partially-open-content-model"
	RemovedFromClosed    Rule = "property-removed-from-closed-content-model"
	RemovedNotCovered    Rule = "property-removed-not-covered-by-partially-open-content-model"
	UniqueItemsAdded     Rule = "unique-items-added"
	AdditionalItemsGone  Rule = "additional-items-removed"
	AdditionalItemsFewer Rule = "additional-items-narrowed"
	ItemToOpen           Rule = "item-added-to-open-content-model"
	ItemNotCovered       Rule = "item-added-not-covered-by-partially-open-content-model"
	ItemFromClosed       Rule = "item-removed-from-closed-content-model"
	ItemGoneNotCovered   Rule = "item-removed-not-covered-by-partially-open-content-model"
)

// Problem is one thing that keeps a reader from accepting a writer's data.
type Problem struct {
	Rule Rule
	// Path is a JSON pointer that leads through the schemas and each $ref; "/" at the
	// root. Confluent's path is the same with a # in front.
	Path string
	// Field is the place in the names of properties from the root, as in
	// "customer.addresses[].city"; empty at the root.
	Field string
	// Reader and Writer are the parts of the schemas that don't go together. Where one
	// lacks the part, it is what should have it.
	Reader, Writer Place

	detail, fix string
}

// Detail says in a sentence what is wrong, lower case and without a full stop. Who
// is meant by reader and writer is for the caller to say.
func (p Problem) Detail() string {
	where := "the schema"
	if p.Field != "" {
		where = "property \"" + p.Field + "\""
	}
	return where + ": " + p.detail
}

// Fix is what could be changed in the reader's schema; it may be empty.
func (p Problem) Fix() string { return p.fix }

// Place is a part of a schema, and where it is written.
type Place struct {
	// File is the [Reference.Name] of the file; empty for the schema itself.
	File string
	// Pointer is the JSON pointer in that file; empty for its root.
	Pointer string
	// Line and Column count from 1, columns in characters.
	Line, Column int
	// Text is the part, without blanks and cut to some length.
	Text string
}

func newPlace(at *value) Place {
	line, column := at.position()
	return Place{File: at.doc.name, Pointer: at.pointer(), Line: line, Column: column, Text: at.compact()}
}

// maxText is how many bytes of a part are shown.
const maxText = 80

// compact is the value as JSON, cut.
func (v *value) compact() string {
	var b strings.Builder
	v.write(&b)
	if b.Len() > maxText {
		return strings.ToValidUTF8(b.String()[:maxText], "") + "…"
	}
	return b.String()
}

func (v *value) write(b *strings.Builder) {
	if b.Len() > maxText {
		return
	}
	switch v.kind {
	case '"':
		b.WriteString(quote(v.text))
	case '0':
		b.WriteString(v.text)
	case '[':
		b.WriteByte('[')
		for i, element := range v.elements {
			if i > 0 {
				b.WriteByte(',')
			}
			element.write(b)
		}
		b.WriteByte(']')
	case '{':
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(m.name) + ":")
			m.value.write(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString(map[byte]string{'n': "null", 't': "true", 'f': "false"}[byte(v.kind)])
	}
}
