package exactly

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// TakenOverError says that another run has initialised the same transactional id:
// this one may write no more. What it committed is in the ledger.
type TakenOverError struct {
	TransactionalID string
	Err             error
}

func (e *TakenOverError) Error() string {
	return fmt.Sprintf("writing as %q: another run has taken over", e.TransactionalID)
}

func (e *TakenOverError) Unwrap() error { return e.Err }

// Hint is a next step.
func (e *TakenOverError) Hint() string {
	return "nothing is lost or doubled; let the other run finish, then run this again for what it leaves"
}

// NotPermittedError says that the user may not use the transactional id.
type NotPermittedError struct {
	TransactionalID string
	Err             error
}

func (e *NotPermittedError) Error() string {
	return fmt.Sprintf("writing as %q: the transactional id isn't permitted to this user", e.TransactionalID)
}

func (e *NotPermittedError) Unwrap() error { return e.Err }

// Hint is a next step.
func (e *NotPermittedError) Hint() string {
	return "ask for the operations WRITE and DESCRIBE on this transactional id, or choose at-least-once by name"
}

// StalledError says that the cluster made no progress for so long that the run gave
// up. What was committed before is in the ledger.
type StalledError struct {
	Doing string
	After time.Duration
	// Shortages name partitions with fewer replicas in sync than they need.
	Shortages []string
	Err       error
}

func (e *StalledError) Error() string {
	s := fmt.Sprintf("%s: no progress for %s", e.Doing, e.After.Round(time.Second))
	if len(e.Shortages) > 0 {
		return s + ": not enough replicas in sync: " + strings.Join(e.Shortages, ", ")
	}
	if e.Err != nil {
		return s + ": " + e.Err.Error()
	}
	return s
}

func (e *StalledError) Unwrap() error { return e.Err }

// Hint is a next step.
func (e *StalledError) Hint() string {
	return "run the same again when the cluster is well: it goes on where this run ended"
}

// ErrAborted says that the run was ended at once; the transaction under way was
// aborted.
var ErrAborted = errors.New("ended at once: the transaction under way was aborted")

// isFenced tells the errors by which a broker says that a newer producer has the
// transactional id, or that it ended this one's transaction itself.
func isFenced(err error) bool {
	return isAny(err, kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping, kerr.InvalidTxnState)
}

// isRecordError tells the errors that one record brings upon its batch.
func isRecordError(err error) bool {
	return isAny(err, kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord,
		kerr.InvalidTimestamp, kerr.CorruptMessage, kerr.PolicyViolation, kerr.UnsupportedForMessageFormat)
}

// isTopicError tells the errors that all records of a topic have in common.
func isTopicError(err error) bool {
	return isAny(err, kerr.TopicAuthorizationFailed, kerr.UnknownTopicOrPartition, kerr.UnknownTopicID, kerr.InvalidTopicException)
}

func isAny(err error, kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
