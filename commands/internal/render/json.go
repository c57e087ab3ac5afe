package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// marshalDocument is the document as compact JSON.
func marshalDocument(document any) ([]byte, error) {
	var b bytes.Buffer
	err := newEncoder(&b).Encode(document)
	return b.Bytes(), err
}

// marshalLines is one compact object a line.
func marshalLines[R any](v View[R]) ([]byte, error) {
	var b bytes.Buffer
	encoder := newEncoder(&b)
	var err error
	if v.Lines != nil {
		err = encodeAll(encoder, v.Lines)
	} else {
		err = encodeAll(encoder, v.Rows)
	}
	return b.Bytes(), err
}

func encodeAll[T any](encoder *json.Encoder, values []T) error {
	for i, value := range values {
		if err := encoder.Encode(value); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func newEncoder(b *bytes.Buffer) *json.Encoder {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false) // "<" in a value is no danger to a terminal
	return encoder
}

// writeJSON writes compact JSON with the characters that [Escape] would not let
// through as \uXXXX, which is the same JSON to a program, and with line breaks and two
// blanks a level when it is for reading. It does both on the way out because answers
// can be large: json.Indent would hold a second copy of a longer text.
func writeJSON(w io.Writer, text []byte, indented bool) error {
	_, err := (&jsonWriter{w: w, indented: indented}).Write(text)
	return err
}

// Streamed is a document or a line that writes itself as JSON, piece by piece, for
// answers that would be large in memory. Blanks in it don't matter. Its only errors
// should be those of the writer: what was written stays.
type Streamed interface {
	WriteJSON(w io.Writer) error
}

// writeStreamed is [writeJSON] for what writes itself, and ends its line.
func writeStreamed(w io.Writer, value Streamed, indented bool) error {
	j := &jsonWriter{w: w, indented: indented, strips: true}
	if err := value.WriteJSON(j); err != nil {
		return err
	}
	j.write(lineBreak[:1])
	return j.err
}

// jsonWriter writes, until the first error, what is written to it in pieces.
type jsonWriter struct {
	w        io.Writer
	indented bool
	strips   bool // blanks may stand where they don't matter
	depth    int
	err      error

	inString, escaped bool   // what was written last is
	open              byte   // a bracket that may be closed at once
	part              []byte // of a character
}

// Write implements [io.Writer].
func (j *jsonWriter) Write(text []byte) (int, error) {
	n := len(text)
	if len(j.part) > 0 {
		text, j.part = append(j.part, text...), nil
	}
	start := 0 // of what is not written yet
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case j.escaped: // a quote, for one, doesn't matter
			j.escaped = false
		case c >= 0x7f: // in strings only: the rest of JSON is ASCII
			if !utf8.FullRune(text[i:]) {
				j.write(text[start:i])
				j.part = append(j.part, text[i:]...)
				return n, j.err
			}
			r, size := utf8.DecodeRune(text[i:])
			if unsafeAt(r, size) {
				j.write(text[start:i])
				j.write([]byte(jsonEscape(r)))
				start = i + size
			}
			i += size - 1
		case j.inString:
			for i < len(text)-1 && c != '"' && c != '\\' && text[i+1] < 0x7f { // most of a long text
				i++
				c = text[i]
			}
			j.inString, j.escaped = c != '"', c == '\\'
		case j.strips && isBlank(c):
			j.write(text[start:i])
			start = i + 1
		default:
			start = j.outside(text, start, i)
			j.inString = c == '"'
		}
	}
	j.write(text[start:])
	return n, j.err
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// outside writes what stands around a character that isn't in a string, and returns where
// what is not written yet starts.
func (j *jsonWriter) outside(text []byte, start, i int) int {
	c := text[i]
	if !j.indented {
		return start
	}
	opened := j.open
	j.open = 0
	switch {
	case opened != 0 && (c == '}' || c == ']'): // empty
		return start
	case opened != 0:
		j.after(opened)
	}
	switch c {
	case '{', '[':
		j.open = c
	case ',', ':':
		j.write(text[start : i+1])
		j.after(c)
		return i + 1
	case '}', ']':
		j.write(text[start:i])
		j.depth--
		j.line()
		return i
	default:
		return start
	}
	j.write(text[start : i+1])
	return i + 1
}

func (j *jsonWriter) write(b []byte) {
	if j.err == nil && len(b) > 0 {
		_, j.err = j.w.Write(b)
	}
}

// after writes what stands behind an opening bracket, a comma, or a colon.
func (j *jsonWriter) after(c byte) {
	switch c {
	case ':':
		j.write(lineBreak[1:2])
	case ',':
		j.line()
	default:
		j.depth++
		j.line()
	}
}

func (j *jsonWriter) line() {
	j.write(lineBreak[:1])
	for left := 2 * j.depth; left > 0; left -= len(lineBreak) - 1 {
		j.write(lineBreak[1:min(left+1, len(lineBreak))])
	}
}

// lineBreak is a line break and the blanks of the depths that are usual.
var lineBreak = []byte("\n                                ")

// jsonEscape is r as JSON writes it: with surrogates where one \u isn't enough, and the
// replacement character for an invalid byte, which a json.RawMessage can smuggle in.
func jsonEscape(r rune) string {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
