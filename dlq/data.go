package dlq

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Header is a header of a letter. A nil Value is null, which isn't the same as
// empty. In JSON it is {"key", "value"}, or {"key", "value_base64"} for bytes that
// aren't UTF-8.
type Header struct {
	Key   string
	Value []byte
}

// MarshalJSON implements [json.Marshaler].
func (h Header) MarshalJSON() ([]byte, error) {
	var m members
	m.text("key", h.Key)
	m.data("value", h.Value)
	return m.end(), nil
}

// headersOf takes the headers over as they are: order, duplicates and nulls too.
func headersOf(recorded []kgo.RecordHeader) []Header {
	headers := make([]Header, len(recorded))
	for i, h := range recorded {
		headers[i] = Header(h)
	}
	return headers
}

// members writes the members of a JSON object in an order of its own.
type members struct{ buf bytes.Buffer }

func (m *members) name(name string) {
	if m.buf.Len() == 0 {
		m.buf.WriteByte('{')
	} else {
		m.buf.WriteByte(',')
	}
	m.buf.WriteByte('"')
	m.buf.WriteString(name)
	m.buf.WriteString(`":`)
}

func (m *members) end() []byte {
	if m.buf.Len() == 0 {
		m.buf.WriteByte('{')
	}
	m.buf.WriteByte('}')
	return m.buf.Bytes()
}

// text writes a string; what in it isn't UTF-8 is replaced.
func (m *members) text(name, value string) {
	m.name(name)
	m.string([]byte(value))
}

// data writes a key, a value or a header: null, text, or base64 under another name.
func (m *members) data(name string, value []byte) {
	switch {
	case value == nil:
		m.name(name)
		m.buf.WriteString("null")
	case utf8.Valid(value) && !swells(value):
		m.name(name)
		m.string(value)
	default:
		m.name(name + "_base64")
		m.buf.Grow(base64.StdEncoding.EncodedLen(len(value)) + 2)
		m.buf.WriteByte('"')
		encoder := base64.NewEncoder(base64.StdEncoding, &m.buf)
		_, _ = encoder.Write(value) // buffers can be written to
		_ = encoder.Close()
		m.buf.WriteByte('"')
	}
}

// swells tells text that base64 is much shorter for: JSON has six bytes for each control
// character, and of a compressed batch there can be millions. What is short stays text.
func swells(text []byte) bool {
	if len(text) < 64<<10 {
		return false
	}
	controls := 0
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			controls++
		}
	}
	return controls > len(text)/4
}

func (m *members) string(value []byte) {
	encoder := json.NewEncoder(&m.buf)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(string(value)) // strings can be encoded, and buffers written to
	m.buf.Truncate(m.buf.Len() - 1)   // the line end
}

// json writes anything else.
func (m *members) json(name string, value any) error {
	m.name(name)
	encoder := json.NewEncoder(&m.buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	m.buf.Truncate(m.buf.Len() - 1)
	return nil
}
