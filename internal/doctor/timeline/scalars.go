package timeline

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of looking through decoded data.
const (
	maxPaths  = 8 // places that are told of one record
	maxNested = 3 // JSON within a string within JSON
)

// scalars gives the places in JSON at which want holds for a string, a number or the
// name of a member, as JSON pointers. JSON in a string, as outboxes have it, is looked
// through too: its pointers come after "/payload#".
func scalars(text []byte, want func(string) bool) []string {
	var found []string
	walk(text, "", 0, want, &found)
	return found
}

func walk(text []byte, above string, depth int, want func(string) bool, found *[]string) {
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for len(*found) < maxPaths {
		token, err := dec.ReadToken()
		if err != nil {
			return // the end, or it isn't JSON from here on
		}
		switch token.Kind() {
		case '"', '0':
			s := token.String()
			at := above + string(dec.StackPointer())
			if want(s) {
				*found = append(*found, at)
			} else if depth < maxNested && nested(s) {
				walk([]byte(s), at+"#", depth+1, want, found)
			}
		}
	}
}

// nested tells of strings that look like JSON of their own.
func nested(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) > 1 && (s[0] == '{' && s[len(s)-1] == '}' || s[0] == '[' && s[len(s)-1] == ']')
}
