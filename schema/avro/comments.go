package avro

import (
	"bytes"
	"errors"
)

// errOpenComment says that a /* has no */.
var errOpenComment = errors.New("a comment that begins here never ends")

// blankComments returns text with each comment (from // to the end of the line,
// and /* … */) as blanks, so that every other byte stays at its offset. Text
// without comments is returned as it is. On an error it returns the offset.
func blankComments(text []byte) ([]byte, int, error) {
	if !bytes.ContainsRune(text, '/') {
		return text, 0, nil
	}
	clean := bytes.Clone(text)
	for i := 0; i < len(clean); i++ {
		switch {
		case clean[i] == '"':
			i = skipString(clean, i)
		case bytes.HasPrefix(clean[i:], []byte("//")):
			length := bytes.IndexAny(clean[i:], "\r\n")
			if length < 0 {
				length = len(clean) - i
			}
			i = blank(clean, i, i+length)
		case bytes.HasPrefix(clean[i:], []byte("/*")):
			length := bytes.Index(clean[i+2:], []byte("*/"))
			if length < 0 {
				return nil, i, errOpenComment
			}
			i = blank(clean, i, i+2+length+2)
		}
	}
	return clean, 0, nil
}

// skipString returns the offset of the quote that ends the string at i, or of
// the last byte where none does.
func skipString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text)-1)
}

// blank overwrites a comment, but not its line ends, and returns the offset of
// its last byte.
func blank(text []byte, from, to int) int {
	for i := from; i < to; i++ {
		if text[i] != '\n' && text[i] != '\r' {
			text[i] = ' '
		}
	}
	return to - 1
}
