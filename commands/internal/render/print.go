package render

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
)

// Print writes one answer to stdout. One that can't be put into its format writes
// nothing. A reader that has gone away gives an error that wraps syscall.EPIPE, which
// is no reason to complain.
//
// A format of the command's own (see [ParseFormat]) is the command's to print; here it
// is an error.
func Print[R any](s *Streams, f Format, v View[R]) error {
	switch f {
	case Table, Wide:
		return printTable(s, f == Wide, v)
	case CSV:
		return s.answer(func(w io.Writer) error { return writeCSV(w, v) })
	case JSON, JSONL, YAML:
		if write := streamed(f, v); write != nil {
			return s.answer(write)
		}
		text, err := marshal(f, v)
		if err != nil {
			return fmt.Errorf("the answer as %s: %w", f, err)
		}
		return s.answer(func(w io.Writer) error { return writeMarshaled(w, f, text) })
	}
	return &FormatError{Name: string(f), Allowed: Formats()}
}

// Line writes one line of the answer to stdout, with fmt's verbs and the arguments
// escaped as in [Message]: for commands whose answer is a sentence, or goes on for as
// long as they run.
func Line(s *Streams, tone Tone, format string, args ...any) error {
	text := s.outPalette().paint(tone, sprintf(format, args)) + "\n"
	return s.answer(func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// marshal is the whole answer in a machine form, as writeMarshaled takes it.
func marshal[R any](f Format, v View[R]) ([]byte, error) {
	if f == JSONL {
		return marshalLines(v)
	}
	text, err := marshalDocument(v.Document)
	if err != nil || f == JSON {
		return text, err
	}
	return yamlFromJSON(text)
}

// streamed gives what writes an answer that writes itself; nil: it doesn't.
func streamed[R any](f Format, v View[R]) func(io.Writer) error {
	document, ok := v.Document.(Streamed)
	switch {
	case f == JSONL && len(v.Lines) > 0:
		for _, line := range v.Lines {
			if _, ok := line.(Streamed); !ok {
				return nil
			}
		}
		return func(w io.Writer) (err error) {
			for _, line := range v.Lines {
				err = cmp.Or(err, writeStreamed(w, line.(Streamed), false))
			}
			return err
		}
	case f == JSONL || !ok:
		return nil
	case f == JSON:
		return func(w io.Writer) error { return writeStreamed(w, document, true) }
	}
	return func(w io.Writer) error { return writeYAML(w, document) }
}

func writeMarshaled(w io.Writer, f Format, text []byte) error {
	if f == YAML {
		_, err := w.Write(text)
		return err
	}
	return writeJSON(w, text, f == JSON)
}

// answer lets write print to stdout, buffered. A progress line makes room first, as
// both streams are usually one terminal.
func (s *Streams) answer(write func(io.Writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearStatus()
	w := bufio.NewWriterSize(s.Out, 64<<10)
	if err := write(w); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}
