package render

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/muesli/cancelreader"
)

// ErrNotConfirmed is a write that nobody confirmed: exit code 2. The errors of
// [Confirm] that match it have a Hint method.
var ErrNotConfirmed = errors.New("not confirmed")

// Question is what is asked before a write.
type Question struct {
	// Text is a whole sentence, such as "Commit 12 offsets for group orders-again?".
	// It may have several lines.
	Text string
	// TypeName is the name to type in a context marked production; empty: yes or no.
	TypeName string
	// Yes is --yes. It answers a question of yes or no, not one with a TypeName.
	Yes bool
	// Confirm is the value of --confirm. It answers a question with that TypeName.
	Confirm string
}

// Confirm asks on stderr and reads the answer from stdin. Nil means go on. An error
// that matches [ErrNotConfirmed] means that nothing may be written: there is no
// terminal and no flag that answers, the answer is no or empty, the input has ended,
// or the name is another one. When ctx ends first, its error is returned.
func Confirm(ctx context.Context, s *Streams, q Question) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CanConfirm(s, q); err != nil || q.answered() {
		return err
	}
	return ask(ctx, s, q)
}

// CanConfirm tells beforehand whether [Confirm] has an answer, or somebody to ask. Who
// asks only later, when nobody may look any more, finds out in time that there isn't.
func CanConfirm(s *Streams, q Question) error {
	switch {
	case q.answered():
		return nil
	case q.TypeName != "" && q.Confirm != "":
		return &notConfirmed{fmt.Sprintf("--confirm names %q, not %q", q.Confirm, q.TypeName), "pass " + confirmFlag(q.TypeName)}
	case !s.InTTY || !s.ErrTTY:
		return &notConfirmed{"there is no terminal to ask on", q.flagHint()}
	}
	return nil
}

// answered tells that a flag answers.
func (q Question) answered() bool {
	if q.TypeName == "" {
		return q.Yes
	}
	return q.Confirm == q.TypeName
}

func ask(ctx context.Context, s *Streams, q Question) error {
	prompt := escapeProse(q.Text) + " [y/N] "
	if q.TypeName != "" {
		prompt = fmt.Sprintf("%s\nThis is production. Type %s to go on: ", escapeProse(q.Text), Escape(q.TypeName))
	}
	if err := s.writeErr(prompt); err != nil {
		return fmt.Errorf("asking for confirmation: %w", err)
	}
	answer, err := readAnswer(ctx, s.In)
	if err != nil {
		_ = s.writeErr("\n") // the cursor stands behind the question
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return &notConfirmed{"the input ended without an answer", q.flagHint()}
	case err != nil:
		return fmt.Errorf("reading the answer: %w", err)
	case q.TypeName != "" && answer != q.TypeName:
		return &notConfirmed{fmt.Sprintf("%q was typed, not %q", answer, q.TypeName), "type the name exactly as it is shown"}
	case q.TypeName == "" && !isYes(answer):
		return &notConfirmed{"the answer was no", "nothing was written; answer y to go on"}
	}
	return nil
}

// Ask asks on stderr for a line of text and reads it from stdin, without the blanks
// around it. Without a terminal nobody is asked, and the answer is empty.
func Ask(ctx context.Context, s *Streams, question string) (string, error) {
	if !s.InTTY || !s.ErrTTY {
		return "", nil
	}
	if err := s.writeErr(escapeProse(question)); err != nil {
		return "", fmt.Errorf("asking: %w", err)
	}
	answer, err := readAnswer(ctx, s.In)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && !errors.Is(err, io.EOF):
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return answer, nil
}

func isYes(answer string) bool {
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
}

// answerLimit is more than any answer takes. The rest of a longer line is left unread.
const answerLimit = 4096

// readAnswer reads a line, without the blanks around it, and nothing beyond its end: the
// input may hold the answer to the next question. It ends when ctx does, and on a
// terminal leaves nothing behind that would go on reading.
func readAnswer(ctx context.Context, in io.Reader) (string, error) {
	reader, err := cancelreader.NewReader(in)
	if err != nil {
		return "", err
	}
	type result struct {
		line string
		err  error
	}
	results := make(chan result, 1)
	go func() {
		line, err := readLine(reader)
		_ = reader.Close()
		results <- result{line, err}
	}()
	select {
	case r := <-results:
		return strings.TrimSpace(r.line), r.err
	case <-ctx.Done():
		if reader.Cancel() {
			<-results
		}
		return "", ctx.Err()
	}
}

// readLine reads up to a line break. An end of the input before it is an error, even
// behind half an answer.
func readLine(in io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < answerLimit; {
		n, err := in.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, b[0])
		case err != nil:
			return "", err
		}
	}
	return string(line), nil
}

// flagHint is how to answer without a terminal.
func (q Question) flagHint() string {
	if q.TypeName != "" {
		return "the context is marked production: pass " + confirmFlag(q.TypeName) + "; --yes is not enough there"
	}
	return "pass --yes to go on without a question, or --dry-run to see the plan only"
}

var bareWord = regexp.MustCompile(`^[A-Za-z0-9._:/@%+-]+$`)

// confirmFlag is the flag that names name, quoted where a shell needs it.
func confirmFlag(name string) string {
	if !bareWord.MatchString(name) {
		name = strconv.Quote(name)
	}
	return "--confirm " + name
}

// notConfirmed is an ErrNotConfirmed with its reason and the next step.
type notConfirmed struct{ reason, hint string }

func (e *notConfirmed) Error() string { return "not confirmed: " + e.reason }
func (e *notConfirmed) Unwrap() error { return ErrNotConfirmed }
func (e *notConfirmed) Hint() string  { return e.hint }
