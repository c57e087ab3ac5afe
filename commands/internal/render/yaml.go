package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// yamlFromJSON writes a JSON document as YAML in block style: the same names in the
// same order, nulls kept, numbers digit by digit, dangerous characters escaped.
//
// It doesn't use go-yaml's encoder, which leaves strings bare that are then read as
// something else: ".inf" as a number, "? a" as a key, a key "<<" as a merge. With
// foreign text that is a hole.
func yamlFromJSON(document []byte) ([]byte, error) {
	y := yamlWriter{in: json.NewDecoder(bytes.NewReader(document))}
	y.in.UseNumber()
	if err := y.value(yamlTop, ""); err != nil {
		return nil, err
	}
	return y.out.Bytes(), nil
}

type yamlWriter struct {
	in  *json.Decoder
	out bytes.Buffer
}

// yamlPlace is what stands before a value on its line.
type yamlPlace int

const (
	yamlTop yamlPlace = iota
	yamlKey
	yamlDash
)

// value writes the next value of the input and ends its line. The line it stands on is
// set in by indent.
func (y *yamlWriter) value(place yamlPlace, indent string) error {
	next, err := y.in.Token()
	if err != nil {
		return err
	}
	text := yamlScalar(next)
	if open, ok := next.(json.Delim); ok {
		if y.in.More() {
			return y.entries(open, place, indent)
		}
		if _, err := y.in.Token(); err != nil { // the closing bracket
			return err
		}
		text = map[json.Delim]string{'{': "{}", '[': "[]"}[open]
	}
	if place == yamlKey {
		text = " " + text
	}
	y.out.WriteString(text + "\n")
	return nil
}

// entries writes the members of a map or the items of a sequence, one a line. The
// first one stands beside a dash, but below a key.
func (y *yamlWriter) entries(open json.Delim, place yamlPlace, indent string) error {
	first := ""
	switch {
	case place == yamlKey && open == '{':
		indent += "  "
		first = "\n" + indent
	case place == yamlKey: // dashes stand out enough below a key
		first = "\n" + indent
	case place == yamlDash:
		indent += "  "
	}
	for lead := first; y.in.More(); lead = indent {
		y.out.WriteString(lead)
		if open == '[' {
			y.out.WriteString("- ")
			if err := y.value(yamlDash, indent); err != nil {
				return err
			}
			continue
		}
		key, err := y.in.Token()
		if err != nil {
			return err
		}
		y.out.WriteString(yamlScalar(key) + ":")
		if err := y.value(yamlKey, indent); err != nil {
			return err
		}
	}
	_, err := y.in.Token() // the closing bracket
	return err
}

// yamlScalar is a JSON scalar as YAML.
func yamlScalar(scalar json.Token) string {
	switch v := scalar.(type) {
	case nil:
		return "null"
	case string:
		return yamlString(v)
	case json.Number:
		return yamlNumber(v.String())
	}
	return fmt.Sprint(scalar) // true, false
}

// yamlNumber is a JSON number, which YAML 1.2 reads as it is; YAML 1.1 reads an exponent
// only after a decimal point.
func yamlNumber(digits string) string {
	mantissa, exponent, found := strings.Cut(strings.ToLower(digits), "e")
	if !found || strings.Contains(mantissa, ".") {
		return digits
	}
	return mantissa + ".0e" + exponent
}

// yamlString is s bare where every version of YAML reads it as that string, and in double
// quotes otherwise.
func yamlString(s string) string {
	if yamlBare(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteString(map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}[r])
		case r > 0xffff && unsafeRune(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// yamlWords look like strings and are not: YAML 1.1 has the longer list.
var yamlWords = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}

// yamlBare is narrower than YAML's own rule. Beginning with a letter keeps out numbers,
// times and most of the special characters.
func yamlBare(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '/'
		if !letter && (i == 0 || strings.IndexByte("0123456789 .+@%=(),:;-", c) < 0) {
			return false
		}
	}
	return s != "" && !strings.Contains(s, ": ") && !strings.Contains(s, "- ") && !strings.ContainsAny(s[len(s)-1:], ": ") &&
		!slices.Contains(yamlWords, strings.ToLower(s))
}
