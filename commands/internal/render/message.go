package render

import (
	"fmt"
	"io"
	"strings"
)

// Message tells a person one thing on stderr, on a line of its own, with fmt's verbs.
// The arguments are escaped, so that a name can't colour, overwrite or add a line;
// unlike [Escape], no backslash is doubled, as many of them have been quoted before.
// It is silent when s is Quiet.
func Message(s *Streams, tone Tone, format string, args ...any) {
	if s.Quiet {
		return
	}
	s.tell("", tone, sprintf(format, args))
}

// Error tells on stderr what went wrong, after "error: ", with fmt's verbs and escaped
// as in [Message]. It speaks even when s is Quiet. An error among the arguments that
// has several lines, as errors.Join makes it, keeps them, set in.
func Error(s *Streams, format string, args ...any) {
	s.tell("error: ", Bad, sprintf(format, args))
}

// tell writes text to stderr, every line in the tone; a label alone has the tone when
// there is one. A message that can't be written has no one to be told to.
func (s *Streams) tell(label string, tone Tone, text string) {
	p := s.errPalette()
	lines := strings.Split(strings.TrimRight(text, "\n "), "\n")
	for i, line := range lines {
		if label == "" {
			lines[i] = p.paint(tone, line)
		}
	}
	_ = s.writeErr(p.paint(tone, label) + strings.Join(lines, "\n") + "\n")
}

// writeErr writes to stderr in one piece. A progress line makes room first.
func (s *Streams) writeErr(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearStatus()
	_, err := io.WriteString(s.Err, text)
	return err
}

// sprintf is fmt.Sprintf with every argument's text escaped, whatever its type, and
// the result once more, for what a format string may hold.
func sprintf(format string, args []any) string {
	safe := make([]any, len(args))
	for i, arg := range args {
		switch arg.(type) {
		case int, int32, int64, float64, bool: // can't hold text, and may be the * of a verb
			safe[i] = arg
		default:
			safe[i] = escaped{arg}
		}
	}
	return escapeProse(fmt.Sprintf(format, safe...))
}

// escaped formats like the value in it, escaped.
type escaped struct{ value any }

// Format is fmt.Formatter. A line break stays a line break in an error only, set in so
// that what follows can't pass for a message of evtctl's.
func (e escaped) Format(f fmt.State, verb rune) {
	text := escapeProse(fmt.Sprintf(fmt.FormatString(f, verb), e.value))
	if _, isError := e.value.(error); isError {
		text = strings.ReplaceAll(text, "\n", "\n  ")
	} else {
		text = strings.ReplaceAll(text, "\n", `\n`)
	}
	_, _ = io.WriteString(f, text)
}
