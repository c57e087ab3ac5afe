package protobuf

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Limits of one schema file. What exceeds them is a mistake or an attack.
const (
	// MaxSize is the largest file in bytes that Parse reads, 8 MiB. Kafka's own limit
	// for a record, and so for a schema in a registry's topic, is 1 MiB.
	MaxSize = 8 << 20
	// maxDepth is how deep braces and brackets nest. The compiler recurses, and Go
	// can't recover from a stack that is too deep.
	maxDepth = 200
)

// Reference is another file that a schema imports.
type Reference struct {
	// Name is the path in the import statement.
	Name   string
	Source []byte
}

// Schema is a compiled schema. It doesn't change; any number of goroutines may use
// it at the same time.
type Schema struct {
	file  protoreflect.FileDescriptor
	files *protoregistry.Files
	types *dynamicpb.Types
}

// Parse compiles a .proto text, proto2, proto3 or editions, and the files it
// imports, whose order doesn't matter. Files that registries know without being
// told need no reference: google/protobuf/*.proto, confluent/meta.proto and
// confluent/type/decimal.proto.
//
// An error about the text is a [*SyntaxError].
func Parse(source []byte, refs ...Reference) (*Schema, error) {
	files := map[string]string{}
	for _, ref := range refs {
		if err := refuse(ref.Name, ref.Source); err != nil {
			return nil, err
		}
		files[ref.Name] = string(ref.Source)
	}
	if err := refuse("", source); err != nil {
		return nil, err
	}
	main := unusedName(files)
	files[main] = string(source)
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(resolver(files)),
		MaxParallelism: 1, // one of many schemas; the caller decides how many at once
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(context.Background(), main)
	if err != nil {
		return nil, refusal(err, main)
	}
	return newSchema(compiled[0]), nil
}

// newSchema gathers the types of a file and of all that it imports.
func newSchema(file protoreflect.FileDescriptor) *Schema {
	files := new(protoregistry.Files)
	addFile(files, file)
	return &Schema{file: file, files: files, types: dynamicpb.NewTypes(files)}
}

// resolver finds imported files.
type resolver map[string]string

func (r resolver) FindFileByPath(path string) (protocompile.SearchResult, error) {
	text, ok := r[path]
	if !ok {
		if text, ok = builtIn[path]; !ok {
			return protocompile.SearchResult{}, &missingImport{path}
		}
	}
	return protocompile.SearchResult{Source: strings.NewReader(text)}, nil
}

// unusedName is what the schema itself is called while it is compiled: registries
// give it no name, and it must not hide a reference.
func unusedName(files map[string]string) string {
	name := "schema.proto"
	for files[name] != "" || builtIn[name] != "" {
		name = "_" + name
	}
	return name
}

// refuse looks at what would cost too much to compile, or what isn't Protobuf at all.
func refuse(name string, source []byte) error {
	e := &SyntaxError{File: name}
	switch {
	case len(source) > MaxSize:
		e.Reason = fmt.Sprintf("it has %d MB; a schema has at most %d MB", len(source)>>20, MaxSize>>20)
	case !utf8.Valid(source):
		e.Reason, e.hint = "not UTF-8 text", "save it as UTF-8"
	case strings.TrimSpace(string(source)) == "":
		e.Reason = "it is empty"
	case deepest(string(source)) > maxDepth:
		e.Reason = fmt.Sprintf("nested deeper than %d levels", maxDepth)
	default:
		return nil
	}
	return e
}

// deepest counts how deep brackets nest, outside of comments and strings.
func deepest(text string) int {
	depth, most := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[', '<', '(':
			depth++
			most = max(most, depth)
		case '}', ']', '>', ')':
			depth--
		case '"', '\'':
			i = endOfString(text, i)
		case '/':
			i = endOfComment(text, i)
		}
	}
	return most
}

// endOfString is the place of the quote that ends a string, or of the line's end:
// strings don't go beyond it.
func endOfString(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start], '\n':
			return i
		}
	}
	return len(text)
}

// endOfComment is the place of a comment's last byte; a slash that begins none is
// its own.
func endOfComment(text string, start int) int {
	for _, kind := range [][2]string{{"//", "\n"}, {"/*", "*/"}} {
		if strings.HasPrefix(text[start:], kind[0]) {
			end := strings.Index(text[start+2:], kind[1])
			if end < 0 {
				return len(text)
			}
			return start + 2 + end + len(kind[1]) - 1
		}
	}
	return start
}
