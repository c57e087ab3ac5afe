package schema

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Diff compares the messages and enums of two files, fields by their numbers, since
// those are what counts on the wire. What is imported isn't looked into.
func (protobufLanguage) Diff(from, to Parsed) ([]Change, error) {
	old, now := from.(protobufSchema), to.(protobufSchema)
	d := protobufDiff{to: now}
	if a, b := string(old.File().Package()), string(now.File().Package()); a != b {
		d.add("package-changed", "", a, b, "package: %s → %s", a, b)
	}
	d.messages(old.File().Messages(), now.File().Messages())
	d.enums(old.File().Enums(), now.File().Enums())
	return d.changes, nil
}

type protobufDiff struct {
	to      protobufSchema
	changes []Change
}

// add notes a change of what a full name stands for.
func (d *protobufDiff) add(kind string, name protoreflect.FullName, from, to, format string, args ...any) {
	pkg := string(d.to.File().Package())
	c := Change{Kind: kind, Field: strings.TrimPrefix(strings.TrimPrefix(string(name), pkg), "."), Text: fmt.Sprintf(format, args...), From: from, To: to}
	if to != "" && name != "" {
		c.Line, c.Column = d.to.Position(string(name))
	}
	d.changes = append(d.changes, c)
}

func (d *protobufDiff) messages(old, now protoreflect.MessageDescriptors) {
	for i := range now.Len() {
		m := now.Get(i)
		before := old.ByName(m.Name())
		switch {
		case m.IsMapEntry():
		case before == nil:
			d.add("message-added", m.FullName(), "", string(m.Name()), "added message %q", m.Name())
		default:
			d.fields(before, m)
			d.messages(before.Messages(), m.Messages())
			d.enums(before.Enums(), m.Enums())
		}
	}
	for i := range old.Len() {
		if m := old.Get(i); !m.IsMapEntry() && now.ByName(m.Name()) == nil {
			d.add("message-removed", m.FullName(), string(m.Name()), "", "removed message %q", m.Name())
		}
	}
}

func (d *protobufDiff) fields(old, now protoreflect.MessageDescriptor) {
	for i := range now.Fields().Len() {
		f := now.Fields().Get(i)
		before := old.Fields().ByNumber(f.Number())
		if before == nil {
			d.add("field-added", f.FullName(), "", fieldWords(f), "added field %q to %s (%s)", f.Name(), now.Name(), fieldWords(f))
			continue
		}
		if before.Name() != f.Name() {
			d.add("field-renamed", f.FullName(), string(before.Name()), string(f.Name()), "renamed field %d of %s: %q → %q", f.Number(), now.Name(), before.Name(), f.Name())
		}
		if a, b := fieldWords(before), fieldWords(f); a != b {
			d.add("field-changed", f.FullName(), a, b, "field %q of %s: %s → %s", f.Name(), now.Name(), a, b)
		}
	}
	for i := range old.Fields().Len() {
		if f := old.Fields().Get(i); now.Fields().ByNumber(f.Number()) == nil {
			d.add("field-removed", f.FullName(), fieldWords(f), "", "removed field %q from %s (%s)", f.Name(), now.Name(), fieldWords(f))
		}
	}
}

func (d *protobufDiff) enums(old, now protoreflect.EnumDescriptors) {
	for i := range now.Len() {
		e := now.Get(i)
		if before := old.ByName(e.Name()); before == nil {
			d.add("enum-added", e.FullName(), "", string(e.Name()), "added enum %q", e.Name())
		} else {
			d.values(before, e)
		}
	}
	for i := range old.Len() {
		if e := old.Get(i); now.ByName(e.Name()) == nil {
			d.add("enum-removed", e.FullName(), string(e.Name()), "", "removed enum %q", e.Name())
		}
	}
}

func (d *protobufDiff) values(old, now protoreflect.EnumDescriptor) {
	for i := range now.Values().Len() {
		v := now.Values().Get(i)
		words := fmt.Sprintf("%s = %d", v.Name(), v.Number())
		before := old.Values().ByName(v.Name())
		switch {
		case before == nil:
			d.add("value-added", now.FullName(), "", words, "added %s to enum %q", words, now.Name())
		case before.Number() != v.Number():
			was := fmt.Sprintf("%s = %d", v.Name(), before.Number())
			d.add("value-changed", now.FullName(), was, words, "enum %q: %s → %s", now.Name(), was, words)
		}
	}
	for i := range old.Values().Len() {
		if v := old.Values().Get(i); now.Values().ByName(v.Name()) == nil {
			words := fmt.Sprintf("%s = %d", v.Name(), v.Number())
			d.add("value-removed", now.FullName(), words, "", "removed %s from enum %q", words, now.Name())
		}
	}
}

// fieldWords is a field as it is written, without its name.
func fieldWords(f protoreflect.FieldDescriptor) string {
	kind := typeWords(f)
	switch {
	case f.IsMap():
		kind = fmt.Sprintf("map<%s, %s>", typeWords(f.MapKey()), typeWords(f.MapValue()))
	case f.IsList():
		kind = "repeated " + kind
	case f.Cardinality() == protoreflect.Required:
		kind = "required " + kind
	case f.HasOptionalKeyword():
		kind = "optional " + kind
	}
	if oneof := f.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		kind += fmt.Sprintf(" in oneof %s", oneof.Name())
	}
	return fmt.Sprintf("%s, number %d", kind, f.Number())
}

func typeWords(f protoreflect.FieldDescriptor) string {
	switch {
	case f.Message() != nil:
		return string(f.Message().FullName())
	case f.Enum() != nil:
		return string(f.Enum().FullName())
	}
	return f.Kind().String()
}
