package avro

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// document is one schema file: its text and what the text says.
type document struct {
	name  string // what messages call it; empty for the schema that was asked for
	text  []byte
	json  []byte // text with blanks for comments; of the same length
	marks []mark
	root  *value
}

// mark is a place whose line and column are known. There is one at the start of
// each line and, on long lines, one every few thousand bytes, so that a place in
// a file of one line is found without counting from its start.
type mark struct {
	offset, line, column int
}

const markEvery = 4096

// byteOrderMark is what some editors put at the start of a UTF-8 file.
const byteOrderMark = "\xef\xbb\xbf"

func newDocument(name string, text []byte) *document {
	d := &document{name: name, text: text}
	at := mark{line: 1, column: 1}
	if strings.HasPrefix(string(text[:min(len(text), 3)]), byteOrderMark) {
		at.offset = len(byteOrderMark)
	}
	d.marks = append(d.marks, at)
	for i := at.offset; i < len(text); {
		_, size := utf8.DecodeRune(text[i:])
		at.column++
		if text[i] == '\n' {
			at.line, at.column = at.line+1, 1
		}
		i += size
		if last := d.marks[len(d.marks)-1]; at.column == 1 || i-last.offset >= markEvery {
			d.marks = append(d.marks, mark{i, at.line, at.column})
		}
	}
	return d
}

// position returns the line and the column of a byte, both from 1. Columns
// count characters, not bytes; a tab is one.
func (d *document) position(offset int) (line, column int) {
	i := sort.Search(len(d.marks), func(i int) bool { return d.marks[i].offset > offset })
	m := d.marks[max(i-1, 0)]
	if offset <= m.offset {
		return m.line, m.column
	}
	return m.line, m.column + utf8.RuneCount(d.text[m.offset:min(offset, len(d.text))])
}

// value is a JSON value and where it is written.
type value struct {
	doc      *document
	up       *value
	slot     int // which of up's members or elements it is
	kind     jsontext.Kind
	offset   int
	end      int    // the byte after it
	text     string // of a string, without quotes and escapes; of a number, as written
	members  []member
	elements []*value
	index    map[string]int // of members, once there are many
}

type member struct {
	name  string
	value *value
}

// get returns the member of that name, or nil. Of several the last one counts,
// as in Java.
func (v *value) get(name string) *value {
	if v.index != nil {
		if i, ok := v.index[name]; ok {
			return v.members[i].value
		}
		return nil
	}
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].name == name {
			return v.members[i].value
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
	v.index = make(map[string]int, len(v.members))
	for i, m := range v.members {
		v.index[m.name] = i
	}
}

// getText returns the member of that name if it is a string.
func (v *value) getText(name string) (string, bool) {
	if m := v.get(name); m != nil && m.kind == '"' {
		return m.text, true
	}
	return "", false
}

// pointer is the value's place as a JSON pointer (RFC 6901); empty for the root.
func (v *value) pointer() string {
	var tokens []string
	for ; v.up != nil; v = v.up {
		token := strconv.Itoa(v.slot)
		if v.up.kind == '{' {
			token = string(jsontext.Pointer("").AppendToken(v.up.members[v.slot].name))[1:]
		}
		tokens = append(tokens, token)
	}
	slices.Reverse(tokens)
	if len(tokens) == 0 {
		return ""
	}
	return "/" + strings.Join(tokens, "/")
}

// compact returns the value as JSON without blanks, cut after some limit of
// bytes: it is for messages.
func (v *value) compact(limit int) string {
	// A text of which nothing is left after so many bytes is no loss.
	text := v.doc.json[v.offset:min(v.end, v.offset+8*limit)]
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ' ', '\t', '\r', '\n':
		case '"':
			last := skipString(text, i)
			b.Write(text[i : last+1])
			i = last
		default:
			b.WriteByte(text[i])
		}
	}
	return shorten(b.String(), limit)
}

// shorten cuts s to at most limit bytes, between characters.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
