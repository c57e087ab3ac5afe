package protobuf

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Check lists what keeps a reader from reading a writer's data, by Confluent's
// rules; see [RuleSource]. None means that they are compatible. A message from
// another file is compared where a field is of it.
func Check(reader, writer *Schema) []Problem {
	c := &checker{reader: reader, writer: writer, seen: map[pair]bool{}}
	if was, is := writer.file.Package(), reader.file.Package(); was != is {
		c.path = []string{""}
		c.add(PackageChanged, writer.file, reader.file,
			fmt.Sprintf("the package is %s for the reader and %s for the writer, so that all messages have other names", quoted(is), quoted(was)),
			"leave the package as it was, or register the schema for another subject")
		c.path = nil
	}
	c.messages(writer.file, reader.file, writer.file.Messages(), reader.file.Messages())
	return c.problems
}

func quoted(name protoreflect.FullName) string {
	if name == "" {
		return "none"
	}
	return fmt.Sprintf("%q", name)
}

// pair is a message of the writer's and the reader's.
type pair struct{ writer, reader protoreflect.FullName }

type checker struct {
	reader, writer *Schema
	seen           map[pair]bool
	path           []string
	field          []string
	problems       []Problem
}

// within goes to a place below for as long as a function runs.
func (c *checker) within(step, name string, do func()) {
	c.path, c.field = append(c.path, step), append(c.field, name)
	do()
	c.path, c.field = c.path[:len(c.path)-1], c.field[:len(c.field)-1]
}

func (c *checker) add(rule Rule, w, r protoreflect.Descriptor, detail, fix string) {
	c.problems = append(c.problems, Problem{
		Rule: rule, Path: "#/" + strings.Join(c.path, "/"), Field: strings.Join(c.field, "."),
		Reader: c.reader.place(r), Writer: c.writer.place(w), detail: detail, fix: fix,
	})
}

// messages compares the messages of a file, or those nested in one, by their names.
// A message that only the reader has does no harm.
func (c *checker) messages(w, r protoreflect.Descriptor, was, is protoreflect.MessageDescriptors) {
	for _, before := range written(was) {
		name := string(before.Name())
		c.within(name, name, func() {
			after := is.ByName(before.Name())
			if after == nil || after.IsMapEntry() {
				c.add(MessageRemoved, before, r, "the reader doesn't have this message", "keep it, even if nothing uses it any more")
				return
			}
			c.message(before, after)
		})
	}
}

// message compares two messages, each pair once.
func (c *checker) message(w, r protoreflect.MessageDescriptor) {
	p := pair{w.FullName(), r.FullName()}
	if c.seen[p] {
		return
	}
	c.seen[p] = true
	for _, group := range oneofs(r) {
		c.movedInto(group, w)
	}
	for i := range w.Fields().Len() {
		before := w.Fields().Get(i)
		if after := r.Fields().ByNumber(before.Number()); after != nil {
			c.inField(before, func() { c.fields(before, after) })
		} else {
			c.inField(before, func() { c.fieldRemoved(before, r) })
		}
	}
	for i := range r.Fields().Len() {
		after := r.Fields().Get(i)
		if after.Cardinality() == protoreflect.Required && w.Fields().ByNumber(after.Number()) == nil {
			c.inField(after, func() {
				c.add(RequiredFieldAdded, w, after, "the reader requires it, and the writer doesn't have it", "make it optional")
			})
		}
	}
	c.messages(w, r, w.Messages(), r.Messages())
}

func (c *checker) inField(f protoreflect.FieldDescriptor, do func()) {
	c.within(fmt.Sprint(f.Number()), string(f.Name()), do)
}

// fieldRemoved: readers skip numbers that they don't know. Not so where the
// field's absence or presence means something.
func (c *checker) fieldRemoved(before protoreflect.FieldDescriptor, r protoreflect.MessageDescriptor) {
	switch {
	case before.Cardinality() == protoreflect.Required:
		c.add(RequiredFieldRemoved, before, r, "the writer requires it, and the reader doesn't have it", "keep it")
	case oneofOf(before) != nil && r.Oneofs().ByName(oneofOf(before).Name()) != nil:
		c.add(OneofFieldRemoved, before, r.Oneofs().ByName(oneofOf(before).Name()),
			fmt.Sprintf("the reader doesn't have it in oneof %s, which looks unset when the writer has set it", oneofOf(before).Name()),
			"keep it, and mark it deprecated")
	}
}

// oneofOf is the oneof that a field is written in, or nil. One that the compiler
// makes for an optional field isn't written.
func oneofOf(f protoreflect.FieldDescriptor) protoreflect.OneofDescriptor {
	if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o
	}
	return nil
}

