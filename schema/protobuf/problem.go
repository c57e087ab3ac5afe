package protobuf

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// RuleSource names whose rules [Check] applies.
const RuleSource = "Confluent Schema Registry 7, Protobuf"

// Rule names what is wrong: a difference of Confluent's rules in kebab case.
type Rule string

const (
	// PackageChanged: the package has another name, and so has every message.
	PackageChanged Rule = "package-changed"
	// MessageRemoved: the reader's schema lacks a message of the writer's.
	MessageRemoved Rule = "message-removed"
	// FieldKindChanged: one of scalar, message and map became another.
	FieldKindChanged Rule = "field-kind-changed"
	// FieldScalarKindChanged: the scalar types have different forms on the wire.
	FieldScalarKindChanged Rule = "field-scalar-kind-changed"
	// FieldNumericLabelChanged: a number's label (optional, required, repeated) became
	// another. A number without a label, as in proto3, is not looked at.
	FieldNumericLabelChanged Rule = "field-numeric-label-changed"
	// FieldNamedTypeChanged: the field is of another message.
	FieldNamedTypeChanged Rule = "field-named-type-changed"
	// RequiredFieldAdded: the reader requires a field that the writer doesn't have.
	RequiredFieldAdded Rule = "required-field-added"
	// RequiredFieldRemoved: the reader lacks a field that the writer requires.
	RequiredFieldRemoved Rule = "required-field-removed"
	// OneofFieldRemoved: the reader lacks a field of a oneof, so that it can't tell
	// that the writer had set it.
	OneofFieldRemoved Rule = "oneof-field-removed"
	// MultipleFieldsMovedToOneof: fields that could be set together now exclude each other.
	MultipleFieldsMovedToOneof Rule = "multiple-fields-moved-to-oneof"
	// FieldMovedToExistingOneof: a field moved into a oneof that has fields already.
	FieldMovedToExistingOneof Rule = "field-moved-to-existing-oneof"
)

// Problem is one thing that keeps a reader from reading a writer's data.
type Problem struct {
	Rule Rule
	// Path is Confluent's: names of messages and numbers of fields, as in
	// "#/Order/Line/3"; "#/" for the file.
	Path string
	// Field is the place in names, as in "Order.Line.sku"; empty for the file.
	Field string
	// Reader and Writer are the parts of the schemas that don't go together. Where one
	// lacks the part, it is what should have it.
	Reader, Writer Place

	detail, fix string
}

// Detail says in a sentence what is wrong, lower case and without a full stop. Who
// is meant by reader and writer is for the caller to say.
func (p Problem) Detail() string {
	if p.Field == "" {
		return "the schema: " + p.detail
	}
	return p.Field + ": " + p.detail
}

// Fix is what could be changed in the reader's schema; it may be empty.
func (p Problem) Fix() string { return p.fix }

// Place is a part of a schema, and where it is written.
type Place struct {
	// File is the [Reference.Name] of the file; empty for the schema itself.
	File string
	// Line and Column count from 1; both are 0 for what comes with Protobuf.
	Line, Column int
	// Name is the full name; empty for a file.
	Name string
	// Text describes the part, as in "int32 count = 3".
	Text string
}

func (s *Schema) place(d protoreflect.Descriptor) Place {
	if f, ok := d.(protoreflect.FieldDescriptor); ok && f.ContainingMessage().IsMapEntry() {
		d = mapOf(f.ContainingMessage())
	}
	p := Place{Name: string(d.FullName()), Text: words(d)}
	file := d.ParentFile()
	if file.Path() != s.file.Path() {
		p.File = file.Path()
	}
	if _, whole := d.(protoreflect.FileDescriptor); whole {
		p.Name, p.Line, p.Column = "", 1, 1
		return p
	}
	if at := file.SourceLocations().ByDescriptor(d); at.EndLine > 0 || at.EndColumn > 0 {
		p.Line, p.Column = at.StartLine+1, at.StartColumn+1
	}
	return p
}

// mapOf is the field that the compiler made a map's entry for: the entry itself
// isn't written anywhere.
func mapOf(entry protoreflect.MessageDescriptor) protoreflect.Descriptor {
	holder, ok := entry.Parent().(protoreflect.MessageDescriptor)
	for i := 0; ok && i < holder.Fields().Len(); i++ {
		if f := holder.Fields().Get(i); f.Message() != nil && f.Message().FullName() == entry.FullName() {
			return f
		}
	}
	return entry
}

// Position tells where the message, field, oneof or enum of a full name is written,
// line and column from 1. What the schema's own text doesn't have is at its start.
func (s *Schema) Position(name string) (line, column int) {
	d, err := s.files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil || d.ParentFile().Path() != s.file.Path() {
		return 1, 1
	}
	p := s.place(d)
	return p.Line, p.Column
}
