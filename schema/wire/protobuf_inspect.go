package wire

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	// maxNotes is how many notes are made of one message.
	maxNotes = 20
	// maxAnyDepth is how deep messages of google.protobuf.Any may be in each other.
	// Each level reads all that is in it again.
	maxAnyDepth = 10
)

// inspection looks for what a message's JSON doesn't show.
type inspection struct {
	types anyTypes
	size  measure
	notes []string
}

// read reads a message, once it is known not to come to too much.
func (i *inspection) read(b []byte, m protoreflect.Message, path string) error {
	if err := i.size.message(b, m.Descriptor(), 0); err != nil {
		return err
	}
	reading := proto.UnmarshalOptions{AllowPartial: true, Resolver: i.types.Types, RecursionLimit: protobufDepth}
	if err := reading.Unmarshal(b, m.Interface()); err != nil {
		return faultf(path, "as a %s: %s", m.Descriptor().FullName(), libraryWords(err))
	}
	return nil
}

func (i *inspection) note(format string, args ...any) {
	if len(i.notes) < maxNotes {
		i.notes = append(i.notes, fmt.Sprintf(format, args...))
	}
}

// message looks at a message and all in it. The depth counts only those in an Any.
func (i *inspection) message(m protoreflect.Message, path string, depth int) error {
	if unknown := m.GetUnknown(); len(unknown) > 0 {
		i.note("%s: %d bytes of fields that the schema doesn't have", pathOf(path, m), len(unknown))
	}
	if m.Descriptor().FullName() == "google.protobuf.Any" {
		return i.any(m, path, depth)
	}
	var err error
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		err = i.field(field, value, within(path, string(field.Name())), depth)
		return err == nil
	})
	return err
}

func (i *inspection) field(field protoreflect.FieldDescriptor, value protoreflect.Value, path string, depth int) error {
	var err error
	switch {
	case field.IsMap():
		if field.MapValue().Message() == nil {
			return nil
		}
		value.Map().Range(func(key protoreflect.MapKey, inner protoreflect.Value) bool {
			err = i.message(inner.Message(), path+"{}", depth)
			return err == nil
		})
		return err
	case field.Message() == nil:
		return nil
	case field.IsList():
		for n := range value.List().Len() {
			if err := i.message(value.List().Get(n).Message(), path+"[]", depth); err != nil {
				return err
			}
		}
		return nil
	}
	return i.message(value.Message(), path, depth)
}

// any looks into a message of which the type is in the data.
func (i *inspection) any(m protoreflect.Message, path string, depth int) error {
	fields := m.Descriptor().Fields()
	url := m.Get(fields.ByNumber(1)).String()
	if depth >= maxAnyDepth {
		return faultf(path, "more than %d messages of google.protobuf.Any in each other", maxAnyDepth)
	}
	if url == "" {
		return nil
	}
	kind, err := knownTypes{i.types.Types}.FindMessageByURL(url)
	if err != nil {
		i.note("%s: the schema doesn't have the type %s of a google.protobuf.Any", pathOf(path, m), url)
		return nil
	}
	inner := kind.New()
	if err := i.read(m.Get(fields.ByNumber(2)).Bytes(), inner, path); err != nil {
		return err
	}
	return i.message(inner, path, depth+1)
}

func pathOf(path string, m protoreflect.Message) string {
	if path == "" {
		return string(m.Descriptor().FullName())
	}
	return path
}

func within(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// libraryWords takes the mark off that the library begins its errors with. It has
// a blank in it that changes from build to build.
func libraryWords(err error) string {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return strings.TrimPrefix(text, "proto: ")
}

// knownTypes finds the types of a schema, and those that come with Protobuf.
type knownTypes struct{ *dynamicpb.Types }

func (k knownTypes) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	found, err := k.Types.FindMessageByURL(url)
	if err != nil && strings.HasPrefix(url[strings.LastIndexByte(url, '/')+1:], "google.protobuf.") {
		return protoregistry.GlobalTypes.FindMessageByURL(url)
	}
	return found, err
}

// anyTypes stands an empty message in for types that nobody knows, so that the
// rest of the data can be shown.
type anyTypes struct{ *dynamicpb.Types }

func (a anyTypes) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if found, err := knownTypes(a).FindMessageByURL(url); err == nil {
		return found, nil
	}
	return (*emptypb.Empty)(nil).ProtoReflect().Type(), nil
}
