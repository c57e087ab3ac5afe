package avro_test

import (
	"fmt"
	"slices"
	"testing"

	hamba "github.com/hamba/avro/v2"

	"github.com/evtctl/evtctl/schema/avro"
)

// hambaDiffers are the rules whose problems hamba/avro v2.31.0 doesn't see.
var hambaDiffers = map[avro.Rule]string{
	avro.AmbiguousAlias: "it takes the first field that matches",
}

// hambaParse reads a schema with a fresh cache: a shared one would mix up the
// definitions of all schemas. Some defaults of types that contain themselves make
// the parser panic.
func hambaParse(text string) (schema hamba.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return hamba.ParseWithCache(text, "", &hamba.SchemaCache{})
}

// misread tells whether hamba's parser made another schema of a text than Java's
// and this package's do: it takes an alias of a type for a definition, so that a
// reference finds the type with the alias instead of the one with the name, and
// an empty namespace for none at all.
func misread(schema hamba.Schema, text string) bool {
	again, err := avro.Parse([]byte(schema.String()))
	ours, _ := avro.Parse([]byte(text))
	return err != nil || again.Canonical() != ours.Canonical()
}

// TestASecondOpinionAgrees asks hamba/avro, with a fresh checker for each pair: a
// used one gives wrong answers, for its cache doesn't tell schemas apart that
// differ in defaults or aliases.
func TestASecondOpinionAgrees(t *testing.T) {
	pairs := generatedPairs(t, 10_000)
	for _, c := range corpus(t) {
		if !nameless[c.Case] {
			pairs = append(pairs, c.pairs()...)
		}
	}
	agreed, differed := 0, 0
	for _, pair := range pairs {
		reader, err := hambaParse(pair.reader)
		if err != nil {
			continue // its parser refuses more than Java's
		}
		writer, err := hambaParse(pair.writer)
		if err != nil {
			continue
		}
		problems := checked(t, pair.reader, pair.writer)
		if slices.ContainsFunc(problems, func(p avro.Problem) bool { return hambaDiffers[p.Rule] != "" }) {
			differed++
			continue
		}
		opinion := hamba.NewSchemaCompatibility().Compatible(reader, writer)
		if (opinion == nil) != (len(problems) == 0) && !misread(reader, pair.reader) && !misread(writer, pair.writer) {
			t.Errorf("reader %s\nwriter %s\nhamba: %v\nours: %v", pair.reader, pair.writer, opinion, problems)
		}
		agreed++
	}
	if agreed < 5000 || differed == 0 {
		t.Errorf("%d of %d pairs had a second opinion, %d had a known difference: too few to prove much", agreed, len(pairs), differed)
	}
}
