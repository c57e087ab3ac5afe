package dispose

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/internal/jq"
)

// Set is a change to a letter's value, written in jq, such as .currency = "EUR". What
// it doesn't touch keeps its very bytes: long numbers, the order of members, blanks.
type Set struct{ jq *jq.Set }

// maxSetValues is how many values JSON may have to be changed by jq: more would take tens
// of megabytes.
const maxSetValues = 600_000

// Apply gives a changed text.
func (s *Set) Apply(ctx context.Context, text []byte) ([]byte, error) {
	if jq.Values(text) > maxSetValues {
		return nil, fmt.Errorf("its JSON has more than %d values: too many to be changed by jq", maxSetValues)
	}
	return s.jq.Apply(ctx, text)
}

// SetError is a change that can't be compiled.
type SetError = jq.SetError

// NewSet compiles a change. The environment, modules and other input can't be had.
func NewSet(query string) (*Set, error) {
	set, err := jq.NewSet(query)
	if err != nil {
		return nil, err
	}
	return &Set{set}, nil
}

// Splice puts a JSON value that was edited into the text that it was made of: what
// says the same keeps its very bytes. Members that are new come last, by name.
func Splice(text, edited []byte) ([]byte, error) { return jq.Splice(text, edited) }
