package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// read parses data with this schema's message. Protobuf itself takes nearly all for
// readable, as it sets aside what it doesn't understand; what is set aside though
// the schema has a field for it is a fault here.
func (p protobufSchema) read(writer language, f Frame, b body) (own, err error) {
	w := writer.(protobufSchema)
	indexes, data, err := messageOf(f, b)
	if err != nil {
		return err, nil
	}
	written, err := w.schema.MessageAt(indexes)
	if err != nil {
		return err, nil
	}
	if err := w.parse(written, data, b.json); err != nil {
		return err, nil
	}
	as := p.counterpart(written)
	if as == nil {
		return nil, fmt.Errorf("it is a message %s, and the schema has none of that name", written.FullName())
	}
	return nil, p.parse(as, data, b.json)
}

// messageOf reads the indexes of the message, and says what the message's data is.
func messageOf(f Frame, b body) (indexes []int, data []byte, err error) {
	if !f.InHeader {
		return readIndexes(b.data)
	}
	indexes, more, err := readIndexes(b.more)
	if err == nil && len(more) > 0 {
		err = leftOverInHeader(more)
	}
	return indexes, b.data, err
}

// counterpart finds the message of the same name. Packages don't count on the wire,
// so that one with another package will do.
func (p protobufSchema) counterpart(written protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	file := p.schema.File()
	for _, name := range []string{string(written.FullName()), inPackage(file, inFile(written))} {
		if indexes := p.schema.IndexesOf(name); indexes != nil {
			if found, err := p.schema.MessageAt(indexes); err == nil {
				return found
			}
		}
	}
	return nil
}

// inFile is a message's name without the package.
func inFile(m protoreflect.MessageDescriptor) string {
	return strings.TrimPrefix(strings.TrimPrefix(string(m.FullName()), string(m.ParentFile().Package())), ".")
}

func inPackage(file protoreflect.FileDescriptor, name string) string {
	if file.Package() == "" {
		return name
	}
	return string(file.Package()) + "." + name
}

// parse reads data as a message and looks for what got lost on the way.
func (p protobufSchema) parse(as protoreflect.MessageDescriptor, data []byte, most int) error {
	message := dynamicpb.NewMessage(as)
	look := inspection{types: anyTypes{p.schema.Types()}, size: measure{most: most, costs: map[protoreflect.FullName]int{}}}
	if err := look.read(data, message, ""); err != nil {
		return err
	}
	if err := lossOf(message, ""); err != nil {
		return err
	}
	if err := proto.CheckInitialized(message); err != nil {
		return faultf("", "%s", libraryWords(err))
	}
	return nil
}

// lossOf finds the first thing in a message that a program with its schema doesn't
// get to see.
func lossOf(m protoreflect.Message, path string) error {
	if err := misread(m, path); err != nil {
		return err
	}
	for _, field := range setFields(m) {
		if err := lossIn(field, m.Get(field), within(path, string(field.Name()))); err != nil {
			return err
		}
	}
	return nil
}

// setFields lists the fields that have a value by their numbers: the library's order
// is another each time, and the same data is to give the same words.
func setFields(m protoreflect.Message) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, field)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	return fields
}

func lossIn(field protoreflect.FieldDescriptor, value protoreflect.Value, path string) error {
	switch {
	case field.IsList():
		if field.Message() == nil && field.Enum() == nil {
			return nil
		}
		for i := range value.List().Len() {
			if err := lossOfOne(field, value.List().Get(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	case field.IsMap():
		if field.MapValue().Message() == nil && field.MapValue().Enum() == nil {
			return nil
		}
		var keys []protoreflect.MapKey
		value.Map().Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
			keys = append(keys, key)
			return true
		})
		slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			if err := lossOfOne(field.MapValue(), value.Map().Get(key), within(path, key.String())); err != nil {
				return err
			}
		}
		return nil
	}
	return lossOfOne(field, value, path)
}

func lossOfOne(field protoreflect.FieldDescriptor, value protoreflect.Value, path string) error {
	switch {
	case field.Message() != nil:
		return lossOf(value.Message(), path)
	case field.Enum() != nil && field.Enum().IsClosed() && field.Enum().Values().ByNumber(value.Enum()) == nil:
		// Go keeps the number; Java and C++ set the field aside.
		return faultf(path, "the number %d is here, which the enum %s lacks", value.Enum(), field.Enum().FullName())
	}
	return nil
}

// misread finds a field that was set aside though the message has it: it was
// written with another wire type.
func misread(m protoreflect.Message, path string) error {
	for rest := []byte(m.GetUnknown()); len(rest) > 0; {
		number, wireType, n := protowire.ConsumeField(rest)
		if n < 0 {
			return nil // the library has read it: it can't be broken
		}
		rest = rest[n:]
		if field := m.Descriptor().Fields().ByNumber(number); field != nil {
			return faultf(within(path, string(field.Name())), "field %d was written as %s, which can't be read as %s",
				number, wireWords[wireType], kindWords(field))
		}
	}
	return nil
}

// wireWords are the wire types as Protobuf's documentation calls them.
var wireWords = map[protowire.Type]string{
	protowire.VarintType: "a varint", protowire.Fixed32Type: "32 bits", protowire.Fixed64Type: "64 bits",
	protowire.BytesType: "bytes with a length", protowire.StartGroupType: "a group",
}

func kindWords(field protoreflect.FieldDescriptor) string {
	switch {
	case field.IsMap():
		return "a map"
	case field.Message() != nil:
		return "a message " + string(field.Message().FullName())
	case field.Enum() != nil:
		return "an enum " + string(field.Enum().FullName())
	}
	return field.Kind().String()
}
