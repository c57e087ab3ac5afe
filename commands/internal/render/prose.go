package render

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// proseWidth is how wide prose is where there is no terminal. On a wider one it is
// no wider either, as long lines are hard to read.
const proseWidth = 80

// Prose writes a paragraph of the answer to stdout, escaped as in [Message] and
// wrapped between words at the terminal's width, or 80. The first line begins with
// first, the others with blanks of the same width.
func Prose(s *Streams, tone Tone, first, format string, args ...any) error {
	width := proseWidth
	if s.OutTTY && s.Width > 0 {
		width = min(width, s.Width)
	}
	indent := strings.Repeat(" ", ansi.StringWidth(first))
	p := s.outPalette()
	lines := wrap(sprintf(format, args), max(20, width-len(indent)))
	for i, line := range lines {
		before := indent
		if i == 0 {
			before = first
		}
		lines[i] = strings.TrimRight(before+p.paint(tone, line), " ")
	}
	return s.answer(func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
		return err
	})
}

// wrap breaks text at blanks only: what has hyphens in it is often a name, to be
// copied. A word that is too long has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	used := width + 1
	for _, word := range strings.Fields(text) {
		w := ansi.StringWidth(word)
		if used+1+w > width {
			lines, used = append(lines, word), w
			continue
		}
		lines[len(lines)-1] += " " + word
		used += 1 + w
	}
	if lines == nil {
		return []string{""}
	}
	return lines
}

// Verbatim writes a text of several lines to stdout: in a file or a pipe exactly as
// it is, byte by byte; on a terminal with its lines escaped and a line break at its
// end.
func Verbatim(s *Streams, text string) error {
	if s.OutTTY {
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		for i, line := range lines {
			parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
			for j, part := range parts {
				parts[j] = escapeProse(part)
			}
			lines[i] = strings.Join(parts, "\t")
		}
		text = strings.Join(lines, "\n") + "\n"
	}
	return s.answer(func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// Write lets write print the answer, in a form of its own that is safe as it is: for
// programs, not for terminals.
func Write(s *Streams, write func(io.Writer) error) error { return s.answer(write) }
