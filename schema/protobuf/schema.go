package protobuf

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// File is the compiled file; its path is of no meaning.
func (s *Schema) File() protoreflect.FileDescriptor { return s.file }

// Types finds the messages and extensions of the file and of all it imports.
func (s *Schema) Types() *dynamicpb.Types { return s.types }

// MessageAt finds a message by the indexes that Confluent's wire format has: its
// place among the messages of the file, then among those nested in that one, and
// so on. As in Java, the messages that the compiler makes for map fields don't
// count; the Go and Python clients count them, so that their indexes differ for a
// message nested in one that has a map.
func (s *Schema) MessageAt(indexes []int) (protoreflect.MessageDescriptor, error) {
	var found protoreflect.MessageDescriptor
	within := written(s.file.Messages())
	for i, index := range indexes {
		if index < 0 || index >= len(within) {
			return nil, fmt.Errorf("message %v: the schema has %s", indexes, countWords(len(within), indexes[:i]))
		}
		found = within[index]
		within = written(found.Messages())
	}
	if found == nil {
		return nil, fmt.Errorf("message %v: no index", indexes)
	}
	return found, nil
}

func countWords(n int, within []int) string {
	words := fmt.Sprintf("%d messages", n)
	if n == 1 {
		words = "1 message"
	}
	if len(within) > 0 {
		words += fmt.Sprintf(" in %v", within)
	}
	return words
}

// IndexesOf gives the indexes by which [Schema.MessageAt] finds the message of a
// full name, or nil.
func (s *Schema) IndexesOf(name string) []int {
	return indexesOf(written(s.file.Messages()), protoreflect.FullName(name))
}

func indexesOf(messages []protoreflect.MessageDescriptor, name protoreflect.FullName) []int {
	for i, m := range messages {
		if m.FullName() == name {
			return []int{i}
		}
		if nested := indexesOf(written(m.Messages()), name); nested != nil {
			return append([]int{i}, nested...)
		}
	}
	return nil
}

// written lists the messages that stand in the text, in its order.
func written(messages protoreflect.MessageDescriptors) []protoreflect.MessageDescriptor {
	var list []protoreflect.MessageDescriptor
	for i := range messages.Len() {
		if m := messages.Get(i); !m.IsMapEntry() {
			list = append(list, m)
		}
	}
	return list
}

// addFile registers a file and all that it imports.
func addFile(files *protoregistry.Files, file protoreflect.FileDescriptor) {
	if _, err := files.FindFileByPath(file.Path()); err == nil {
		return
	}
	// The compiler has refused names that occur twice; registering can't fail.
	_ = files.RegisterFile(file)
	for imports, i := file.Imports(), 0; i < imports.Len(); i++ {
		addFile(files, imports.Get(i).FileDescriptor)
	}
}
