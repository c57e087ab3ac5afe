package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// tokens are those of a JSON document, as [json.Decoder] gives them. A string may be a
// [longText] instead.
type tokens interface {
	Token() (json.Token, error)
	More() bool
}

// jsonTokens reads valid JSON without ever holding a long string, as a json.Decoder does,
// several times.
type jsonTokens struct{ r *bufio.Reader }

func newJSONTokens(r io.Reader) *jsonTokens { return &jsonTokens{bufio.NewReaderSize(r, 64<<10)} }

// textPiece is how much of a string is read at a time.
const textPiece = 64 << 10

// longText is a string that is read in pieces, before the token that follows.
type longText struct {
	piece string
	whole bool // nothing follows the piece
	from  *jsonTokens
}

// next goes on to the next piece.
func (l *longText) next() (err error) {
	l.piece, l.whole, err = l.from.text()
	return err
}

// peek is the character that the next token begins with.
func (t *jsonTokens) peek() (byte, error) {
	for {
		next, err := t.r.Peek(1)
		if err != nil {
			return 0, err
		}
		if c := next[0]; !isBlank(c) && c != ',' && c != ':' {
			return c, nil
		}
		_, _ = t.r.Discard(1)
	}
}

func (t *jsonTokens) More() bool {
	c, err := t.peek()
	return err == nil && c != ']' && c != '}'
}

func (t *jsonTokens) Token() (json.Token, error) {
	c, err := t.peek()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{', '}', '[', ']':
		_, err = t.r.Discard(1)
		return json.Delim(c), err
	case '"':
		_, _ = t.r.Discard(1)
		long := &longText{from: t}
		if err := long.next(); err != nil || !long.whole {
			return long, err
		}
		return long.piece, nil
	}
	return t.literal()
}

// literal reads a number, true, false or null.
func (t *jsonTokens) literal() (json.Token, error) {
	var word []byte
	for {
		next, err := t.r.Peek(1)
		if err != nil || isBlank(next[0]) || bytes.IndexByte([]byte(`,:]}`), next[0]) >= 0 {
			break
		}
		word = append(word, next[0])
		_, _ = t.r.Discard(1)
	}
	switch string(word) {
	case "null":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return json.Number(word), nil
}

// text reads a piece of a string, which ends neither within a character nor within one
// that is escaped in two parts.
func (t *jsonTokens) text() (piece string, whole bool, err error) {
	raw := []byte{'"'}
	for pair := false; !whole; {
		if next, err := t.r.Peek(1); err == nil && len(raw) > textPiece && !pair && utf8.RuneStart(next[0]) {
			break
		}
		c, err := t.r.ReadByte()
		if err != nil {
			return "", false, fmt.Errorf("a string without an end: %w", err)
		}
		pair = false
		switch c {
		case '"':
			whole = true
			continue
		case '\\':
			escaped := 1
			if next, _ := t.r.Peek(3); len(next) == 3 && next[0] == 'u' {
				escaped = 5
				pair = (next[1] == 'd' || next[1] == 'D') && bytes.IndexByte([]byte("89abAB"), next[2]) >= 0
			}
			raw = append(raw, c)
			for range escaped {
				if c, err = t.r.ReadByte(); err != nil {
					return "", false, fmt.Errorf("a string without an end: %w", err)
				}
				raw = append(raw, c)
			}
			continue
		}
		raw = append(raw, c)
	}
	err = json.Unmarshal(append(raw, '"'), &piece)
	return piece, whole, err
}
