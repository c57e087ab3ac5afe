package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
	var out bytes.Buffer
	in := json.NewDecoder(bytes.NewReader(document))
	in.UseNumber()
	err := yamlOf(in, &out)
	return out.Bytes(), err
}

func yamlOf(document tokens, out io.Writer) error {
	w := bufio.NewWriter(out)
	y := yamlWriter{in: document, out: w}
	if err := y.value(yamlTop, ""); err != nil {
		return err
	}
	return w.Flush()
}

// writeYAML is yamlFromJSON for what writes itself. Long text is quoted whatever it is:
// whether it may be bare shows only at its end.
func writeYAML(w io.Writer, document Streamed) error {
	from, to := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_ = to.CloseWithError(document.WriteJSON(to)) // nil: at its end
	}()
	err := yamlOf(newJSONTokens(from), w)
	_ = from.CloseWithError(err) // it stops what still writes
	<-written
	return err
}

type yamlWriter struct {
	in  tokens
	out *bufio.Writer // which keeps its first error
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
	empty := ""
	if open, ok := next.(json.Delim); ok {
		if y.in.More() {
			return y.entries(open, place, indent)
		}
		if _, err := y.in.Token(); err != nil { // the closing bracket
			return err
		}
		empty = map[json.Delim]string{'{': "{}", '[': "[]"}[open]
	}
	if place == yamlKey {
		_ = y.out.WriteByte(' ')
	}
	if empty != "" {
		y.write(empty)
	} else {
		err = y.scalar(next)
	}
	y.write("\n")
	return err
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
		y.write(lead)
		if open == '[' {
			y.write("- ")
			if err := y.value(yamlDash, indent); err != nil {
				return err
			}
			continue
		}
		key, err := y.in.Token()
		if err != nil {
			return err
		}
		if err := y.scalar(key); err != nil {
			return err
		}
		y.write(":")
		if err := y.value(yamlKey, indent); err != nil {
			return err
		}
	}
	_, err := y.in.Token() // the closing bracket
	return err
}

func (y *yamlWriter) write(text string) { _, _ = y.out.WriteString(text) }

// scalar writes a JSON scalar as YAML.
func (y *yamlWriter) scalar(scalar json.Token) error {
	switch v := scalar.(type) {
	case nil:
		y.write("null")
	case string:
		y.string(v)
	case json.Number:
		y.write(yamlNumber(v.String()))
	default: // true, false
		_, _ = fmt.Fprint(y.out, scalar)
	case *longText:
		return y.long(v)
	}
	return nil
}

func (y *yamlWriter) long(text *longText) error {
	y.write(`"`)
	for y.quoted(text.piece); !text.whole; y.quoted(text.piece) {
		if err := text.next(); err != nil {
			return err
		}
	}
	y.write(`"`)
	return nil
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

// string writes s bare where every version of YAML reads it as that string, and in double
// quotes otherwise.
func (y *yamlWriter) string(s string) {
	if yamlBare(s) {
		y.write(s)
		return
	}
	y.write(`"`)
	y.quoted(s)
	y.write(`"`)
}

// quoted writes what stands between double quotes.
func (y *yamlWriter) quoted(s string) {
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			_ = y.out.WriteByte('\\')
			_, _ = y.out.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\t':
			y.write(map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}[r])
		case r > 0xffff && unsafeRune(r):
			_, _ = fmt.Fprintf(y.out, `\U%08x`, r)
		case unsafeRune(r):
			_, _ = fmt.Fprintf(y.out, `\u%04x`, r)
		default:
			_, _ = y.out.WriteRune(r)
		}
	}
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
