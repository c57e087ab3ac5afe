package protobuf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/reporter"
)

// SyntaxError says why a schema was refused, and where that is written.
type SyntaxError struct {
	// File is the [Reference.Name] of the file at fault; empty for the schema itself.
	File string
	// Line and Column count from 1; columns count characters, tabs to the next
	// multiple of eight. Both are 0 where the file as a whole is refused.
	Line, Column int
	// Reason is lower case and without a full stop.
	Reason string

	hint string
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("parsing Protobuf schema")
	if e.File != "" {
		b.WriteString(" " + e.File)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d, column %d", e.Line, e.Column)
	}
	return b.String() + ": " + e.Reason
}

// Hint is a next step; it may be empty.
func (e *SyntaxError) Hint() string { return e.hint }

// refusal puts the compiler's first error into this package's form.
func refusal(err error, main string) error {
	e := &SyntaxError{Reason: err.Error()}
	var placed reporter.ErrorWithPos
	if errors.As(err, &placed) {
		at := placed.GetPosition()
		e.Line, e.Column, e.Reason = at.Line, at.Col, placed.Unwrap().Error()
		e.File = at.Filename
	}
	if e.File == main {
		e.File = ""
	}
	var missing *missingImport
	if errors.As(err, &missing) {
		e.Reason = missing.Error()
		e.hint = fmt.Sprintf("give it as a reference; in a registry that is a reference with the name %q", missing.name)
	}
	return e
}

// missingImport is an imported file that is neither a reference nor known to every compiler.
type missingImport struct{ name string }

func (e *missingImport) Error() string {
	return fmt.Sprintf("it imports %q, which is not among its references", e.name)
}
