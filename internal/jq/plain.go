package jq

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// maxPlain bounds what is tried as plain JSON.
const maxPlain = 16 << 20

// Plain recognises data that needs no schema: its format is json, text or bytes.
// Single numbers and words aren't JSON here: a key "42" is text to most people.
func Plain(data []byte) (format string, isJSON bool) {
	switch {
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return "bytes", false
	case IsJSON(data):
		return "json", true
	}
	return "text", false
}

// IsJSON tells whether data is a JSON object or array, nested no deeper than is safe.
func IsJSON(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 || len(data) > maxPlain || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	return depth(trimmed) <= maxDepth && json.Valid(trimmed)
}

// depth is how deep brackets nest, strings left out.
func depth(data []byte) (deepest int) {
	quoted, level := false, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
