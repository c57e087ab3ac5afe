package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
	"github.com/evtctl/evtctl/replay/copies"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

// Exit codes. They are part of the command line's contract.
const (
	ExitDone        = 0   // done, or nothing to do
	ExitFailed      = 1   // could not: unreachable, not authorised, time limit
	ExitUsage       = 2   // asked wrongly, or a write that nobody confirmed
	ExitBadNews     = 3   // it worked, and the answer is bad
	ExitPartial     = 4   // part of it was done
	ExitInterrupted = 130 // Ctrl-C
)

// Failure is what a person and a script are told of an error.
type Failure struct {
	Code    int
	Message string // empty: the answer on stdout says it all
	Hint    string // the next step; may be empty
}

// usageError is a question asked wrongly.
type usageError struct{ problem, hint string }

func (e *usageError) Error() string { return e.problem }
func (e *usageError) Hint() string  { return e.hint }

func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// hintedError is a failure with a next step.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }
func (e *hintedError) Hint() string  { return e.hint }

// answerError ends a command whose answer is on stdout already, with its exit code.
type answerError struct{ code int }

func (e answerError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// partialError ends a command that did a part of what it was asked, with what
// happened to the rest.
type partialError struct{ err error }

func (e *partialError) Error() string { return e.err.Error() }
func (e *partialError) Unwrap() error { return e.err }

// Exit turns an error into what is said about it and the exit code.
func Exit(err error) Failure {
	var hinted interface{ Hint() string }
	f := Failure{Code: ExitFailed}
	if err == nil {
		return Failure{}
	}
	f.Message = err.Error()
	if errors.As(err, &hinted) {
		f.Hint = hinted.Hint()
	}
	var (
		answer   answerError
		usage    *usageError
		config   *cluster.UsageError
		format   *render.FormatError
		notFound *lag.GroupsNotFoundError
		noTopic  *lag.TopicNotFoundError
		partial  *partialError
		connect  *cluster.ConnectError
		asked    *schema.RequestError
		scenario *orderflow.UnknownScenarioError
		canary   *canaryError
		where    *dlq.WhereError
		noLetter *dlq.NoRecordError
		replayed *replay.RequestError
		stale    *replay.StaleError
		position *replay.PositionError
	)
	switch {
	case errors.As(err, &answer):
		return Failure{Code: answer.code}
	case errors.Is(err, context.Canceled):
		return Failure{Code: ExitInterrupted, Message: "interrupted"}
	case errors.Is(err, syscall.EPIPE) && !errors.As(err, &connect): // whoever read the answer has enough of it
		return Failure{Code: ExitDone}
	case errors.As(err, &usage), errors.As(err, &config), errors.As(err, &format), errors.As(err, &asked), errors.As(err, &scenario),
		errors.As(err, &where), errors.Is(err, render.ErrNotConfirmed), isWrongDisposal(err), isWrongCopy(err),
		errors.As(err, &replayed), errors.As(err, &stale), errors.As(err, &position),
		errors.Is(err, sandbox.ErrNotLoopback), errors.Is(err, sandbox.ErrForeignDir):
		f.Code = ExitUsage
	case errors.As(err, &notFound):
		f.Code, f.Hint = ExitUsage, notFoundHint(notFound)
	case errors.As(err, &noTopic):
		f.Code, f.Hint = ExitUsage, "\"evtctl lag --by topic\" lists the topics that groups read"
	case errors.As(err, &noLetter):
		f.Code, f.Hint = noLetterExit(noLetter)
	case errors.As(err, &partial), errors.As(err, &canary):
		f.Code = ExitPartial
	case errors.Is(err, registry.ErrIncompatible):
		f.Code = ExitBadNews
	}
	return f
}

// isWrongDisposal tells what was asked wrongly about letters.
func isWrongDisposal(err error) bool {
	var (
		request *dispose.RequestError
		changed *dispose.ChangedError
		set     *dispose.SetError
		order   *dispose.OrderUnknownError
		archive *dlq.ArchiveError
	)
	return errors.As(err, &request) || errors.As(err, &changed) || errors.As(err, &set) || errors.As(err, &order) || errors.As(err, &archive)
}

// isWrongCopy tells what was asked wrongly about copies.
func isWrongCopy(err error) bool {
	var (
		request *copies.RequestError
		changed *copies.ChangedError
		where   *copies.WhereError
	)
	return errors.As(err, &request) || errors.As(err, &changed) || errors.As(err, &where)
}

func notFoundHint(e *lag.GroupsNotFoundError) string {
	if len(e.Near) > 0 {
		return "there is " + strings.Join(e.Near, ", ")
	}
	return "\"evtctl lag\" lists the groups of the cluster"
}

// noLetterExit tells coordinates that never were from letters that are no more.
func noLetterExit(e *dlq.NoRecordError) (code int, hint string) {
	switch e.Absence {
	case dlq.NoPartition, dlq.BeyondEnd:
		return ExitUsage, "\"evtctl dlq browse " + e.Coordinates.Topic + "\" shows the letters there are"
	case dlq.Uncommitted:
		return ExitFailed, "try again when the transaction has ended"
	}
	return ExitFailed, ""
}
