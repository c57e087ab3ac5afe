package dlq

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
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
	m.header(h)
	return m.buf.Bytes(), nil
}

func (m *members) header(h Header) {
	m.object(func() {
		m.text("key", h.Key)
		m.data("value", h.Value)
	})
}

// headers writes a list of them.
func (m *members) headers(list []Header) {
	m.name("headers")
	m.buf.WriteByte('[')
	for i, h := range list {
		if i > 0 {
			m.buf.WriteByte(',')
		}
		m.header(h)
	}
	m.buf.WriteByte(']')
}

// decoded writes what was decoded: as it is where it is written in pieces, as nobody's
// memory has to hold it again.
func (m *members) decoded(d *Decoded) (err error) {
	m.name("decoded")
	if d == nil {
		m.buf.WriteString("null")
		return nil
	}
	m.object(func() {
		m.name("key")
		err = m.part(d.Key)
		m.name("value")
		err = cmp.Or(err, m.part(d.Value))
	})
	return err
}

func (m *members) part(p Part) (err error) {
	m.object(func() {
		m.text("format", p.Format)
		m.name("json")
		switch {
		case p.JSON == nil:
			m.buf.WriteString("null")
		case m.w == nil:
			err = json.Compact(&m.buf, p.JSON)
		default:
			m.raw(p.JSON)
		}
		err = cmp.Or(err, m.json("error", p.Error))
	})
	return err
}

// headersOf takes the headers over as they are: order, duplicates and nulls too.
func headersOf(recorded []kgo.RecordHeader) []Header {
	headers := make([]Header, len(recorded))
	for i, h := range recorded {
		headers[i] = Header(h)
	}
	return headers
}

// members writes the members of a JSON object in an order of its own. With a writer,
// what is large goes there in pieces, and is never in memory as a whole.
type members struct {
	buf   bytes.Buffer
	w     io.Writer // nil: all stays in buf
	begun bool
	err   error // of w
}

// pieceBytes is how much of what is large is written at a time.
const pieceBytes = 32 << 10

// pass hands on what there is, when it is enough.
func (m *members) pass() {
	if m.w != nil && m.buf.Len() >= pieceBytes {
		m.passAll()
	}
}

func (m *members) passAll() {
	if m.w != nil && m.err == nil {
		_, m.err = m.w.Write(m.buf.Bytes())
	}
	m.buf.Reset()
}

func (m *members) name(name string) {
	m.pass()
	if !m.begun {
		m.begun = true
		m.buf.WriteByte('{')
	} else {
		m.buf.WriteByte(',')
	}
	m.buf.WriteByte('"')
	m.buf.WriteString(name)
	m.buf.WriteString(`":`)
}

// object writes an object as a value; write adds its members, of which there are some.
func (m *members) object(write func()) {
	outer := m.begun
	m.begun = false
	write()
	m.buf.WriteByte('}')
	m.begun = outer
}

// encoded is a member that is written as [json] has it.
type encoded struct {
	name  string
	value any
}

func (m *members) all(list []encoded) error {
	for _, one := range list {
		if err := m.json(one.name, one.value); err != nil {
			return err
		}
	}
	return nil
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
		m.buf.WriteByte('"')
		for len(value) > 0 {
			n := min(len(value), pieceBytes/3*3)
			m.buf.Write(base64.StdEncoding.AppendEncode(m.buf.AvailableBuffer(), value[:n]))
			value = value[n:]
			m.pass()
		}
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

// string writes text piece by piece, none of which ends within a character.
func (m *members) string(value []byte) {
	m.buf.WriteByte('"')
	for len(value) > 0 {
		n := min(len(value), pieceBytes)
		for back := 0; n < len(value) && back < utf8.UTFMax && !utf8.RuneStart(value[n]); back++ {
			n--
		}
		m.piece(value[:n])
		value = value[n:]
		m.pass()
	}
	m.buf.WriteByte('"')
}

// piece writes text without its quotes.
func (m *members) piece(text []byte) {
	at := m.buf.Len()
	encoder := json.NewEncoder(&m.buf)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(string(text)) // strings can be encoded, and buffers written to
	whole := m.buf.Bytes()
	copy(whole[at:], whole[at+1:])
	m.buf.Truncate(m.buf.Len() - 3) // a quote, another one, and the line end
}

// raw writes what is JSON already.
func (m *members) raw(text []byte) {
	for len(text) > 0 {
		n := min(len(text), pieceBytes)
		m.buf.Write(text[:n])
		text = text[n:]
		m.pass()
	}
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
