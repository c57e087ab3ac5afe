package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
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
	j := jsonWriter{w: w}
	inString := false
	start, i := 0, 0 // of what is not written yet
	for i < len(text) {
		c := text[i]
		switch {
		case c >= 0x7f: // in strings only: the rest of JSON is ASCII
			r, size := utf8.DecodeRune(text[i:])
			if unsafeAt(r, size) {
				j.write(text[start:i])
				j.write([]byte(jsonEscape(r)))
				start = i + size
			}
			i += size
			continue
		case c == '"':
			inString = !inString
		case c == '\\': // what is escaped, a quote for one, doesn't matter
			i++
		case inString || !indented:
		case (c == '{' || c == '[') && (text[i+1] == '}' || text[i+1] == ']'): // empty
			i++
		case strings.IndexByte("{[,:", c) >= 0:
			j.write(text[start : i+1])
			j.after(c)
			start = i + 1
		case c == '}' || c == ']':
			j.write(text[start:i])
			j.depth--
			j.line()
			start = i
		}
		i++
	}
	j.write(text[start:])
	return j.err
}

// jsonWriter writes until the first error.
type jsonWriter struct {
	w     io.Writer
	depth int
	err   error
}

func (j *jsonWriter) write(b []byte) {
	if j.err == nil {
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
