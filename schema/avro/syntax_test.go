package avro_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/avro"
)

func TestRefusalsSayWhereAndWhy(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string // line:column pointer reason
		hint       string // a part of it
	}{
		{"an empty file", "", "1:1  it is empty", ""},
		{"a file of blanks and a comment", " // nothing\n", "1:1  it is empty", ""},
		{"a web page", "<!DOCTYPE html><html>", "1:1  invalid character '<' at start of value", "HTML"},
		{"a Protobuf file", "syntax = \"proto3\";", "1:1  invalid character 's' at start of value", "Protobuf"},
		{"an Avro IDL file", "protocol Orders {\n}", "1:1  invalid character 'p' at start of value", "idl2schemata"},
		{"an Avro protocol", `{"protocol":"P","types":[]}`, "1:1  this is an Avro protocol, not a schema", "types"},
		{"a file cut off", "{\n  \"type\": \"record\",\n  \"na", "3:6  the file ends in the middle of the schema", ""},
		{"a comma too many", "{\"type\": \"enum\",\n \"name\": \"E\",\n}", "2:13  a comma too many", ""},
		{"a comment without an end", "{\n /* \"type\": \"int\"}", "2:2  a comment that begins here never ends", ""},
		{"a second schema after the first", "\"int\"\n\"long\"", "2:1  there is more after the end of the schema", "union"},
		{"a comment after the schema", "\"int\"\n// done", "2:1  there is more after the end of the schema", "comment"},
		{"bytes that aren't text", "{\"type\":\n\"\xff\"}", "2:2  not UTF-8 text", "UTF-8"},
		{"UTF-16", "\xff\xfe{\x00", "1:1  not UTF-8 text", "UTF-16"},
		{"columns after characters of several bytes", "{\"name\":\"é€𝒳\", \"type\":5}", "1:23 /type the type of a schema must be a name, not 5", ""},
		{"a byte order mark doesn't count as a column", "\ufeff5", "1:1  5 isn't a schema: a type's name, an object or an array of types is", ""},
		{"lines that end in CR LF", "{\r\n\"type\":\r\n \"nope\"}", `1:1  unknown type "nope"`, "reference"},
		{"no type", `{"name":"R"}`, "1:1  no type", ""},
		{"a schema wrapped in a type", `{"type":{"type":"int"}}`, "1:9 /type the type of a schema must be a name", "without the object"},
		{"an unknown type of a field", record(`{"name":"a","type":"strin"}`), `1:61 /fields/0/type unknown type "x.strin"`, "reference"},
		{"another language's type", record(`{"name":"a","type":"integer"}`), `1:61 /fields/0/type unknown type "x.integer"`, "did you mean int?"},
		{"a type in capitals", record(`{"name":"a","type":"String"}`), `1:61 /fields/0/type unknown type "x.String"`, "did you mean string?"},
		{"a logical type as a type", record(`{"name":"a","type":"uuid"}`), `1:61 /fields/0/type unknown type "x.uuid"`, `"logicalType": "uuid"`},
		{"an array that isn't nested", record(`{"name":"a","type":"array","items":"int"}`), `1:61 /fields/0/type unknown type "x.array"`, `nest it: "type": {"type": "array"`},
		{"the right name in another namespace", record(`{"name":"a","type":{"type":"fixed","name":"y.F","size":1}},{"name":"b","type":"f"}`), `1:120 /fields/1/type unknown type "x.f"`, "did you mean y.F?"},
		{"a field twice", "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n{\"name\":\"a\",\"type\":\"int\"},\n{\"name\":\"a\",\"type\":\"int\"}]}", `3:1 /fields/1 record R has two fields "a"; the first is on line 2`, ""},
		{"a record without fields", `{"type":"record","name":"R"}`, "1:1  record R has no fields", `"fields": []`},
		{"a field without a name", record(`{"type":"int"}`), "1:42 /fields/0 a field of record x.R has no name", ""},
		{"a field without a type", record(`{"name":"a"}`), `1:42 /fields/0 field "a" of record x.R has no type`, ""},
		{"a field's name with a dash", record(`{"name":"a-b","type":"int"}`), `1:50 /fields/0/name "a-b" isn't a name: '-' is neither a letter, a digit nor an underscore`, ""},
		{"a name that begins with a digit", `{"type":"fixed","name":"1F","size":1}`, `1:24 /name "1F" isn't a name: it begins with '1', not with a letter or an underscore`, ""},
		{"a namespace with a dash", `{"type":"fixed","name":"F","namespace":"a.b-c","size":1}`, `1:40 /namespace namespace "a.b-c": "b-c" isn't a name: '-' is neither a letter, a digit nor an underscore`, ""},
		{"a primitive's name", `{"type":"fixed","name":"int","size":1}`, `1:24 /name "int" is the name of a primitive type`, ""},
		{"an unknown order", record(`{"name":"a","type":"int","order":"up"}`), `1:75 /fields/0/order order must be ascending, descending or ignore, not "up"`, ""},
		{"a float's default that is no number", record(`{"name":"a","type":"float","default":"x"}`), `1:79 /fields/0/default the default of a float must be a number, not "x"`, ""},
		{"a symbol twice", `{"type":"enum","name":"E","symbols":["A","B","A"]}`, `1:46 /symbols/2 enum E has the symbol "A" twice`, ""},
		{"a default that isn't a symbol", `{"type":"enum","name":"E","symbols":["A"],"default":"B"}`, `1:53 /default the default of enum E, "B", isn't one of its symbols`, ""},
		{"a size in quotes", `{"type":"fixed","name":"F","size":"4"}`, `1:35 /size the size of fixed F must be a whole number of bytes from 0 to 2147483639, not "4"`, ""},
		{"aliases that aren't a list", `{"type":"fixed","name":"F","size":4,"aliases":"G"}`, `1:47 /aliases aliases must be an array of names`, ""},
		{"a type twice in a union", `["int","string","int"]`, `1:17 /2 the union has int twice`, ""},
		{"a union in a union", `["int",["long"]]`, `1:8 /1 a union can't contain a union`, "one array"},
		{"another definition of a name", "[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},\n {\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}}]", `2:26 /1/items F is defined again, and differently than on line 1`, "define it once"},
		{"a number that would take long to read", `{"type":"int","x":` + strings.Repeat("9", 1001) + `}`, "1:19  a number of more than 1000 characters", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := avro.Parse([]byte(test.text))
			var refused *avro.SyntaxError
			if !errors.As(err, &refused) {
				t.Fatalf("the error is %v, want a SyntaxError", err)
			}
			if got := fmt.Sprintf("%d:%d %s %s", refused.Line, refused.Column, refused.Pointer, refused.Reason); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !strings.Contains(refused.Hint(), test.hint) || (test.hint == "") != (refused.Hint() == "") {
				t.Errorf("the hint is %q, want one with %q", refused.Hint(), test.hint)
			}
		})
	}
}

