package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Violation is a place where data doesn't satisfy a schema.
type Violation struct {
	Pointer string `json:"path"` // JSON pointer into the data; empty for all of it
	Reason  string `json:"reason"`
}

// maxViolations is how many violations are told of one piece of data.
const maxViolations = 50

// Validate holds JSON data against the schema. No violation means that it is
// satisfied; formats and contents are not asserted. The error is about data that
// isn't JSON.
func (s *Schema) Validate(data []byte) ([]Violation, error) {
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the JSON ends too early")
		}
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if at := largeNumber(parsed, ""); at != nil {
		return []Violation{*at}, nil
	}
	var invalid *validator.ValidationError
	if err := s.compiled.Validate(parsed); !errors.As(err, &invalid) {
		return nil, err
	}
	return violations(invalid, nil), nil
}

// violations lists the leaves of a tree of errors, each once, in its order.
func violations(e *validator.ValidationError, list []Violation) []Violation {
	for _, cause := range e.Causes {
		list = violations(cause, list)
	}
	if len(e.Causes) > 0 || len(list) >= maxViolations {
		return list
	}
	v := Violation{pointerOf(e.InstanceLocation), violated(e)}
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// largeNumber finds a number that the validator would take minutes to compute
// with: it knows all digits of 1e1000000.
func largeNumber(v any, at jsontext.Pointer) *Violation {
	switch v := v.(type) {
	case json.Number:
		if tooLarge(v.String()) {
			return &Violation{string(at), "a number too large or too long to check"}
		}
	case []any:
		for i, element := range v {
			if found := largeNumber(element, at.AppendToken(strconv.Itoa(i))); found != nil {
				return found
			}
		}
	case map[string]any:
		for name, member := range v {
			if found := largeNumber(member, at.AppendToken(name)); found != nil {
				return found
			}
		}
	}
	return nil
}

const (
	maxNumber   = 1000 // characters
	maxExponent = 999  // either way
)

func tooLarge(number string) bool {
	if len(number) > maxNumber {
		return true
	}
	i := strings.IndexAny(number, "eE")
	if i < 0 {
		return false
	}
	exponent, err := strconv.Atoi(number[i+1:])
	return err != nil || exponent > maxExponent || exponent < -maxExponent
}
