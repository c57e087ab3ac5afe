package protobuf_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/protobuf"
)

func TestWhatIsNoSchemaSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":       "parsing Protobuf schema: it is empty",
		" \n":    "parsing Protobuf schema: it is empty",
		"\xff":   "parsing Protobuf schema: not UTF-8 text",
		"{}":     "parsing Protobuf schema: line 1, column 1: syntax error: unexpected '{'",
		"<html>": "parsing Protobuf schema: line 1, column 1: syntax error: unexpected '<'",
		"syntax = \"proto3\";\nmessage M { X x = 1; }":               "parsing Protobuf schema: line 2, column 13: field M.x: unknown type X",
		`syntax = "proto3"; message M { int32 a = 1; int32 b = 1; }`: "parsing Protobuf schema: line 1, column 55: message M: fields a and b both have the same tag 1",
		`syntax = "proto3"; message M {} message M {}`:               `parsing Protobuf schema: line 1, column 41: symbol "M" already defined at schema.proto:1:28`,
		`syntax = "proto9";`: `parsing Protobuf schema: line 1, column 10: syntax value must be "proto2" or "proto3"`,
		`import "x.proto";`:  `parsing Protobuf schema: line 1, column 8: it imports "x.proto", which is not among its references`,
		strings.Repeat("message M {", 300) + strings.Repeat("}", 300): "parsing Protobuf schema: nested deeper than 200 levels",
	} {
		_, err := protobuf.Parse([]byte(text))
		var bad *protobuf.SyntaxError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%.80q gives\n%v, want\n%s", text, err, want)
		}
	}
	_, err := protobuf.Parse(bytes.Repeat([]byte{' '}, 40<<20))
	if err == nil || err.Error() != "parsing Protobuf schema: it has 40 MB; a schema has at most 8 MB" {
		t.Errorf("got %v", err)
	}
}

func TestFaultsInReferencesNameThem(t *testing.T) {
	a := protobuf.Reference{Name: "a.proto", Source: []byte("syntax = \"proto3\";\nimport \"b.proto\";")}
	main := []byte(`syntax = "proto3"; import "a.proto";`)
	for want, refs := range map[string][]protobuf.Reference{
		`parsing Protobuf schema a.proto: line 2, column 8: it imports "b.proto", which is not among its references`: {a},
		"parsing Protobuf schema b.proto: it is empty":                                                               {a, {Name: "b.proto"}},
		"parsing Protobuf schema b.proto: line 1, column 1: syntax error: unexpected identifier":                     {a, {Name: "b.proto", Source: []byte("nonsense")}},
	} {
		_, err := protobuf.Parse(main, refs...)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	circle := protobuf.Reference{Name: "b.proto", Source: []byte(`syntax = "proto3"; import "a.proto";`)}
	if _, err := protobuf.Parse(main, a, circle); err == nil || !strings.Contains(err.Error(), "cycle found in imports") {
		t.Errorf("got %v, want a cycle", err)
	}
}

func TestBracketsInTextsDoNotNest(t *testing.T) {
	many := strings.Repeat("{", 500)
	parse(t, "syntax = \"proto3\"; // "+many+"\n/* "+many+" */ message M { string s = 1 [json_name = \"'"+many+"\\\"\"]; }")
}

func TestFilesThatRegistriesSupplyThemselves(t *testing.T) {
	parse(t, `syntax = "proto3"; import "confluent/meta.proto"; import "confluent/type/decimal.proto"; import "google/protobuf/timestamp.proto";
		message M { confluent.type.Decimal d = 1 [(confluent.field_meta) = {params: [{key: "precision", value: "8"}]}]; google.protobuf.Timestamp t = 2; }`)
}

func TestASchemaMayHaveTheNameOfAReference(t *testing.T) {
	s := parse(t, `syntax = "proto3"; import "schema.proto"; message M { N n = 1; }`,
		protobuf.Reference{Name: "schema.proto", Source: []byte(`syntax = "proto3"; message N {}`)})
	if got := string(s.File().Messages().Get(0).Name()); got != "M" {
		t.Errorf("got %s", got)
	}
}

func TestIndexesOfMessages(t *testing.T) {
	s := parse(t, `syntax = "proto3"; package p; message A { map<int32, B> m = 1; message C { message D {} } } message B {}`)
	for name, want := range map[string][]int{"p.A": {0}, "p.B": {1}, "p.A.C": {0, 0}, "p.A.C.D": {0, 0, 0}, "p.E": nil} {
		got := s.IndexesOf(name)
		if !slices.Equal(got, want) {
			t.Errorf("%s is at %v, want %v", name, got, want)
		}
		if want == nil {
			continue
		}
		if m, err := s.MessageAt(got); err != nil || string(m.FullName()) != name {
			t.Errorf("at %v there is %v (%v)", got, m, err)
		}
	}
	if _, err := s.MessageAt(nil); err == nil {
		t.Error("no index leads to a message")
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.Candidate, c.Versions[0])
	}
	f.Add(`edition = "2023"; message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; extensions 5 to 9; }`, `import "r.proto"; message M { extend r.R { optional M m = 100; } }`)
	f.Fuzz(func(t *testing.T, a, b string) {
		ref := protobuf.Reference{Name: "r.proto", Source: []byte(`syntax = "proto2"; package r; message R { extensions 100; }`)}
		reader, err := protobuf.Parse([]byte(a), ref)
		writer, err2 := protobuf.Parse([]byte(b), ref)
		for _, err := range []error{err, err2} {
			var bad *protobuf.SyntaxError
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("%T: %v", err, err)
			}
		}
		if reader == nil || writer == nil {
			return
		}
		for _, p := range protobuf.Check(reader, writer) {
			reader.Position(p.Reader.Name)
			if p.Detail() == "" {
				t.Fatalf("%+v says nothing", p)
			}
		}
		if problems := protobuf.Check(reader, reader); len(problems) != 0 {
			t.Fatalf("not compatible with itself: %+v", problems[0])
		}
	})
}
