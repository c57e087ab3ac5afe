package avro_test

import (
	"errors"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema/avro"
)

// FuzzParse holds that any bytes are either refused with a place in them, or give
// a schema that can read what it writes.
func FuzzParse(f *testing.F) {
	for _, text := range handMade()[:400] {
		f.Add([]byte(text))
	}
	f.Add([]byte(positioned))
	f.Fuzz(func(t *testing.T, source []byte) {
		start := time.Now()
		schema, err := avro.Parse(source)
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("it took %s", took)
		}
		if err != nil {
			var refused *avro.SyntaxError
			if !errors.As(err, &refused) || refused.Line < 1 && len(source) <= avro.MaxSize || refused.Reason == "" {
				t.Fatalf("the error has no place: %+v", err)
			}
			return
		}
		problems, err := avro.Check(schema, schema)
		if err != nil && !errors.Is(err, avro.ErrTooComplex) {
			t.Fatal(err)
		}
		for _, p := range problems {
			// A field can match two of its own record, and Java then says no.
			if p.Rule == avro.AmbiguousAlias {
				return
			}
		}
		for _, p := range problems {
			t.Fatalf("it can't read itself: %s", p.Detail())
		}
	})
}

// FuzzCheck compares any two schemas, and asks of the answer only that it comes,
// is the same twice and can be told.
func FuzzCheck(f *testing.F) {
	for _, pair := range generatedPairs(f, 300) {
		f.Add([]byte(pair.reader), []byte(pair.writer))
	}
	for _, c := range corpus(f) {
		for _, pair := range c.pairs() {
			f.Add([]byte(pair.reader), []byte(pair.writer))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		reader, err := avro.Parse(a)
		if err != nil {
			return
		}
		writer, err := avro.Parse(b)
		if err != nil {
			return
		}
		start := time.Now()
		problems, err := avro.Check(reader, writer)
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("it took %s", took)
		}
		if err != nil && !errors.Is(err, avro.ErrTooComplex) {
			t.Fatal(err)
		}
		again, _ := avro.Check(reader, writer)
		if len(again) != len(problems) {
			t.Fatalf("%d problems, then %d", len(problems), len(again))
		}
		for i, p := range problems {
			if p.Path == "" || p.Path[0] != '/' || p.Reader.Line < 1 || p.Writer.Line < 1 || p.Detail() != again[i].Detail() {
				t.Fatalf("problem %+v, then %+v", p, again[i])
			}
			if line, column := reader.Position(p.Reader.Pointer); line != p.Reader.Line || column != p.Reader.Column {
				t.Fatalf("%s is at %d:%d, and the problem says %d:%d", p.Reader.Pointer, line, column, p.Reader.Line, p.Reader.Column)
			}
		}
	})
}
