package timeline

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Kind says what an id is in the records that it was taken from.
type Kind string

// The kinds. What was asked for is of the kind Asked: nobody has to know it.
const (
	Asked       Kind = "asked"
	Trace       Kind = "trace"
	Correlation Kind = "correlation"
	EventID     Kind = "event"
	Key         Kind = "key"
)

// identity is an id in all the forms that records have it in.
type identity struct {
	text string
	kind Kind
	hex  bool   // case doesn't count
	raw  []byte // of a UUID or a trace id: its sixteen bytes
	b64  string // raw, as decoded bytes are written in JSON

	number   int64
	isNumber bool
}

func newIdentity(text string, kind Kind) identity {
	id := identity{text: text, kind: kind}
	if u, err := uuid.Parse(text); err == nil && len(text) == 36 {
		id.hex, id.raw = true, u[:]
	} else if raw, err := hex.DecodeString(text); err == nil && (len(raw) == 16 || len(raw) == 8) {
		id.hex = true
		if len(raw) == 16 {
			id.raw = raw
		}
	}
	if id.raw != nil {
		id.b64 = base64.StdEncoding.EncodeToString(id.raw)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		id.number, id.isNumber = n, true
	}
	return id
}

// isTrace tells whether it may be the id of a trace: sixteen bytes, or B3's eight.
func (id *identity) isTrace() bool {
	return id.hex && (len(id.text) == 32 || len(id.text) == 16)
}

// equal compares all of a text.
func (id *identity) equal(text []byte) bool {
	if len(text) != len(id.text) {
		return false
	}
	return string(text) == id.text || id.hex && strings.EqualFold(string(text), id.text)
}

// is compares all of a header's or a key's bytes: as text, in the quotation marks of
// serializers that write JSON, and as the bytes of a UUID.
func (id *identity) is(data []byte) bool {
	if n := len(data); n == len(id.text)+2 && data[0] == '"' && data[n-1] == '"' {
		data = data[1 : n-1]
	}
	return id.equal(data) || id.raw != nil && bytes.Equal(data, id.raw)
}

// isKey knows numbers as Kafka's own serializers write them, too.
func (id *identity) isKey(key []byte) bool {
	if id.isNumber && len(key) == 8 && int64(binary.BigEndian.Uint64(key)) == id.number {
		return true
	}
	if id.isNumber && len(key) == 4 && int64(int32(binary.BigEndian.Uint32(key))) == id.number {
		return true
	}
	return id.is(key)
}

// isScalar compares a string or a number of decoded data.
func (id *identity) isScalar(text string) bool {
	return id.equal([]byte(text)) || id.b64 != "" && text == id.b64
}

// forms are byte strings of which at least one is in every record that carries the id.
// They are looked for before anything is decoded.
func (id *identity) forms() [][]byte {
	forms := [][]byte{[]byte(id.text)}
	if id.hex {
		forms = append(forms, []byte(strings.ToLower(id.text)), []byte(strings.ToUpper(id.text)))
	}
	if id.raw != nil {
		forms = append(forms, id.raw) // Avro's fixed, Protobuf's bytes, a binary header
		forms = append(forms, []byte(id.b64))
	}
	if id.isTrace() {
		forms = append(forms, []byte(strings.TrimLeft(strings.ToLower(id.text), "0"))) // Jaeger leaves zeros out
		if len(id.text) == 32 {
			forms = append(forms, []byte(amazons(strings.ToLower(id.text))))
		}
	}
	forms = append(forms, escapedForms(id.text)...)
	if id.isNumber {
		forms = append(forms, numberForms(id.number)...)
	}
	return distinct(forms)
}

// escapedForms are those that JSON may have of a text.
func escapedForms(text string) (forms [][]byte) {
	quoted := func(s []byte) []byte { return bytes.Trim(s, `"`) }
	if b, err := json.Marshal(text); err == nil {
		forms = append(forms, quoted(b))
	}
	forms = append(forms, []byte(strings.ReplaceAll(text, "/", `\/`)))
	if utf8.ValidString(text) && strconv.QuoteToASCII(text) != strconv.Quote(text) {
		escaped := quoted([]byte(strconv.QuoteToASCII(text)))
		forms = append(forms, escaped, upperEscapes(escaped))
	}
	return forms
}

// upperEscapes writes the digits of \u00e4 as some libraries do: \u00E4.
func upperEscapes(text []byte) []byte {
	upper := bytes.Clone(text)
	for i := 0; i+6 <= len(upper); i++ {
		if upper[i] == '\\' && upper[i+1] == 'u' {
			copy(upper[i+2:i+6], bytes.ToUpper(upper[i+2:i+6]))
		}
	}
	return upper
}

// numberForms are a number as Avro and Protobuf write it, in as many bytes as it needs,
// and as Kafka's serializers of keys do.
func numberForms(n int64) [][]byte {
	return [][]byte{
		binary.AppendVarint(nil, n), binary.AppendUvarint(nil, uint64(n)),
		binary.BigEndian.AppendUint64(nil, uint64(n)), binary.BigEndian.AppendUint32(nil, uint32(n)),
		binary.LittleEndian.AppendUint64(nil, uint64(n)), binary.LittleEndian.AppendUint32(nil, uint32(n)),
	}
}

func distinct(forms [][]byte) (list [][]byte) {
	seen := map[string]bool{"": true}
	for _, f := range forms {
		if !seen[string(f)] {
			seen[string(f)] = true
			list = append(list, f)
		}
	}
	return list
}
