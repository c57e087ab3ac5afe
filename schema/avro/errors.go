package avro

import (
	"errors"
	"fmt"
	"strings"
)

// SyntaxError says why a schema was refused, and where that is written.
type SyntaxError struct {
	// File is the [Reference.Name] of the file at fault; empty for the schema itself.
	File string
	// Line and Column count from 1; columns count characters. Both are 0 where the
	// file as a whole is refused.
	Line, Column int
	// Pointer is the JSON pointer to the value at fault; empty for the root, and
	// where the text isn't JSON.
	Pointer string
	// Reason is lower case and without a full stop.
	Reason string

	hint    string
	unknown bool // it is about a type that isn't known
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("parsing Avro schema")
	if e.File != "" {
		b.WriteString(" " + e.File)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d, column %d", e.Line, e.Column)
	}
	if e.Pointer != "" {
		fmt.Fprintf(&b, " (%s)", e.Pointer)
	}
	return b.String() + ": " + e.Reason
}

// Hint is a next step; it may be empty.
func (e *SyntaxError) Hint() string { return e.hint }

func (e *SyntaxError) hinted(hint string) *SyntaxError {
	e.hint = hint
	return e
}

// refuse makes the error for a place in the text.
func (d *document) refuse(offset int, pointer, reason string) *SyntaxError {
	e := &SyntaxError{File: d.name, Pointer: pointer, Reason: reason}
	if d.marks != nil {
		e.Line, e.Column = d.position(offset)
	}
	return e
}

// refuse makes the error for a value. The words are Printf's.
func (v *value) refuse(format string, args ...any) *SyntaxError {
	return v.doc.refuse(v.offset, v.pointer(), fmt.Sprintf(format, args...))
}

// ErrTooComplex is what [Check] returns for schemas whose comparison would take
// more time or memory than any real pair needs. They were not found compatible,
// nor incompatible. Apache Avro for Java ends with a stack overflow or runs out
// of memory on such pairs.
var ErrTooComplex = errors.New("comparing Avro schemas: too many combinations of types")