func oneofs(m protoreflect.MessageDescriptor) []protoreflect.OneofDescriptor {
	var list []protoreflect.OneofDescriptor
	for i := range m.Oneofs().Len() {
		if o := m.Oneofs().Get(i); !o.IsSynthetic() {
			list = append(list, o)
		}
	}
	return list
}

// movedInto looks at the fields of a reader's oneof that the writer has outside of
// any: of those it may set several, of which the reader then sees one.
func (c *checker) movedInto(group protoreflect.OneofDescriptor, w protoreflect.MessageDescriptor) {
	var moved []string
	existing := false
	for i := range group.Fields().Len() {
		before := w.Fields().ByNumber(group.Fields().Get(i).Number())
		switch {
		case before == nil:
		case oneofOf(before) != nil:
			existing = true
		default:
			moved = append(moved, string(before.Name()))
		}
	}
	c.within(string(group.Name()), string(group.Name()), func() {
		switch {
		case len(moved) > 1:
			c.add(MultipleFieldsMovedToOneof, w, group,
				"the writer can set "+strings.Join(moved, " and ")+" together, the reader then sees one of them", "leave all but one outside of the oneof")
		case len(moved) == 1 && existing:
			c.add(FieldMovedToExistingOneof, w, group,
				"the writer can set "+moved[0]+" beside the oneof, the reader then sees one of them", "leave "+moved[0]+" outside of the oneof")
		}
	})
}

// fields compares two fields of the same number.
func (c *checker) fields(w, r protoreflect.FieldDescriptor) {
	if was, is := oneofOf(w), oneofOf(r); was != nil && (is == nil || is.Name() != was.Name()) {
		if kept := r.ContainingMessage().Oneofs().ByName(was.Name()); kept != nil && !kept.IsSynthetic() {
			c.add(OneofFieldRemoved, w, r, fmt.Sprintf("the reader has it outside of oneof %s, which looks unset when the writer has set it", was.Name()),
				"leave it in the oneof")
		}
	}
	c.types(w, r, true)
}

// types compares the types of two fields, or of the keys or values of two maps.
func (c *checker) types(w, r protoreflect.FieldDescriptor, labels bool) {
	was, is := kindOf(w), kindOf(r)
	if was != is {
		c.add(FieldKindChanged, w, r, fmt.Sprintf("it is a %s for the reader (%s) and a %s for the writer (%s)", is, typeWords(r), was, typeWords(w)),
			"add a field with a new number")
		return
	}
	switch is {
	case kindMap:
		c.types(w.MapKey(), r.MapKey(), false)
		c.types(w.MapValue(), r.MapValue(), false)
	case kindMessage:
		c.named(w, r)
	default:
		c.scalars(w, r, labels)
	}
}

const (
	kindScalar  = "scalar"
	kindMessage = "message"
	kindMap     = "map"
)

func kindOf(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return kindMap
	case f.Message() != nil:
		return kindMessage
	}
	return kindScalar
}

// named compares the messages that two fields are of. Those of the schema itself
// are compared where they stand.
func (c *checker) named(w, r protoreflect.FieldDescriptor) {
	was, is := w.Message(), r.Message()
	if localName(was) != localName(is) {
		c.add(FieldNamedTypeChanged, w, r, fmt.Sprintf("its message is %s for the reader and %s for the writer", is.FullName(), was.FullName()),
			"add a field with a new number")
		return
	}
	ownWriter := was.ParentFile().Path() == c.writer.file.Path()
	ownReader := is.ParentFile().Path() == c.reader.file.Path()
	if !ownWriter || !ownReader {
		c.message(was, is)
	}
}

// forms groups the scalar types that can stand for each other on the wire.
var forms = [][]protoreflect.Kind{
	{protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.BoolKind, protoreflect.EnumKind},
	{protoreflect.Sint32Kind, protoreflect.Sint64Kind},
	{protoreflect.StringKind, protoreflect.BytesKind},
	{protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind},
	{protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind},
	{protoreflect.FloatKind},
	{protoreflect.DoubleKind},
}

const textForm = 2 // in forms

func formOf(f protoreflect.FieldDescriptor) int {
	return slices.IndexFunc(forms, func(kinds []protoreflect.Kind) bool { return slices.Contains(kinds, f.Kind()) })
}

func (c *checker) scalars(w, r protoreflect.FieldDescriptor, labels bool) {
	was, is := label(w), label(r)
	switch {
	case formOf(w) != formOf(r):
		c.add(FieldScalarKindChanged, w, r, fmt.Sprintf("it is %s for the reader and %s for the writer, which differ on the wire", typeWords(r), typeWords(w)),
			"add a field with a new number")
	case labels && was != "" && is != "" && was != is && formOf(r) != textForm:
		c.add(FieldNumericLabelChanged, w, r, fmt.Sprintf("it is %s for the reader and %s for the writer", is, was), "add a field with a new number")
	}
}