// record is the text of a record x.R; its fields begin in column 42.
func record(fields string) string {
	return `{"type":"record","name":"x.R", "fields":[` + fields + `]}`
}

func TestErrorsReadAsOneLine(t *testing.T) {
	_, err := avro.Parse([]byte(record(`{"name":"a","type":"strin"}`)))
	if want := `parsing Avro schema: line 1, column 61 (/fields/0/type): unknown type "x.strin"`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	_, err = avro.Parse([]byte(`"F"`), avro.Reference{Name: "f.avsc", Source: []byte("\n 7")})
	if want := `parsing Avro schema f.avsc: line 2, column 2: 7 isn't a schema: a type's name, an object or an array of types is`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestWarningsSayWhichDefaultsJavaRefuses(t *testing.T) {
	s := parse(t, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n"+
		"{\"name\":\"a\",\"type\":\"int\",\"default\":null},\n"+
		"{\"name\":\"b\",\"type\":[\"string\",\"null\"],\"default\":null},\n"+
		"{\"name\":\"c\",\"type\":\"E\",\"default\":\"X\"},\n"+
		"{\"name\":\"d\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]},\"default\":\"X\"},\n"+
		"{\"name\":\"e\",\"type\":\"R\",\"default\":{\"a\":1,\"c\":\"X\"}}]}")
	var got []string
	for _, w := range s.Warnings() {
		got = append(got, fmt.Sprintf("%d:%d %s %s", w.Line, w.Column, w.Pointer, w.Reason))
	}
	want := []string{
		`2:36 /fields/0/default the default null of field "a" isn't valid for its type, int`,
		`4:34 /fields/2/default the default "X" of field "c" comes before the definition of its type, enum E, and Java's parser refuses that`,
		`6:34 /fields/4/default the default {"a":1,"c":"X"} of field "e" isn't valid for its type, record R`, // it would contain itself
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestOfMembersOfOneNameTheLastCounts(t *testing.T) {
	for _, more := range []int{0, 40} {
		var padding strings.Builder
		for i := range more {
			fmt.Fprintf(&padding, `"p%d":0,`, i)
		}
		s := parse(t, `{`+padding.String()+`"type":"int","type":"fixed","name":"A","size":1,"name":"B"}`)
		if s.Kind() != "fixed" || s.Name() != "B" {
			t.Errorf("with %d other members: %s %s", more, s.Kind(), s.Name())
		}
	}
}

func TestMessagesQuoteLongTextShortened(t *testing.T) {
	_, err := avro.Parse([]byte(`{"type":"fixed","size":1,"name":"a` + strings.Repeat("é", 200) + `-"}`))
	if want := `"a` + strings.Repeat("é", 39) + `…" isn't a name`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = avro.Parse([]byte(`{"type":"fixed","name":"F","size":[ 1, /* two */ 2, "` + strings.Repeat("x", 1000) + `"]}`))
	if want := `not [1,2,"` + strings.Repeat("x", 34) + `…`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want …%s", err, want)
	}
}
