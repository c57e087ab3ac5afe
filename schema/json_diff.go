package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Diff compares the texts, keyword by keyword; what schemas refer to isn't looked
// into.
func (jsonLanguage) Diff(from, to Parsed) ([]Change, error) {
	old, now := from.(jsonSchema), to.(jsonSchema)
	d := jsonDiff{to: now}
	d.compare("", decodeJSON(old.text), decodeJSON(now.text))
	return d.changes, nil
}

// decodeJSON reads a text that was read before, with its numbers as they are
// written.
func decodeJSON(text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	_ = decoder.Decode(&v)
	return v
}

type jsonDiff struct {
	to      jsonSchema
	changes []Change
}

func (d *jsonDiff) compare(at jsontext.Pointer, old, now any) {
	oldObject, bothObjects := old.(map[string]any)
	newObject, ok := now.(map[string]any)
	if !bothObjects || !ok {
		if compact(old) != compact(now) {
			d.add("changed", at, fmt.Sprintf("%s: %s → %s", at, compact(old), compact(now)), compact(old), compact(now))
		}
		return
	}
	keys := map[string]bool{}
	for key := range oldObject {
		keys[key] = true
	}
	for key := range newObject {
		keys[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		before, had := oldObject[key]
		after, has := newObject[key]
		inner := at.AppendToken(key)
		switch {
		case had && has:
			d.compare(inner, before, after)
		case has:
			d.add("added", inner, fmt.Sprintf("added %s: %s", inner, compact(after)), "", compact(after))
		default:
			d.add("removed", inner, fmt.Sprintf("removed %s: %s", inner, compact(before)), compact(before), "")
		}
	}
}

func (d *jsonDiff) add(kind string, at jsontext.Pointer, text, from, to string) {
	c := Change{Kind: "keyword-" + kind, Field: propertyPath(at), Text: text, From: from, To: to}
	if kind != "removed" {
		c.Line, c.Column = d.to.Position(string(at))
	}
	d.changes = append(d.changes, c)
}

// propertyPath is a pointer in the names of properties: customer.addresses[].city.
func propertyPath(at jsontext.Pointer) string {
	var path strings.Builder
	named := false // the next token is a property's name
	for token := range at.Tokens() {
		switch {
		case named:
			if path.Len() > 0 {
				path.WriteByte('.')
			}
			path.WriteString(token)
			named = false
		case token == "properties":
			named = true
		case token == "items":
			path.WriteString("[]")
		}
	}
	return path.String()
}

// compact is a value as JSON, cut to what fits into a line.
func compact(v any) string {
	const most = 80
	text, err := json.Marshal(v)
	if err != nil {
		return strconv.Quote(fmt.Sprint(v))
	}
	if runes := []rune(string(text)); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(text)
}
