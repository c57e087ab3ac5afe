package render_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
)

type kind string

type named struct{ name string }

func (n named) String() string { return n.name }

func TestMessagesEscapeWhateverTheyAreGiven(t *testing.T) {
	const foreign = "or\x1b[31m\nders\u202e"
	const shown = `or\x1b[31m\nders\u202e`
	for _, c := range []struct {
		name   string
		format string
		args   []any
		want   string
	}{
		{"a string", "topic %s is gone", []any{foreign}, "topic " + shown + " is gone"},
		{"a string type", "%v", []any{kind(foreign)}, shown},
		{"a Stringer", "%s", []any{named{foreign}}, shown},
		{"a list", "%v", []any{[]string{foreign, "b"}}, "[" + shown + " b]"},
		{"bytes", "%s", []any{[]byte(foreign)}, shown},
		{"what Go has quoted", "%q", []any{foreign}, `"` + shown + `"`},
		{"what Go quotes too little", "%q", []any{"a\ufe0f"}, `"a\ufe0f"`},
		{"backslashes, which errors have quoted already", "%s", []any{`"a\x1b"`}, `"a\x1b"`},
		{"a format with its own line breaks", "a\nb %s", []any{foreign}, "a\nb " + shown},
		{"a format that was foreign", "a\x1b[2Jb", nil, `a\x1b[2Jb`},
		{"an error", "%v", []any{fmt.Errorf("topic %s: %w", "a\x1bb", errors.New("gone"))}, `topic a\x1bb: gone`},
		{"several errors, set in", "%v", []any{errors.Join(errors.New("one"), errors.New("two\x07"))}, "one\n  two\\x07"},
		{"numbers and times", "%d of %5.1f in %v %t %*d", []any{3, 2.5, time.Second, true, 4, 7}, "3 of   2.5 in 1s true    7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, message := piped()
			render.Message(s, render.Plain, c.format, c.args...)
			render.Error(s, c.format, c.args...)
			if got, want := message.String(), c.want+"\nerror: "+c.want+"\n"; got != want || out.Len() > 0 {
				t.Errorf("stdout %q, stderr\n got %q\nwant %q", out, got, want)
			}
			if err := render.Line(s, render.Plain, c.format, c.args...); err != nil || out.String() != c.want+"\n" {
				t.Errorf("line %q, %v", out, err)
			}
		})
	}
}

func TestQuietSilencesAllButErrors(t *testing.T) {
	s, out, message := terminal(40)
	s.Quiet = true
	render.Message(s, render.Warn, "careful")
	print(t, s, render.Table, render.View[backlog]{Rows: backlogs, Columns: backlogColumns}) // leaves columns out
	print(t, s, render.Table, render.View[backlog]{Empty: "no groups"})
	progress := render.NewProgress(s, "reading")
	progress.Done()
	render.Error(s, "broken")
	if message.String() != "error: broken\n" || !strings.HasPrefix(out.String(), "GROUP") {
		t.Errorf("stdout %q, stderr %q", out, message)
	}
}

func TestMessagesAreColouredOnATerminal(t *testing.T) {
	s, _, message := terminal(80)
	s.Color = true
	render.Message(s, render.Warn, "one\ntwo")
	render.Error(s, "broken")
	want := "\x1b[33mone\x1b[0m\n\x1b[33mtwo\x1b[0m\n" + "\x1b[31merror: \x1b[0mbroken\n"
	if got := message.String(); got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
