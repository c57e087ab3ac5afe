package replay

import "fmt"

// RequestError is a replay asked for wrongly: an unknown group, a live one, a topic
// that isn't there.
type RequestError struct {
	Reason string
	hint   string
}

func (e *RequestError) Error() string { return e.Reason }

// Hint is the next step; it may be empty.
func (e *RequestError) Hint() string { return e.hint }

func askedf(hint, format string, args ...any) error {
	return &RequestError{fmt.Sprintf(format, args...), hint}
}

// StaleError is a plan that no longer fits the cluster.
type StaleError struct{ Reason string }

func (e *StaleError) Error() string { return "the plan no longer holds: " + e.Reason }

// Hint is the next step.
func (e *StaleError) Hint() string { return "make the plan anew" }
