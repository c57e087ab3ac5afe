package protobuf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/protobuf"
)

func parse(t testing.TB, text string, refs ...protobuf.Reference) *protobuf.Schema {
	t.Helper()
	s, err := protobuf.Parse([]byte(text), refs...)
	if err != nil {
		t.Fatalf("parsing %.1000s: %v", text, err)
	}
	return s
}

// in is a schema of one message.
func in(syntax, fields string) string {
	return fmt.Sprintf("syntax = %q; message M { %s } enum E { ZERO = 0; } message X {} message Y {}", syntax, fields)
}

func TestWhatIsIncompatible(t *testing.T) {
	for name, c := range map[string]struct{ syntax, writer, reader, want string }{
		"nothing changed":                 {"proto3", "int32 a = 1;", "int32 a = 1;", ""},
		"another name":                    {"proto3", "int32 a = 1;", "int32 b = 1;", ""},
		"a field less":                    {"proto3", "int32 a = 1; int32 b = 2;", "int32 a = 1;", ""},
		"a field more":                    {"proto3", "int32 a = 1;", "int32 a = 1; int32 b = 2;", ""},
		"types of one form":               {"proto3", "int32 a = 1; bool b = 2; E c = 3; fixed32 d = 4; string e = 5;", "uint64 a = 1; E b = 2; int64 c = 3; sfixed32 d = 4; bytes e = 5;", ""},
		"zigzag for plain":                {"proto3", "int32 a = 1;", "sint32 a = 1;", "field-scalar-kind-changed #/M/1"},
		"float for double":                {"proto3", "float a = 1;", "double a = 1;", "field-scalar-kind-changed #/M/1"},
		"fixed64 for double":              {"proto3", "fixed64 a = 1;", "double a = 1;", "field-scalar-kind-changed #/M/1"},
		"a message for bytes":             {"proto3", "bytes a = 1;", "X a = 1;", "field-kind-changed #/M/1"},
		"a map for a message":             {"proto3", "X a = 1;", "map<int32, X> a = 1;", "field-kind-changed #/M/1"},
		"another message":                 {"proto3", "X a = 1;", "Y a = 1;", "field-named-type-changed #/M/1"},
		"another key and another value":   {"proto3", "map<int32, X> a = 1;", "map<string, Y> a = 1;", "field-scalar-kind-changed #/M/1, field-named-type-changed #/M/1"},
		"many numbers instead of one":     {"proto3", "optional int32 a = 1;", "repeated int32 a = 1;", "field-numeric-label-changed #/M/1"},
		"of a number without label":       {"proto3", "int32 a = 1;", "repeated int32 a = 1;", ""},
		"many texts instead of one":       {"proto3", "optional string a = 1;", "repeated string a = 1;", ""},
		"an optional number now required": {"proto2", "optional int32 a = 1;", "required int32 a = 1;", "field-numeric-label-changed #/M/1"},
		"a required field":                {"proto2", "", "required string a = 1;", "required-field-added #/M/1"},
		"a required field less":           {"proto2", "required string a = 1;", "", "required-field-removed #/M/1"},
		"one field into a oneof":          {"proto3", "string a = 1;", "oneof o { string a = 1; string b = 2; }", ""},
		"two fields into a oneof":         {"proto3", "string a = 1; string b = 2;", "oneof o { string a = 1; string b = 2; }", "multiple-fields-moved-to-oneof #/M/o"},
		"a field into a oneof of others":  {"proto3", "string a = 1; oneof o { string b = 2; }", "oneof o { string a = 1; string b = 2; }", "field-moved-to-existing-oneof #/M/o"},
		"a field out of a oneof":          {"proto3", "oneof o { string a = 1; string b = 2; }", "string a = 1; oneof o { string b = 2; }", "oneof-field-removed #/M/1"},
		"a field less in a oneof":         {"proto3", "oneof o { string a = 1; string b = 2; }", "oneof o { string b = 2; }", "oneof-field-removed #/M/1"},
		"a oneof less":                    {"proto3", "oneof o { string a = 1; string b = 2; }", "", ""},
		"a oneof of another name":         {"proto3", "oneof o { string a = 1; string b = 2; }", "oneof p { string a = 1; int32 b = 2; }", "field-scalar-kind-changed #/M/2"},
		"optional is no oneof":            {"proto3", "optional string a = 1; optional string b = 2;", "string a = 1; optional string b = 2;", ""},
		"a nested message less":           {"proto3", "message N {}", "", "message-removed #/M/N"},
		"a field of a nested message":     {"proto3", "message N { int32 a = 1; } N n = 1;", "message N { string a = 1; } N n = 1;", "field-scalar-kind-changed #/M/N/1"},
		"a nested message for another":    {"proto3", "message N {} N n = 1;", "message N {} X n = 1;", "field-named-type-changed #/M/1"},
		"an enum less":                    {"proto3", "enum F { A = 0; } F f = 1;", "int32 f = 1;", ""},
		"groups":                          {"proto2", "optional group G = 1 { optional int32 a = 1; }", "optional group G = 1 { optional string a = 1; }", "field-scalar-kind-changed #/M/G/1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range protobuf.Check(parse(t, in(c.syntax, c.reader)), parse(t, in(c.syntax, c.writer))) {
				got = append(got, fmt.Sprintf("%s %s", p.Rule, p.Path))
				if p.Detail() == "" || p.Reader.Line < 1 || p.Writer.Line < 1 {
					t.Errorf("%+v says too little", p)
				}
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFilesAsAWhole(t *testing.T) {
	old := parse(t, `syntax = "proto3"; package a; message M { N n = 1; } message N { int32 a = 1; }`)
	for name, c := range map[string]struct{ reader, want string }{
		"another package":    {`syntax = "proto3"; package b; message M { N n = 1; } message N { int32 a = 1; }`, "package-changed #/"},
		"no package":         {`syntax = "proto3"; message M { N n = 1; } message N { int32 a = 1; }`, "package-changed #/"},
		"a message renamed":  {`syntax = "proto3"; package a; message M { O n = 1; } message O { int32 a = 1; }`, "field-named-type-changed #/M/1, message-removed #/N"},
		"messages reordered": {`syntax = "proto3"; package a; message N { int32 a = 1; } message M { N n = 1; }`, ""},
		"proto2":             {`syntax = "proto2"; package a; message M { optional N n = 1; } message N { optional int32 a = 1; }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range protobuf.Check(parse(t, c.reader), old) {
				got = append(got, fmt.Sprintf("%s %s", p.Rule, p.Path))
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMessagesOfOtherFilesAreCompared(t *testing.T) {
	schema := func(kind string) *protobuf.Schema {
		return parse(t, `syntax = "proto3"; import "n.proto"; message M { p.N n = 1; p.N again = 2; }`,
			protobuf.Reference{Name: "n.proto", Source: []byte("syntax = \"proto3\"; package p;\nmessage N { N n = 1; " + kind + " a = 7; }")})
	}
	problems := protobuf.Check(schema("int64"), schema("string"))
	if len(problems) != 1 {
		t.Fatalf("got %+v", problems)
	}
	p := problems[0]
	want := "M.n.a: it is int64 for the reader and string for the writer, which differ on the wire"
	if p.Path != "#/M/1/7" || p.Field != "M.n.a" || p.Detail() != want || p.Fix() != "add a field with a new number" {
		t.Errorf("got %+v: %s", p, p.Detail())
	}
	if (p.Reader != protobuf.Place{File: "n.proto", Line: 2, Column: 22, Name: "p.N.a", Text: "int64 a = 7"}) {
		t.Errorf("got %+v", p.Reader)
	}
}

func TestPositions(t *testing.T) {
	s := parse(t, "syntax = \"proto3\";\npackage p;\nmessage M {\n  // é\n  oneof o { int32 a = 1; }\n}\nimport \"google/protobuf/any.proto\";")
	for name, want := range map[string]string{"p.M": "3:1", "p.M.a": "5:13", "p.M.o": "5:3", "google.protobuf.Any": "1:1", "nobody": "1:1"} {
		line, column := s.Position(name)
		if got := fmt.Sprintf("%d:%d", line, column); got != want {
			t.Errorf("%s is at %s, want %s", name, got, want)
		}
	}
}

func TestEverySchemaIsCompatibleWithItself(t *testing.T) {
	for _, c := range corpus(t) {
		if notParsed[c.Case] {
			continue
		}
		s := parse(t, c.Candidate)
		if problems := protobuf.Check(s, s); len(problems) != 0 {
			t.Errorf("%s: %+v", c.Candidate, problems)
		}
	}
}
