package dispose

import "github.com/evtctl/evtctl/internal/jq"

// Set is a change to a letter's value, written in jq, such as .currency = "EUR". What
// it doesn't touch keeps its very bytes: long numbers, the order of members, blanks.
type Set = jq.Set

// SetError is a change that can't be compiled.
type SetError = jq.SetError

// NewSet compiles a change. The environment, modules and other input can't be had.
func NewSet(query string) (*Set, error) { return jq.NewSet(query) }

// Splice puts a JSON value that was edited into the text that it was made of: what
// says the same keeps its very bytes. Members that are new come last, by name.
func Splice(text, edited []byte) ([]byte, error) { return jq.Splice(text, edited) }
