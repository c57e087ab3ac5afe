package event

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
)

const namespace = "com.example.events"

//go:embed avro/*.avsc
var schemas embed.FS

// Schema is the Avro schema of a type, as its file has it. Versions count for
// OrderPlacedEvent only, which has 1 and 2.
func Schema(eventType string, version int) (string, error) {
	return schemaText(schemaName(eventType, version))
}

func schemaName(eventType string, version int) string {
	if eventType == "OrderPlacedEvent" {
		return fmt.Sprintf("%s.v%d", eventType, version)
	}
	return eventType
}

func schemaText(name string) (string, error) {
	text, err := schemas.ReadFile("avro/" + name + ".avsc")
	if err != nil {
		return "", fmt.Errorf("no schema %q in this program: %w", name, err)
	}
	return string(text), nil
}

// Decoding trusts no length that a record states.
const (
	maxString = 1 << 20
	maxItems  = 1 << 20 // bytes of a slice
)

var limits = sync.OnceValue(func() avro.API {
	return avro.Config{MaxByteSliceSize: maxString, MaxSliceAllocSize: maxItems}.Freeze()
})

var parsed sync.Map // schema by the name of its file

// ownSchema parses a schema of this program when it is first needed.
func ownSchema(name string) (avro.Schema, error) {
	if s, ok := parsed.Load(name); ok {
		return s.(avro.Schema), nil
	}
	text, err := schemaText(name)
	if err != nil {
		return nil, err
	}
	s, err := parse(text)
	if err != nil {
		return nil, err
	}
	first, _ := parsed.LoadOrStore(name, s)
	return first.(avro.Schema), nil
}

// parse keeps names to the schema itself: the library's own cache would take the
// two versions of one record for the same.
func parse(text string) (avro.Schema, error) {
	return avro.ParseWithCache(text, "", &avro.SchemaCache{})
}

// resolve works out how to read, as one of this flow's types, what a schema wrote.
func resolve(s sr.Schema) (*readable, error) {
	if s.Type != sr.TypeAvro {
		return nil, fmt.Errorf("it is %s, not Avro", s.Type)
	}
	writer, err := parse(s.Schema)
	if err != nil {
		return nil, err
	}
	named, ok := writer.(avro.NamedSchema)
	if !ok {
		return nil, fmt.Errorf("it is a %s, not a record", writer.Type())
	}
	eventType, ours := strings.CutPrefix(named.FullName(), namespace+".")
	if !ours || blank(eventType) == nil {
		return nil, fmt.Errorf("it is of %s, which this flow doesn't have", named.FullName())
	}
	reader, err := ownSchema(schemaName(eventType, 2))
	if err != nil {
		return nil, err
	}
	schema, err := avro.NewSchemaCompatibility().Resolve(reader, writer)
	if err != nil {
		return nil, err
	}
	return &readable{eventType: eventType, schema: schema}, nil
}

// unmarshal decodes foreign bytes, which may make the library panic.
func unmarshal(schema avro.Schema, datum []byte, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return limits().Unmarshal(schema, datum, e)
}
