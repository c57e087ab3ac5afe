package jq

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Text, Int and Time give what may be null.

func Text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// Int: see [Text].
func Int[N int32 | int64](n *N) any {
	if n == nil {
		return nil
	}
	return int(*n)
}

// Time: see [Text]. It is RFC 3339 in UTC.
func Time(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Data puts a key, a value or a header into an object: null, text, or base64 under
// another name.
func Data(m map[string]any, name string, data []byte) {
	switch {
	case data == nil:
		m[name] = nil
	case utf8.Valid(data):
		m[name] = string(data)
	default:
		m[name+"_base64"] = base64.StdEncoding.EncodeToString(data)
	}
}

// Bytes is the way back from [Data]; neither member is null, too. Where both are there,
// the one that isn't as it was counts: who sets the text of what was base64 need not
// remove that.
func Bytes(m, was map[string]any, name string) ([]byte, error) {
	text, hasText := m[name]
	coded, isCoded := m[name+"_base64"]
	if hasText && isCoded {
		newText, newCoded := !has(was, name, text), !has(was, name+"_base64", coded)
		if newText == newCoded {
			return nil, fmt.Errorf(".%s and .%[1]s_base64 are both given: which one counts?", name)
		}
		hasText, isCoded = newText, newCoded
	}
	switch {
	case hasText && text != nil:
		s, ok := text.(string)
		if !ok {
			return nil, fmt.Errorf(".%s becomes the type %s, and must be a string or null", name, Type(text))
		}
		return []byte(s), nil
	case isCoded && coded != nil:
		s, ok := coded.(string)
		data, err := base64.StdEncoding.DecodeString(s)
		if !ok || err != nil {
			return nil, fmt.Errorf(".%s_base64 becomes what isn't base64", name)
		}
		return data, nil
	}
	return nil, nil
}

// has tells whether an object has a member of that value.
func has(m map[string]any, name string, value any) bool {
	is, there := m[name]
	return there && Equal(is, value)
}

// JSON reads a JSON value, and keeps whole numbers whole, however long they are.
func JSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoded data: %w", err)
	}
	return numbers(v), nil
}

// Values is how many values JSON has at most. As a tree, each takes a hundred bytes, and
// in the text as few as two.
func Values(text []byte) (n int) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[' || c == ',' || c == ':':
			n++
		}
	}
	return n + 1
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
