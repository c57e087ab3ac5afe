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
// isn't JSON, or a schema that is too large.
func (s *Schema) Validate(data []byte) ([]Violation, error) {
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("not JSON: it is empty")
		}
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if at := largeNumber(parsed, ""); at != nil {
		return []Violation{*at}, nil
	}
	var invalid *validator.ValidationError
	compiled, err := s.compiled()
	if err != nil {
		return nil, err
	}
	if err := compiled.Validate(parsed); !errors.As(err, &invalid) {
		return nil, err
	}
	return violations(invalid, nil), nil
}

// maxValidated is how many values a schema and its references may have for data to
// be held against it: the validator's compiler takes a second for so many, and its
// time grows with their square.
const maxValidated = 20_000

// compile has the validator read the schema.
func (s *Schema) compile() (*validator.Schema, error) {
	c := validator.NewCompiler()
	c.DefaultDraft(validator.Draft7)
	c.UseRegexpEngine(compilePattern)
	c.UseLoader(nowhere{})
	values := 0
	for url, doc := range s.files {
		if values += doc.values; values > maxValidated {
			return nil, fmt.Errorf("the JSON Schema has more than %d values, too many to hold data against it", maxValidated)
		}
		parsed, err := validator.UnmarshalJSON(bytes.NewReader(doc.text))
		if err != nil {
			return nil, err
		}
		if err := c.AddResource(url, parsed); err != nil {
			return nil, fmt.Errorf("JSON Schema: %w", err)
		}
		// The validator looks for an $id only in what it has come across already.
		own, _, _ := strings.Cut(absolute(url, doc.root.getText("$id")), "#")
		if doc != s.doc && s.files[own] == nil {
			if err := c.AddResource(own, parsed); err != nil {
				return nil, fmt.Errorf("JSON Schema: %w", err)
			}
		}
	}
	compiled, err := c.Compile(mainURL)
	if err != nil {
		return nil, fmt.Errorf("JSON Schema: %w", err)
	}
	return compiled, nil
}

// nowhere loads nothing: schemas come with their references or not at all.
type nowhere struct{}

var errNotGiven = errors.New("not among the references")

func (nowhere) Load(string) (any, error) { return nil, errNotGiven }

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
