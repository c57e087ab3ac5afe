package protobuf

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// words describes a part of a schema as it is written.
func words(d protoreflect.Descriptor) string {
	switch d := d.(type) {
	case protoreflect.FileDescriptor:
		return "package " + string(d.Package())
	case protoreflect.MessageDescriptor:
		return "message " + string(d.Name())
	case protoreflect.OneofDescriptor:
		return "oneof " + string(d.Name())
	case protoreflect.FieldDescriptor:
		text := fmt.Sprintf("%s %s = %d", typeWords(d), d.Name(), d.Number())
		if l := label(d); l != "" {
			return l + " " + text
		}
		return text
	}
	return string(d.FullName())
}

// typeWords is the type of a field.
func typeWords(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", typeWords(f.MapKey()), typeWords(f.MapValue()))
	case f.Message() != nil:
		return localName(f.Message())
	case f.Enum() != nil:
		return localName(f.Enum())
	}
	return f.Kind().String()
}

// label is what stands in front of a field; empty where nothing does.
func label(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return ""
	case f.IsList():
		return "repeated"
	case f.Cardinality() == protoreflect.Required:
		return "required"
	case f.HasOptionalKeyword():
		return "optional"
	}
	return ""
}

// localName is a full name without the package of its file.
func localName(d protoreflect.Descriptor) string {
	name, pack := string(d.FullName()), string(d.ParentFile().Package())
	if pack == "" {
		return name
	}
	return name[len(pack)+1:]
}
