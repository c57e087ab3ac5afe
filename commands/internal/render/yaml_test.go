package render_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestYAMLIsTheJSONDocument(t *testing.T) {
	s, out, _ := piped()
	print(t, s, render.YAML, render.View[backlog]{Document: map[string]any{
		"answer": wholeDocument,
		"deep":   []any{[]any{1, []any{}, map[string]any{}}, []any{[]any{"x"}}, map[string]any{"a": 1, "b": []int{2}}},
		"odd":    map[string]any{"<<": "merge", "yes": "no", "a: b": "- c", "": ""},
	}})
	want := lines(
		`answer:`,
		`  version: 1`,
		`  groups:`,
		`  - group: inventory`,
		`    lag: 12345`,
		`    verdict: critical`,
		`    client_id: inventory-1`,
		`    host: "10.0.0.7"`,
		`  - group: "通知サービス"`,
		`    lag: 7`,
		`    verdict: ok`,
		`    client_id: n-1`,
		`    host: ""`,
		`  - group: "gone\u001b[2J\nfake 0 ok"`,
		`    lag: null`,
		`    verdict: unknown`,
		`    client_id: ""`,
		`    host: ""`,
		`  reasons: []`,
		`deep:`,
		`- - 1`,
		`  - []`,
		`  - {}`,
		`- - - x`,
		`- a: 1`,
		`  b:`,
		`  - 2`,
		`odd:`,
		`  "": ""`,
		`  "<<": merge`,
		`  "a: b": "- c"`,
		`  "yes": "no"`,
	)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestYAMLScalars(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"an integer beyond what a float holds", `9007199254740993`, `9007199254740993`},
		{"more digits than any type has", `123456789012345678901234567890.123456789`, `123456789012345678901234567890.123456789`},
		{"an exponent gets the point that YAML 1.1 wants", `1e+21`, `1.0e+21`},
		{"an exponent with a point", `-1.5E-7`, `-1.5E-7`},
		{"null", `null`, `null`},
		{"true", `true`, `true`},
		{"a host and port", `"broker-1:9092"`, `broker-1:9092`},
		{"a sentence", `"offsets of topic orders (3), 50% done"`, `offsets of topic orders (3), 50% done`},
		{"a number in a string", `"12"`, `"12"`},
		{"a time in a string", `"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05Z"`},
		{"base 60 in YAML 1.1", `"12:30:45"`, `"12:30:45"`},
		{"infinity in a string", `".inf"`, `".inf"`},
		{"a word that YAML 1.1 takes for a boolean", `"Off"`, `"Off"`},
		{"a key within a string", `"a: b"`, `"a: b"`},
		{"a comment within a string", `"a #b"`, `"a #b"`},
		{"a colon at the end", `"a:"`, `"a:"`},
		{"a blank at the end", `"a "`, `"a "`},
		{"quotes and backslashes", `"\"\\d"`, `"\"\\d"`},
		{"line breaks and tabs", `"a\nb\r\tc"`, `"a\nb\r\tc"`},
		{"what a terminal would obey", `"\u009b31m \u202e \udb40\udc41"`, `"\u009b31m \u202e \U000e0041"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, _ := piped()
			print(t, s, render.YAML, render.View[any]{Document: json.RawMessage(c.json)})
			if got := strings.TrimSuffix(out.String(), "\n"); got != c.want {
				t.Errorf("%s is %s, want %s", c.json, got, c.want)
			}
		})
	}
}

// beyondReader is an integer that go-yaml reads as a string.
var beyondReader = regexp.MustCompile(`[0-9]{19}`)

// FuzzYAML has go-yaml, which has no part in writing, read what was written.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{`orders`, `{"a":[{},[],{"b":null}],"c":1.5}`, "\"\x7f\u202e\"", `? a`, `.inf`, `~`, `<<`, "a\n b", `---`, `[[[1],[{}]],{"x":{"y":[]}}]`, "y", "0x1f", "1_000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		document := map[string]any{text: text, "list": []any{text, []any{text}}}
		var foreign any
		if json.Unmarshal([]byte(text), &foreign) == nil && !beyondReader.MatchString(text) {
			document["foreign"] = foreign
		}
		s, out, _ := piped()
		print(t, s, render.YAML, render.View[any]{Document: document})
		for line := range strings.Lines(out.String()) {
			if r, at := firstUnsafe(strings.TrimSuffix(line, "\n")); at >= 0 {
				t.Errorf("YAML lets %+q through: %q", r, line)
			}
		}
		var read any
		if err := yaml.Unmarshal([]byte(out.String()), &read); err != nil {
			t.Fatalf("not valid: %v\n%s", err, out)
		}
		if got, want := throughJSON(t, read), throughJSON(t, document); !reflect.DeepEqual(got, want) {
			t.Errorf("%#v reads back as %#v:\n%s", want, got, out)
		}
		if bare := strings.Contains(out.String(), "- "+text+"\n"); bare && token.IsNeedQuoted(text) {
			t.Errorf("%q is bare, which go-yaml warns of:\n%s", text, out)
		}
	})
}

// throughJSON makes all numbers float64, and all maps map[string]any.
func throughJSON(t *testing.T, value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var same any
	if err := json.Unmarshal(text, &same); err != nil {
		t.Fatal(err)
	}
	return same
}
