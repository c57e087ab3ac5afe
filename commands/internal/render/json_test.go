package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/commands/internal/render"
)

type document struct {
	Version int       `json:"version"`
	Groups  []backlog `json:"groups"`
	Empty   []string  `json:"reasons"`
}

var wholeDocument = document{Version: 1, Groups: backlogs, Empty: []string{}}

func TestJSONIsOneDocumentForReading(t *testing.T) {
	s, out, _ := piped()
	print(t, s, render.JSON, render.View[backlog]{Document: wholeDocument})
	want := lines(
		`{`,
		`  "version": 1,`,
		`  "groups": [`,
		`    {`,
		`      "group": "inventory",`,
		`      "lag": 12345,`,
		`      "verdict": "critical",`,
		`      "client_id": "inventory-1",`,
		`      "host": "10.0.0.7"`,
		`    },`,
		`    {`,
		`      "group": "通知サービス",`,
		`      "lag": 7,`,
		`      "verdict": "ok",`,
		`      "client_id": "n-1",`,
		`      "host": ""`,
		`    },`,
		`    {`,
		`      "group": "gone\u001b[2J\nfake 0 ok",`,
		`      "lag": null,`,
		`      "verdict": "unknown",`,
		`      "client_id": "",`,
		`      "host": ""`,
		`    }`,
		`  ],`,
		`  "reasons": []`,
		`}`,
	)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONKeepsDangerousCharactersApartFromTheTerminal(t *testing.T) {
	s, out, _ := piped()
	print(t, s, render.JSON, render.View[backlog]{Document: map[string]string{
		"\u202ekey": "<&>\x7f\u009b\u202e\u200b\U000e0041\u2028 \\\" é 👍",
	}})
	want := "{\n" + `  "\u202ekey": "<&>\u007f\u009b\u202e\u200b\udb40\udc41\u2028 \\\" é 👍"` + "\n}\n"
	if got := out.String(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestJSONLIsOneCompactObjectALine(t *testing.T) {
	for _, c := range []struct {
		name string
		view render.View[backlog]
		want string
	}{
		{"the rows", render.View[backlog]{Rows: backlogs[1:]}, lines(
			`{"group":"通知サービス","lag":7,"verdict":"ok","client_id":"n-1","host":""}`,
			`{"group":"gone\u001b[2J\nfake 0 ok","lag":null,"verdict":"unknown","client_id":"","host":""}`,
		)},
		{"other objects", render.View[backlog]{Rows: backlogs, Lines: []any{map[string]any{"a": []int{1, 2}}, nil}}, lines(`{"a":[1,2]}`, `null`)},
		{"none instead of the rows", render.View[backlog]{Rows: backlogs, Lines: []any{}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, _ := piped()
			print(t, s, render.JSONL, c.view)
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerThatCannotBeWrittenAsJSONWritesNothing(t *testing.T) {
	view := render.View[float64]{Document: []any{"before", math.NaN()}, Rows: []float64{1, math.NaN()}}
	for _, f := range []render.Format{render.JSON, render.JSONL, render.YAML} {
		s, out, _ := piped()
		err := render.Print(s, f, view)
		var unsupported *json.UnsupportedValueError
		if !errors.As(err, &unsupported) || out.Len() > 0 {
			t.Errorf("%s: error %v, stdout %q", f, err, out)
		}
	}
}

func TestAReaderThatHasGoneAwayIsEPIPE(t *testing.T) {
	for _, f := range []render.Format{render.Table, render.Wide, render.JSON, render.JSONL, render.YAML, render.CSV} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		s, _, _ := piped()
		s.Out = w
		err = render.Print(s, f, render.View[backlog]{Document: wholeDocument, Rows: backlogs, Columns: backlogColumns})
		if !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%s: %v", f, err)
		}
		_ = w.Close()
	}
}

// FuzzJSON prints foreign text, and foreign JSON that is passed on, in all three machine
// forms that come from JSON.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`orders`, `{"a":[{},[],{"b":null}],"c":1e9}`, "\"\x7f\u202e\xff\"", `"\"\\"`, "[1,\n 2]", "\x9b\\", `""`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		document := map[string]any{text: text, "list": []string{text}}
		if json.Valid([]byte(text)) {
			document["raw"] = json.RawMessage(text)
		}
		plain, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []render.Format{render.JSON, render.JSONL} {
			s, out, _ := piped()
			print(t, s, format, render.View[any]{Document: document, Rows: []any{document}})
			checkJSON(t, []byte(out.String()), plain, format)
		}
	})
}

// checkJSON holds what was printed against what encoding/json makes of the same.
func checkJSON(t *testing.T, got, plain []byte, f render.Format) {
	for line := range strings.Lines(string(got)) {
		if r, at := firstUnsafe(strings.TrimSuffix(line, "\n")); at >= 0 {
			t.Errorf("%s lets %+q through: %q", f, r, line)
		}
	}
	var want, have any
	if err := json.Unmarshal(plain, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &have); err != nil {
		t.Fatalf("%s is not valid: %v\n%s", f, err, got)
	}
	if !reflect.DeepEqual(want, have) {
		t.Errorf("%s of %s reads back as something else:\n%s", f, plain, got)
	}
	if f == render.JSON {
		var indented bytes.Buffer
		if err := json.Indent(&indented, bytes.TrimSuffix(got, []byte("\n")), "", "  "); err != nil {
			t.Fatal(err)
		}
		if want := indented.String() + "\n"; string(got) != want {
			t.Errorf("not set in as encoding/json does:\n got %q\nwant %q", got, want)
		}
	}
}

func TestJSONIsSetInAtAnyDepth(t *testing.T) {
	const depth = 100
	nested := strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth)
	for _, text := range []string{nested, `{"a":` + nested + `}`} {
		s, out, _ := piped()
		print(t, s, render.JSON, render.View[any]{Document: json.RawMessage(text)})
		checkJSON(t, []byte(out.String()), []byte(text), render.JSON)
	}
}

func ExamplePrint() {
	s := &render.Streams{Out: os.Stdout, Err: os.Stderr}
	err := render.Print(s, render.Table, render.View[string]{
		Rows: []string{"inventory", "analytics"},
		Columns: []render.Column[string]{
			{Name: "GROUP", Raw: func(group string) string { return group }},
			{Name: "LETTERS", Right: true, Raw: func(group string) string { return fmt.Sprint(len(group)) }},
		},
	})
	fmt.Println(err)
	// Output:
	// GROUP      LETTERS
	// inventory        9
	// analytics        9
	// <nil>
}
