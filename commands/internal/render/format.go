package render

import (
	"fmt"
	"slices"
	"strings"
)

// Format is a form of output, the value of -o.
type Format string

// The formats every reading command offers.
const (
	Table Format = "table" // for people; the default
	Wide  Format = "wide"  // a table with all columns, never cut
	JSON  Format = "json"  // one document
	JSONL Format = "jsonl" // one compact object a line
	YAML  Format = "yaml"  // the JSON document as YAML
	CSV   Format = "csv"   // all columns, raw values
)

var standardFormats = []Format{Table, Wide, JSON, JSONL, YAML, CSV}

// FormatError is the answer to a -o that is not on offer: a wrong question, exit
// code 2.
type FormatError struct {
	Name    string   // what was asked
	Allowed []string // what is on offer
}

// Error names the format and those on offer.
func (e *FormatError) Error() string {
	return fmt.Sprintf("output format %q is not one of %s", e.Name, strings.Join(e.Allowed, ", "))
}

// Hint is the next step.
func (e *FormatError) Hint() string { return "-o " + strings.Join(e.Allowed, "|") }

// ParseFormat turns the value of -o into a Format. More are those a command offers
// beyond the usual ones and prints itself, such as "prometheus". A name that is
// none of them is a [*FormatError].
func ParseFormat(name string, more ...Format) (Format, error) {
	if allowed := Formats(more...); !slices.Contains(allowed, name) {
		return "", &FormatError{Name: name, Allowed: allowed}
	}
	return Format(name), nil
}

// Formats are the names on offer, in the order help shows them.
func Formats(more ...Format) []string {
	var names []string
	for _, f := range slices.Concat(standardFormats, more) {
		names = append(names, string(f))
	}
	return names
}
