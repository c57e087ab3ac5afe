package avro

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one schema file. They are far above what any registry stores; what
// exceeds them is a mistake or an attack, and is refused before it costs memory.
const (
	// MaxSize is the largest schema file in bytes that Parse reads, 8 MiB. Kafka's
	// own limit for a record, and so for a schema in a registry's topic, is 1 MiB.
	MaxSize = 8 << 20
	// maxDepth is how deep arrays and objects nest: the limit of the JSON library
	// that Apache Avro for Java reads schemas with.
	maxDepth = 1000
	// maxValues bounds memory: a value takes a hundred times the two bytes that
	// can express it.
	maxValues = 500_000
	// maxNumber is the longest number in bytes, again that library's limit.
	maxNumber = 1000
)

// readJSON reads one schema file. Comments are allowed, as Java's parser allows
// them; anything after the schema isn't, nor is a comment there.
func readJSON(name string, text []byte) (*document, error) {
	if len(text) > MaxSize {
		whole := &document{name: name}
		return nil, whole.refuse(0, "", fmt.Sprintf("it has %d MB; a schema has at most %d MB", len(text)>>20, MaxSize>>20))
	}
	d := newDocument(name, text)
	if i := invalidUTF8(text); i >= 0 {
		return nil, d.refuse(i, "", "not UTF-8 text").hinted(encodingHint(text))
	}
	clean, i, err := blankComments(text)
	if err != nil {
		return nil, d.refuse(i, "", err.Error())
	}
	d.json = clean
	if rest, marked := bytes.CutPrefix(clean, []byte(byteOrderMark)); marked {
		d.json = append([]byte("   "), rest...)
	}
	if len(bytes.TrimSpace(d.json)) == 0 {
		return nil, d.refuse(0, "", "it is empty")
	}
	r := reader{doc: d, dec: jsontext.NewDecoder(bytes.NewBuffer(d.json),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	if d.root, err = r.read(nil, 0); err != nil {
		return nil, err
	}
	return d, d.refuseMore()
}

// refuseMore refuses what follows the schema. What counts as blank is Java's.
func (d *document) refuseMore() error {
	for i := d.root.end; i < len(d.text); i++ {
		if d.text[i] > ' ' {
			return d.refuse(i, "", "there is more after the end of the schema").
				hinted("one file holds one schema; several types go into a union: [ {…}, {…} ]. A comment can't follow the schema")
		}
	}
	return nil
}

// reader makes values out of tokens.
type reader struct {
	doc    *document
	dec    *jsontext.Decoder
	values int
	depth  int
}

func (r *reader) read(up *value, slot int) (*value, error) {
	v := &value{doc: r.doc, up: up, slot: slot, offset: r.next()}
	if r.values++; r.values > maxValues {
		return nil, r.doc.refuse(v.offset, "", fmt.Sprintf("it has more than %d values", maxValues))
	}
	token, err := r.dec.ReadToken()
	if err != nil {
		return nil, r.syntax(err)
	}
	switch v.kind = token.Kind(); v.kind {
	case '"', '0':
		v.text = token.String()
		if v.kind == '0' && len(v.text) > maxNumber {
			return nil, r.doc.refuse(v.offset, "", fmt.Sprintf("a number of more than %d characters", maxNumber))
		}
	case '{', '[':
		if err := r.readNested(v); err != nil {
			return nil, err
		}
	}
	v.end = int(r.dec.InputOffset())
	return v, nil
}

// readNested reads the rest of an object or array.
func (r *reader) readNested(v *value) error {
	if r.depth++; r.depth > maxDepth {
		return r.doc.refuse(v.offset, "", fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	for slot := 0; ; slot++ {
		if kind := r.dec.PeekKind(); kind == '}' || kind == ']' {
			break
		}
		if v.kind == '{' {
			name, err := r.dec.ReadToken()
			if err != nil {
				return r.syntax(err)
			}
			v.members = append(v.members, member{name: name.String()})
		}
		inner, err := r.read(v, slot)
		if err != nil {
			return err
		}
		if v.kind == '{' {
			v.members[slot].value = inner
		} else {
			v.elements = append(v.elements, inner)
		}
	}
	v.buildIndex()
	r.depth--
	if _, err := r.dec.ReadToken(); err != nil {
		return r.syntax(err)
	}
	return nil
}

// next is the offset of the next token. The decoder only tells where the last
// one ended.
func (r *reader) next() int {
	i := int(r.dec.InputOffset())
	for i < len(r.doc.json) && strings.IndexByte(" \t\r\n,:", r.doc.json[i]) >= 0 {
		i++
	}
	return i
}

// syntax puts what the decoder says into this package's words.
func (r *reader) syntax(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return r.doc.refuse(len(r.doc.text), "", "the file ends in the middle of the schema")
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return r.doc.refuse(r.next(), "", err.Error())
	}
	at := int(syntactic.ByteOffset)
	reason := strings.TrimPrefix(syntactic.Err.Error(), "jsontext: ")
	if at < len(r.doc.json) && r.doc.json[at] == ',' {
		reason = "a comma too many" // "invalid character ',' at start of value", the decoder says
	}
	refusal := r.doc.refuse(at, string(syntactic.JSONPointer), reason)
	if r.values <= 1 {
		return refusal.hinted(otherLanguage(r.doc.json))
	}
	return refusal
}

// invalidUTF8 is the offset of the first byte that isn't part of a character; -1
// if all are.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	i := 0
	for {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
}

func encodingHint(text []byte) string {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return "it begins as UTF-16 does; save it as UTF-8"
	}
	return "save it as UTF-8"
}

// otherLanguage guesses what a file is that doesn't even begin as JSON.
func otherLanguage(text []byte) string {
	first, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte(" "))
	switch word := string(first); {
	case strings.HasPrefix(word, "<"):
		return "this looks like HTML or XML; a login page or a proxy's error may have been saved in its place"
	case word == "syntax" || word == "package" || word == "message" || word == "import":
		return "this looks like Protobuf, not Avro"
	case word == "protocol" || word == "namespace" || word == "schema" || word == "record":
		return "this looks like Avro IDL; turn it into .avsc files with Apache's avro-tools idl2schemata"
	}
	return ""
}
