package avro_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
	"github.com/evtctl/evtctl/schema/wire"
)

// written is a source that knows the schema that data was written with.
type written string

func (w written) Schema(context.Context, wire.ID) (*wire.Schema, error) {
	return &wire.Schema{Format: wire.Avro, Text: string(w)}, nil
}

// TestDataIsReadWhereJavaReadsIt holds the wire package's Reader, which samples of
// topics are tried with, against GenericDatumReader: values that Java made up, read
// with another schema.
func TestDataIsReadWhereJavaReadsIt(t *testing.T) {
	var pairs []readerWriter
	for _, pair := range generatedPairs(t, 20_000/portion()) {
		// Java throws before it reads where a field matches several, and where a default
		// doesn't fit its type.
		if !ambiguous(t, pair) && len(parse(t, pair.reader).Warnings()) == 0 {
			pairs = append(pairs, pair)
		}
	}
	questions := make([]question, len(pairs))
	for i, pair := range pairs {
		questions[i] = question{Op: "read", Reader: &sources{Main: pair.reader}, Writer: &sources{Main: pair.writer}, Seed: i + 1}
	}
	count := map[string]int{}
	for i, java := range needOracle(t).ask(t, questions) {
		if java.Error != "" {
			count["not written"]++ // a value without an end, or a default that doesn't fit
			continue
		}
		reader, err := wire.NewCodec(written(pairs[i].writer), wire.Options{}).Reader(&wire.Schema{Format: wire.Avro, Text: pairs[i].reader})
		if err != nil {
			t.Fatalf("%s: %v", pairs[i].reader, err)
		}
		for _, read := range java.Reads {
			if aboutADefault(read.Error) {
				count["default"]++ // what is wrong with defaults isn't looked at
				continue
			}
			err := reader.Try(t.Context(), wire.Value, nil, append([]byte{0, 0, 0, 0, 1}, read.Data...))
			var fault *wire.ReadError
			if err != nil && !errors.As(err, &fault) {
				t.Fatalf("%s\n%x: %v", pairs[i].writer, read.Data, err)
			}
			if (err == nil) != (read.Error == nil) {
				t.Errorf("pair %d of seed %d\nreader %s\nwriter %s\ndata %x\nours: %v\nJava: %s",
					i, seed(t), pairs[i].reader, pairs[i].writer, read.Data, err, say(read.Error))
			}
			if err == nil {
				count["read"]++
			} else {
				count["refused"]++
			}
			if compatible(t, pairs[i]) != (err == nil) {
				count["other than the schemas say"]++
			}
		}
	}
	for what, least := range map[string]int{"read": 2_000, "refused": 1_000, "other than the schemas say": 50} {
		if least /= portion(); count[what] < least {
			t.Errorf("only %d values were %s, which proves little; %d were expected at least", count[what], what, least)
		}
	}
	t.Logf("%v", count)
}

// aboutADefault tells that Java can't make a value of a default. It takes the default of
// a union for its first array or record, whatever it is: it then asks the union for its
// items, or fills the record from the defaults of its fields, and overflows its stack
// where one of them is that union again. Data that was written whole can do neither.
func aboutADefault(words *string) bool {
	for _, sign := range []string{"default value", "Invalid default", "is not in the enum symbol set", "Not compatible default", "StackOverflowError", "Not an array: [", "AvroRuntimeException: java.io.EOFException"} {
		if words != nil && strings.Contains(*words, sign) {
			return true
		}
	}
	return false
}

func ambiguous(t *testing.T, pair readerWriter) bool {
	problems, err := avro.Check(parse(t, pair.reader), parse(t, pair.writer))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Rule == avro.AmbiguousAlias {
			return true
		}
	}
	return false
}

func compatible(t *testing.T, pair readerWriter) bool {
	problems, err := avro.Check(parse(t, pair.reader), parse(t, pair.writer))
	return err == nil && len(problems) == 0
}
