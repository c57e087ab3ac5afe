package jsonschema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader makes values out of tokens.
type reader struct {
	doc    *document
	dec    *jsontext.Decoder
	values int
	depth  int
}

func (r *reader) read(up *value, token string) (*value, error) {
	v := &value{doc: r.doc, up: up, token: token, offset: r.next()}
	if r.values++; r.values > maxValues {
		return nil, r.doc.refuse(v.offset, fmt.Sprintf("it has more than %d values", maxValues))
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		return nil, r.syntax(err)
	}
	switch v.kind = t.Kind(); v.kind {
	case '"':
		v.text = t.String()
	case '0':
		if v.text = t.String(); tooLarge(v.text) {
			return nil, r.doc.refuse(v.offset, "a number too large or too long to work with")
		}
	case '{', '[':
		if err := r.readNested(v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// readNested reads the rest of an object or array.
func (r *reader) readNested(v *value) error {
	if r.depth++; r.depth > maxDepth {
		return r.doc.refuse(v.offset, fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	defer func() { r.depth-- }()
	for {
		if kind := r.dec.PeekKind(); kind == '}' || kind == ']' {
			v.buildIndex()
			_, err := r.dec.ReadToken()
			return err
		}
		token := strconv.Itoa(len(v.elements))
		if v.kind == '{' {
			name, err := r.dec.ReadToken()
			if err != nil {
				return r.syntax(err)
			}
			token = name.String()
		}
		inner, err := r.read(v, token)
		if err != nil {
			return err
		}
		if v.kind == '{' {
			v.members = append(v.members, member{token, inner})
		} else {
			v.elements = append(v.elements, inner)
		}
	}
}

// next is the offset of the next token. The decoder only tells where the last
// one ended.
func (r *reader) next() int {
	i := int(r.dec.InputOffset())
	for i < len(r.doc.text) && strings.IndexByte(" \t\r\n,:", r.doc.text[i]) >= 0 {
		i++
	}
	return i
}

// syntax puts what the decoder says into this package's words.
func (r *reader) syntax(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return r.doc.refuse(len(r.doc.text), "the file ends in the middle of the schema")
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return r.doc.refuse(r.next(), err.Error())
	}
	refusal := r.doc.refuse(int(syntactic.ByteOffset), strings.TrimPrefix(syntactic.Err.Error(), "jsontext: "))
	refusal.Pointer = string(syntactic.JSONPointer)
	if r.values <= 1 && bytes.HasPrefix(bytes.TrimSpace(r.doc.text), []byte("<")) {
		return refusal.hinted("this looks like HTML or XML; a login page or a proxy's error may have been saved in its place")
	}
	return refusal
}
