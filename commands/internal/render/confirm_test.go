//go:build unix

package render_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/evtctl/evtctl/commands/internal/render"
)

var (
	plainQuestion = render.Question{Text: "Commit 12 offsets for group again?"}
	production    = render.Question{Text: "Commit 12 offsets for group again?", TypeName: "again"}
)

func with(q render.Question, yes bool, confirm string) render.Question {
	q.Yes, q.Confirm = yes, confirm
	return q
}

func TestConfirmWithoutATerminal(t *testing.T) {
	for _, c := range []struct {
		name     string
		question render.Question
		refused  string // empty: go on
		hint     string
	}{
		{
			"nothing answers", plainQuestion,
			"not confirmed: there is no terminal to ask on", "pass --yes to go on without a question, or --dry-run to see the plan only",
		},
		{"--yes", with(plainQuestion, true, ""), "", ""},
		{
			"--yes is not enough for production", with(production, true, ""),
			"not confirmed: there is no terminal to ask on", "the context is marked production: pass --confirm again; --yes is not enough there",
		},
		{"--confirm with the name", with(production, false, "again"), "", ""},
		{"--confirm and --yes", with(production, true, "again"), "", ""},
		{
			"--confirm with another name", with(production, true, "agaim"),
			`not confirmed: --confirm names "agaim", not "again"`, "pass --confirm again",
		},
		{
			"--confirm doesn't answer yes or no", with(plainQuestion, false, "again"),
			"not confirmed: there is no terminal to ask on", "pass --yes to go on without a question, or --dry-run to see the plan only",
		},
		{
			"a name that a shell would split", render.Question{TypeName: "a b"},
			"not confirmed: there is no terminal to ask on", `the context is marked production: pass --confirm "a b"; --yes is not enough there`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out, message := piped()
			s.In = strings.NewReader("y\nagain\n") // never read
			checkRefusal(t, render.Confirm(t.Context(), s, c.question), c.refused, c.hint)
			if out.Len() > 0 || message.Len() > 0 {
				t.Errorf("stdout %q, stderr %q", out, message)
			}
		})
	}
}

func checkRefusal(t *testing.T, err error, refused, hint string) {
	t.Helper()
	if refused == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var hinted interface{ Hint() string }
	if !errors.Is(err, render.ErrNotConfirmed) || !errors.As(err, &hinted) {
		t.Fatalf("not a refusal with a hint: %v", err)
	}
	if err.Error() != refused || hinted.Hint() != hint {
		t.Errorf("%q, hint %q; want %q, hint %q", err, hinted.Hint(), refused, hint)
	}
}

func TestConfirmNeedsToBeSeenAndAnswered(t *testing.T) {
	for _, change := range []func(*render.Streams){
		func(s *render.Streams) { s.InTTY = false },
		func(s *render.Streams) { s.ErrTTY = false },
	} {
		s, _, _ := terminal(80)
		s.In = strings.NewReader("y\n")
		change(s)
		if err := render.Confirm(t.Context(), s, plainQuestion); !errors.Is(err, render.ErrNotConfirmed) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestConfirmAsksOnATerminal(t *testing.T) {
	const (
		yesOrNo = "Commit 12 offsets for group again? [y/N] "
		byName  = "Commit 12 offsets for group again?\r\nThis is production. Type again to go on: "
		endHint = "pass --yes to go on without a question, or --dry-run to see the plan only"
	)
	for _, c := range []struct {
		name            string
		question        render.Question
		asked, answered string
		refused, hint   string
	}{
		{"yes", plainQuestion, yesOrNo, "y\n", "", ""},
		{"a whole YES, with blanks", plainQuestion, yesOrNo, " YES \n", "", ""},
		{"no", plainQuestion, yesOrNo, "n\n", "not confirmed: the answer was no", "nothing was written; answer y to go on"},
		{"just Enter", plainQuestion, yesOrNo, "\n", "not confirmed: the answer was no", "nothing was written; answer y to go on"},
		{"Ctrl-D", plainQuestion, yesOrNo, "\x04", "not confirmed: the input ended without an answer", endHint},
		{"the name", production, byName, "again\n", "", ""},
		{"the name, though --yes was given", with(production, true, ""), byName, "again\n", "", ""},
		{"yes is no name", production, byName, "y\n", `not confirmed: "y" was typed, not "again"`, "type the name exactly as it is shown"},
		{"the name in other letters", production, byName, "Again\n", `not confirmed: "Again" was typed, not "again"`, "type the name exactly as it is shown"},
		{"quiet asks too", plainQuestion, yesOrNo, "y\n", "", ""},
		{
			"a foreign name in the question", render.Question{Text: "Delete group \x1b[2Jx?", TypeName: "\x1b[2Jx"},
			`Delete group \x1b[2Jx?` + "\r\n" + `This is production. Type \x1b[2Jx to go on: `, "no\n",
			`not confirmed: "no" was typed, not "\x1b[2Jx"`, "type the name exactly as it is shown",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := openTerminal(t, 80, 24)
			s := term.streams()
			s.Quiet = c.name == "quiet asks too"
			result := make(chan error, 1)
			go func() { result <- render.Confirm(t.Context(), s, c.question) }()
			term.waitFor("question", func(screen string) bool {
				return strings.Contains(screen, "[y/N]") || strings.Contains(screen, "go on:")
			})
			term.press(c.answered)
			checkRefusal(t, wait(t, result), c.refused, c.hint)
			if got := term.rawOutput(); !strings.HasPrefix(got, c.asked) {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
		})
	}
}

func TestConfirmTakesOneLineOnly(t *testing.T) {
	term := openTerminal(t, 80, 24)
	s := term.streams()
	term.press("y\nn\n")
	if err := render.Confirm(t.Context(), s, plainQuestion); err != nil {
		t.Errorf("first question: %v", err)
	}
	if err := render.Confirm(t.Context(), s, plainQuestion); !errors.Is(err, render.ErrNotConfirmed) {
		t.Errorf("second question: %v", err)
	}
}

func TestConfirmEndsWithItsContextAndReadsNoMore(t *testing.T) {
	term := openTerminal(t, 80, 24)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- render.Confirm(ctx, term.streams(), plainQuestion) }()
	term.waitForText("[y/N]")
	cancel()
	if err := wait(t, result); !errors.Is(err, context.Canceled) || errors.Is(err, render.ErrNotConfirmed) {
		t.Errorf("error %v", err)
	}
	// The next reader gets what is typed now.
	term.press("later\n")
	b := make([]byte, 100)
	if n, err := term.tty.Read(b); err != nil || string(b[:n]) != "later\n" {
		t.Errorf("read %q, %v", b[:n], err)
	}
}

func TestConfirmAsksNothingAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, _, message := terminal(80)
	if err := render.Confirm(ctx, s, with(plainQuestion, true, "")); !errors.Is(err, context.Canceled) || message.Len() > 0 {
		t.Errorf("error %v, stderr %q", err, message)
	}
}

func TestConfirmTellsWhyItCouldNotRead(t *testing.T) {
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	s, _, _ := terminal(80)
	s.In = tty
	_ = tty.Close()
	err = render.Confirm(t.Context(), s, plainQuestion)
	if err == nil || errors.Is(err, render.ErrNotConfirmed) || errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
}
