package copies

import (
	"fmt"

	"github.com/evtctl/evtctl/internal/exactly"
)

// RequestError is a copy asked for wrongly.
type RequestError struct{ reason, hint string }

func (e *RequestError) Error() string { return e.reason }

// Hint is a next step; it may be empty.
func (e *RequestError) Hint() string { return e.hint }

func askedf(hint, format string, args ...any) error {
	return &RequestError{fmt.Sprintf(format, args...), hint}
}

// ChangedError is a plan that doesn't fit the clusters any more.
type ChangedError struct{ What string }

func (e *ChangedError) Error() string { return "the plan doesn't hold any more: " + e.What }

// Hint is a next step.
func (e *ChangedError) Hint() string { return "make a new plan: nothing was written" }

// LedgerError says why what is kept of copies can't be trusted. Nothing is written
// then.
type LedgerError struct{ problem, hint string }

func (e *LedgerError) Error() string { return "topic " + Topic + ": " + e.problem }

// Hint is a next step.
func (e *LedgerError) Hint() string { return e.hint }

// LostError says that the ledger was deleted, or is an older one: what it doesn't know
// any more would be copied again. Nothing is written then.
type LostError struct{ proof string }

func (e *LostError) Error() string {
	return "topic " + Topic + ": " + e.proof + ": it was deleted, and with it what was copied already"
}

// Hint is a next step.
func (e *LostError) Hint() string {
	return "--verify compares what is there, and copies nothing; a new topic with --to takes a copy of all"
}

// EndedError says that a copy ended early, as all that follows would fail alike. What
// was copied before stays, and the same again goes on from there.
type EndedError struct {
	What string
	Err  error
}

func (e *EndedError) Error() string { return e.What + ": " + e.Err.Error() }

func (e *EndedError) Unwrap() error { return e.Err }

// Hint is a next step.
func (e *EndedError) Hint() string {
	return "once that is mended, run the same again: it goes on where this ended"
}

// UnavailableError says that data can't be decoded or changed for now, for a reason that
// has nothing to do with the data, such as a registry that doesn't answer.
type UnavailableError struct{ Err error }

func (e *UnavailableError) Error() string { return e.Err.Error() }

func (e *UnavailableError) Unwrap() error { return e.Err }

// NotPermittedError says that the user may not use the transactional id.
type NotPermittedError = exactly.NotPermittedError
