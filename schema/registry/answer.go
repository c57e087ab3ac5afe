package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// object is a JSON object whose fields are still undecoded. Names count exactly,
// while decoding into a struct would take "Is_Compatible" too.
type object map[string]json.RawMessage

// fields reads a body that has to be one JSON object, each field once.
func fields(body []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, notJSON(body, "a JSON object")
	}
	o := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, notJSON(body, "a JSON object")
		}
		key := name.(string) // the decoder lets nothing else be a name
		if _, twice := o[key]; twice {
			return nil, fmt.Errorf("the field %q twice", key)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, notJSON(body, "a JSON object")
		}
		o[key] = value
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return nil, notJSON(body, "a JSON object")
	}
	return o, atEnd(decoder)
}

// into decodes a field. One that is missing or null is an error, as is one of
// another type.
func (o object) into(name string, target any) error {
	value, ok := o[name]
	if !ok || string(value) == "null" {
		return fmt.Errorf("no field %q", name)
	}
	if err := json.Unmarshal(value, target); err != nil {
		return fmt.Errorf("the field %q is %s", name, oneLine(string(value)))
	}
	return nil
}

// optional is into for a field that may be missing or null.
func (o object) optional(name string, target any) error {
	if value, ok := o[name]; !ok || string(value) == "null" {
		return nil
	}
	return o.into(name, target)
}

// list reads a body that has to be one JSON array.
func list[T any](body []byte) ([]T, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	// Pointers tell a null from an empty value.
	var items []*T
	if err := decoder.Decode(&items); err != nil || items == nil {
		return nil, notJSON(body, "a JSON array")
	}
	values := make([]T, len(items))
	for i, item := range items {
		if item == nil {
			return nil, errors.New("a list with null in it")
		}
		values[i] = *item
	}
	return values, atEnd(decoder)
}

func atEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more text after its end")
	}
	return nil
}

// notJSON describes a body that isn't what it should be.
func notJSON(body []byte, want string) error {
	text := oneLine(string(body[:min(len(body), 200)]))
	if text == "" {
		return fmt.Errorf("an empty body where %s should be", want)
	}
	return fmt.Errorf("%q where %s should be", text, want)
}
