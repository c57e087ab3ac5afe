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
