package jq_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/jq"
)

func TestAChangeLeavesWhatItDoesNotTouchAsItWasWritten(t *testing.T) {
	for _, test := range []struct{ name, query, text, want string }{
		{"a member, with long numbers and an order of its own", `.b = 2`, `{"z":9007199254740993,"b":1,"a":1.10,"e":1e400}`, `{"z":9007199254740993,"b":2,"a":1.10,"e":1e400}`},
		{"blanks stay", `.b.c = "é"`, "{ \"a\" : 1,\n  \"b\" : { \"c\" : \"x\" }\n}\n", "{ \"a\" : 1,\n  \"b\" : { \"c\" : \"é\" }\n}\n"},
		{"a new member comes last", `.c = true`, `{"b": 1, "a": 2}`, `{"b": 1, "a": 2, "c": true}`},
		{"the first of an object", `.c = 1`, `{}`, `{"c":1}`},
		{"a member goes", `del(.a)`, `{"a": 1, "b": 2}`, `{ "b": 2}`},
		{"the last goes", `del(.b)`, `{"a": 1, "b": 2}`, `{"a": 1}`},
		{"an item is added", `. += [3]`, `[1, 2.0]`, `[1, 2.0, 3]`},
		{"an item of a list", `.l[1] = 12345678901234567890123`, `{"l":[ 1 ,2 ]}`, `{"l":[ 1 ,12345678901234567890123 ]}`},
		{"escapes stay", `.n = 1`, `{"s":"\u00e9\/","n":0}`, `{"s":"\u00e9\/","n":1}`},
		{"another value", `[.]`, `1`, `[1]`},
		{"nothing", `.a = 1`, `{"a":1.0}`, `{"a":1.0}`},
		{"a long number is counted with", `.z += 1`, `{"z":9007199254740993}`, `{"z":9007199254740994}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, err := jq.NewSet(test.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Apply(t.Context(), []byte(test.text))
			if err != nil || string(got) != test.want {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestAChangeThatCanNotBeMadeSaysWhy(t *testing.T) {
	for _, test := range []struct{ name, query, text, want string }{
		{"a list's member", `.[0].a = 1`, `{"a":1}`, "expected an array"},
		{"nothing is given", `empty`, `{}`, "gives nothing"},
		{"it loops", `def f: f; f`, `{}`, "does it loop?"},
		{"no JSON", `.a = 1`, `order 17`, "not JSON"},
		{"two values", `.`, `{} {}`, "something follows"},
		{"a member twice", `.a = 1`, `{"a":1,"a":2}`, "comes twice"},
		{"too deep", `.`, strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "nests deeper"},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, err := jq.NewSet(test.query)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := set.Apply(t.Context(), []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
	if _, err := jq.NewSet(`.a = `); err == nil {
		t.Error("half a change is taken")
	}
}
