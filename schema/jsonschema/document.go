package jsonschema

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one schema file. What exceeds them is a mistake or an attack.
const (
	// MaxSize is the largest file in bytes that Parse reads, 8 MiB. Kafka's own limit
	// for a record, and so for a schema in a registry's topic, is 1 MiB.
	MaxSize = 8 << 20
	// maxDepth is how deep arrays and objects nest.
	maxDepth = 500
	// maxValues bounds memory: a value takes a hundred times the two bytes that can
	// express it.
	maxValues = 500_000
)

// document is one schema file: its text and what the text says.
type document struct {
	name  string // what messages call it; empty for the schema that was asked for
	text  []byte
	lines []int // where each line begins
	root  *value
	// values is how many there are in it.
	values int
}

// value is a JSON value and where it is written.
type value struct {
	doc      *document
	up       *value
	token    string // its name or index in up
	kind     jsontext.Kind
	offset   int
	text     string // of a string, without quotes and escapes; of a number, as written
	members  []member
	elements []*value
	index    map[string]*value // of members, once there are many
}

type member struct {
	name  string
	value *value
}

// get returns the member of that name, or nil.
func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	if v.index != nil {
		return v.index[name]
	}
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// manyMembers is from how many members on an index is quicker than looking at all.
const manyMembers = 16

func (v *value) buildIndex() {
	if len(v.members) < manyMembers {
		return
	}
	v.index = make(map[string]*value, len(v.members))
	for _, m := range v.members {
		v.index[m.name] = m.value
	}
}

// getText returns the member of that name if it is a string.
func (v *value) getText(name string) string {
	if m := v.get(name); m != nil && m.kind == '"' {
		return m.text
	}
	return ""
}

// inner lists the parts of a schema that can have schemas in them: all but plain
// data, in which a $ref means nothing.
func (v *value) inner() []*value {
	parts := slices.Clone(v.elements)
	for _, m := range v.members {
		if !v.isPlainData(m.name) {
			parts = append(parts, m.value)
		}
	}
	return parts
}

// isPlainData tells that a keyword's value is data.
func (v *value) isPlainData(keyword string) bool {
	switch keyword {
	case "const", "enum", "default", "examples":
		return !v.namesSchemas()
	}
	return false
}

// namesSchemas tells that the members are schemas by names of their own, which can
// be words that are keywords elsewhere.
func (v *value) namesSchemas() bool {
	return v.up != nil && slices.Contains(namedSchemas, v.token) && !v.up.namesSchemas()
}

// namedSchemas are keywords whose values have names of their own for schemas.
var namedSchemas = []string{"properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"}

func (v *value) isSchema() bool { return v.kind == '{' || v.kind == 't' || v.kind == 'f' }

// pointer is the value's place as a JSON pointer (RFC 6901); empty for the root.
func (v *value) pointer() string {
	var tokens []string
	for ; v.up != nil; v = v.up {
		tokens = append(tokens, v.token)
	}
	slices.Reverse(tokens)
	var p jsontext.Pointer
	for _, token := range tokens {
		p = p.AppendToken(token)
	}
	return string(p)
}

// find follows a JSON pointer as far as it leads.
func (v *value) find(pointer string) (at *value, whole bool) {
	at = v
	for token := range jsontext.Pointer(pointer).Tokens() {
		next := at.step(token)
		if next == nil {
			return at, false
		}
		at = next
	}
	return at, true
}

func (v *value) step(token string) *value {
	if v.kind != '[' {
		return v.get(token)
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(v.elements) {
		return nil
	}
	return v.elements[i]
}

func (v *value) position() (line, column int) { return v.doc.position(v.offset) }

// refuse makes the error for a value. The words are Printf's.
func (v *value) refuse(format string, args ...any) *SyntaxError {
	line, column := v.position()
	return &SyntaxError{
		File: v.doc.name, Line: line, Column: column,
		Pointer: v.pointer(), Reason: fmt.Sprintf(format, args...),
	}
}

// position returns the line and the column of a byte, both from 1, columns in
// characters.
func (d *document) position(offset int) (line, column int) {
	line, exact := slices.BinarySearch(d.lines, offset)
	if exact {
		line++
	}
	begin := d.lines[max(line-1, 0)]
	return max(line, 1), utf8.RuneCount(d.text[begin:max(begin, min(offset, len(d.text)))]) + 1
}

func (d *document) refuse(offset int, reason string) *SyntaxError {
	line, column := d.position(offset)
	return &SyntaxError{File: d.name, Line: line, Column: column, Reason: reason}
}

const byteOrderMark = "\xef\xbb\xbf"

// readJSON reads one schema file.
func readJSON(name string, text []byte) (*document, error) {
	if len(text) > MaxSize {
		return nil, &SyntaxError{File: name, Reason: fmt.Sprintf(
			"it has %d MB; a schema has at most %d MB", len(text)>>20, MaxSize>>20)}
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	d := &document{name: name, text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if !utf8.Valid(text) {
		return nil, (&SyntaxError{File: name, Reason: "not UTF-8 text"}).hinted("save it as UTF-8")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &SyntaxError{File: name, Reason: "it is empty"}
	}
	r := reader{doc: d, dec: jsontext.NewDecoder(bytes.NewReader(text))}
	root, err := r.read(nil, "")
	if err != nil {
		return nil, err
	}
	d.root, d.values = root, r.values
	if more := bytes.TrimLeft(text[r.dec.InputOffset():], " \t\r\n"); len(more) > 0 {
		return nil, d.refuse(len(text)-len(more), "there is more after the end of the schema")
	}
	if !root.isSchema() {
		return nil, root.refuse("a schema is an object, true or false, and this is %s", article(root.kind))
	}
	return d, nil
}

func article(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[':
		return "an array"
	case 'n':
		return "null"
	}
	return kind.String()
}
