package jq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itchyny/gojq"
)

// Bounds of a change to one value.
const (
	maxSetTime = time.Second
	maxSetText = 64 << 10
)

// Set is a change to JSON, written in jq, such as .currency = "EUR". What it doesn't
// touch keeps its very bytes: long numbers, the order of members, blanks.
type Set struct {
	text string
	code *gojq.Code
}

// SetError is a change that can't be compiled.
type SetError struct {
	Query string
	Err   error
}

func (e *SetError) Error() string {
	return fmt.Sprintf("change %q: %v", clip(e.Query), e.Err)
}

// Unwrap gives what the compiler said.
func (e *SetError) Unwrap() error { return e.Err }

// Hint is a next step.
func (e *SetError) Hint() string {
	return `for example: .currency = "EUR", del(.note), .items[0].qty += 1`
}

// NewSet compiles a change. The environment, modules and other input can't be had.
func NewSet(query string) (*Set, error) {
	if len(query) > maxSetText {
		return nil, &SetError{query, fmt.Errorf("it has %d bytes; at most %d are allowed", len(query), maxSetText)}
	}
	parsed, err := gojq.Parse(query)
	if err != nil {
		return nil, &SetError{query, err}
	}
	code, err := gojq.Compile(parsed, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return nil, &SetError{query, err}
	}
	return &Set{query, code}, nil
}

// Apply changes one JSON value. The first result counts.
func (s *Set) Apply(ctx context.Context, text []byte) ([]byte, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	after, err := s.Value(ctx, root.value)
	if err != nil {
		return nil, err
	}
	// The value may have been changed in place; what is in the text is parsed anew.
	return SpliceValue(text, after)
}

// Value changes what isn't written as JSON: null, bool, int, float64, *big.Int, string,
// and lists and objects of these. The first result counts. The input may be changed.
func (s *Set) Value(ctx context.Context, input any) (any, error) {
	limited, cancel := context.WithTimeout(ctx, maxSetTime)
	defer cancel()
	after, ok := s.code.RunWithContext(limited, input).Next()
	if !ok {
		return nil, fmt.Errorf("change %q gives nothing", s.text)
	}
	if err, failed := after.(error); failed {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it takes too long; does it loop?")
		}
		return nil, fmt.Errorf("change %q: %w", s.text, err)
	}
	return after, nil
}

// splice writes a value, with the old text wherever it says the same.
func (n *node) splice(out *bytes.Buffer, text []byte, after any) error {
	if gojq.Compare(n.value, after) == 0 {
		out.Write(text[n.start:n.end])
		return nil
	}
	switch after := after.(type) {
	case map[string]any:
		if n.members != nil {
			return n.spliceObject(out, text, after)
		}
	case []any:
		if n.items != nil {
			return n.spliceArray(out, text, after)
		}
	}
	return encode(out, after)
}

func encode(out *bytes.Buffer, v any) error {
	text, err := gojq.Marshal(v)
	out.Write(text)
	return err
}

func (n *node) spliceObject(out *bytes.Buffer, text []byte, after map[string]any) error {
	out.WriteString("{")
	had, wrote := map[string]bool{}, 0
	separate := func(i int) {
		out.Write(n.separator(text, i, wrote == 0))
		wrote++
	}
	for i := range n.members {
		m := &n.members[i]
		had[m.name] = true
		value, kept := after[m.name]
		if !kept {
			continue
		}
		separate(i)
		out.Write(text[m.start:m.value.start]) // the name, and blanks around the colon
		if err := m.value.splice(out, text, value); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if had[name] {
			continue
		}
		separate(len(n.members) - 1)
		if err := encode(out, name); err != nil {
			return err
		}
		out.WriteByte(':')
		if len(n.members) > 0 { // a blank behind the colon, as the others have it
			m := n.members[len(n.members)-1]
			out.Write(text[m.colon+1 : m.value.start])
		}
		if err := encode(out, after[name]); err != nil {
			return err
		}
	}
	out.Write(n.closing(text))
	return nil
}

func (n *node) spliceArray(out *bytes.Buffer, text []byte, after []any) error {
	out.WriteString("[")
	for i, value := range after {
		out.Write(n.separator(text, min(i, len(n.items)-1), i == 0))
		var err error
		if i < len(n.items) {
			err = n.items[i].splice(out, text, value)
		} else {
			err = encode(out, value)
		}
		if err != nil {
			return err
		}
	}
	out.Write(n.closing(text))
	return nil
}

// Splice puts a JSON value that was edited into the text that it was made of: what
// says the same keeps its very bytes. Members that are new come last, by name.
func Splice(text, edited []byte) ([]byte, error) {
	after, err := parse(edited)
	if err != nil {
		return nil, err
	}
	return SpliceValue(text, after.value)
}

// SpliceValue is [Splice] for what isn't written as JSON: see [Set.Value].
func SpliceValue(text []byte, after any) ([]byte, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(text[:root.start])
	if err := root.splice(&out, text, after); err != nil {
		return nil, err
	}
	out.Write(text[root.end:])
	return out.Bytes(), nil
}

// Equal compares what jq works with: 1 and 1.0 are equal.
func Equal(a, b any) bool { return gojq.Compare(a, b) == 0 }

// Type names the type of a value as jq does.
func Type(v any) string { return gojq.TypeOf(v) }
