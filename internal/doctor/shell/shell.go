// Package shell writes commands that a person copies into a shell. Their words may be
// names from anywhere, so that each is quoted where a shell would see more in it than a
// word.
package shell

import (
	"regexp"
	"strings"
)

// Command is a command in words.
type Command []string

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+:,./=-]+$`)

// String gives the words as a shell reads them.
func (c Command) String() string {
	words := make([]string, len(c))
	for i, w := range c {
		if words[i] = w; !plain.MatchString(w) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// MarshalText implements [encoding.TextMarshaler].
func (c Command) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
