package wire

import (
	"errors"
	"fmt"
)

// ErrNull says that there is nothing to decode: a tombstone, or no key.
var ErrNull = errors.New("null has no schema")

// FrameError says that a key or value doesn't say which schema it was written
// with. It may well be data of another kind, such as plain text.
type FrameError struct {
	Part     Part
	InHeader bool   // the id was looked for in the header
	Start    []byte // the first bytes, at most 16
	Reason   string
}

func (e *FrameError) Error() string {
	where := string(e.Part)
	if e.InHeader {
		where = "header " + e.Part.Header()
	}
	return fmt.Sprintf("schema id of the %s: %s", where, e.Reason)
}

// Hint guesses what the bytes are; it may be empty.
func (e *FrameError) Hint() string {
	if len(e.Start) == 0 || e.InHeader {
		return ""
	}
	switch b := e.Start[0]; {
	case b == '{' || b == '[':
		return "this looks like JSON without a schema"
	case b == 3 && len(e.Start) > 1 && (e.Start[1] == 0 || e.Start[1] == 5):
		return "this looks like the form of AWS Glue Schema Registry, which isn't read"
	case b >= ' ' && b < 0x7f:
		return "this looks like text without a schema"
	}
	return ""
}

// SchemaError says that the schema of data could not be had or used. The data
// itself was not looked at.
type SchemaError struct {
	ID  ID
	Err error
}

func (e *SchemaError) Error() string { return fmt.Sprintf("schema %s: %v", e.ID, e.Err) }

// Unwrap gives what the [Source] said, or the parser.
func (e *SchemaError) Unwrap() error { return e.Err }

// DataError says that data isn't what its schema says, or, from [Codec.Encode],
// that JSON isn't.
type DataError struct {
	ID     ID
	Format Format
	Name   string // full name of the record or message; may be empty
	// Path is the place in the data in the names of fields, as in
	// "customer.addresses[2].city", or, where the text itself or a JSON Schema is
	// violated, a JSON pointer. It is empty for the data as a whole, or where the place
	// is unknown.
	Path string
	// Offset is how many bytes after the frame the fault was found; -1 where it isn't
	// known.
	Offset int
	Reason string
}

func (e *DataError) Error() string {
	text := fmt.Sprintf("data of schema %s (%s", e.ID, e.Format)
	if e.Name != "" {
		text += " " + e.Name
	}
	text += ")"
	if e.Path != "" {
		text += ": " + e.Path
	}
	if e.Offset >= 0 {
		text += fmt.Sprintf(", at byte %d", e.Offset)
	}
	return text + ": " + e.Reason
}

// ReadError says that data that is what its own schema says can't be read with
// another one.
type ReadError struct {
	ID ID // of its own schema
	// Path is the place in the data, as in [DataError].
	Path string
	// Offset is how many bytes after the frame the place is; -1 where it isn't known.
	Offset int
	Reason string
}

func (e *ReadError) Error() string {
	text := "written with schema " + e.ID.String() + ": "
	if e.Path != "" {
		text += e.Path + ": "
	}
	return text + e.Reason
}

// readError turns what a language says into a ReadError.
func readError(id ID, err error) error {
	e := &ReadError{ID: id, Offset: -1, Reason: err.Error()}
	var f *fault
	if errors.As(err, &f) {
		e.Path, e.Offset = f.path, f.offset
	}
	return e
}

// fault is a DataError that doesn't know its schema yet.
type fault struct {
	path   string
	offset int
	reason string
}

func (f *fault) Error() string { return f.reason }

// faultf makes a fault without an offset. The words are Printf's.
func faultf(path, format string, args ...any) error {
	return &fault{path, -1, fmt.Sprintf(format, args...)}
}

// dataError turns what a language says into a DataError.
func dataError(id ID, l language, err error) error {
	e := &DataError{ID: id, Format: l.format(), Name: l.name(), Offset: -1, Reason: err.Error()}
	var f *fault
	if errors.As(err, &f) {
		e.Path, e.Offset = f.path, f.offset
	}
	return e
}
