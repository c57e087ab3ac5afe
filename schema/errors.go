package schema

import (
	"errors"
	"fmt"
)

// RequestError is a question asked wrongly: an unknown mode, a file that isn't
// there, a subject named twice.
type RequestError struct {
	Err  error
	hint string
}

func (e *RequestError) Error() string { return e.Err.Error() }
func (e *RequestError) Unwrap() error { return e.Err }

// Hint is the next step; it may be empty.
func (e *RequestError) Hint() string { return e.hint }

func asked(err error, hint string) error { return &RequestError{err, hint} }

func askedf(hint, format string, args ...any) error { return asked(fmt.Errorf(format, args...), hint) }

// BaselineError means that a baseline as a whole can't be read, so that no
// candidate can be checked against it.
type BaselineError struct{ Err error }

func (e *BaselineError) Error() string { return e.Err.Error() }
func (e *BaselineError) Unwrap() error { return e.Err }

// ends tells an error that concerns all candidates from one that concerns one.
func ends(err error) bool {
	var request *RequestError
	var baseline *BaselineError
	return errors.As(err, &request) || errors.As(err, &baseline)
}

// SyntaxError is a mistake in the text of a schema. It says what its language does,
// whose error it wraps.
type SyntaxError struct {
	// File is the [Source.Path] of a schema that is referred to; empty for the schema
	// itself.
	File         string
	Line, Column int // from 1; 0 where the file as a whole is refused
	Err          error
}

func (e *SyntaxError) Error() string { return e.Err.Error() }
func (e *SyntaxError) Unwrap() error { return e.Err }

// versionError is an earlier version that couldn't be read or compared. What is at
// fault isn't the candidate's file.
type versionError struct {
	label, subject string
	err            error
}

func (e *versionError) Error() string {
	return fmt.Sprintf("%s of subject %q: %v", e.label, e.subject, e.err)
}
func (e *versionError) Unwrap() error { return e.err }

// resultError takes an error apart for people and programs.
func resultError(path string, err error) *ResultError {
	e := &ResultError{Message: err.Error(), Err: err}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		e.Hint = hinted.Hint()
	}
	var old *versionError
	if errors.As(err, &old) {
		return e
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		e.File, e.Line, e.Column = syntax.File, syntax.Line, syntax.Column
		if e.File == "" {
			e.File = path
		}
	}
	return e
}
