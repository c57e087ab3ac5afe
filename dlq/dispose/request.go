package dispose

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
)

// Action is what is to be done with letters.
type Action string

// The actions.
const (
	Replay  Action = "replay"
	Discard Action = "discard" // nothing is written but the ledger's entry
	Restore Action = "restore" // take the newest disposition back
	Retry   Action = "retry"   // replay what has waited long enough, and park the rest
	Import  Action = "import"  // write letters of a file into a topic; see [NewImport]
)

// Payload is whose key, value and headers are sent.
type Payload string

// The payloads.
const (
	FromDLQ  Payload = "dlq"      // the letter's own
	Original Payload = "original" // those of the record that it came from
)

// Order is what to do about a letter whose key has newer records in the target, which
// a replay would seem to be the newest of.
type Order string

// The policies.
const (
	Warn       Order = "warn"        // send it, and say so
	Skip       Order = "skip"        // don't send it
	LatestOnly Order = "latest-only" // skip, and of several letters of a key send the newest
	Force      Order = "force"       // send it without looking
)

// Partitioning is how the partition is chosen.
type Partitioning struct {
	// Number is the partition to write to; nil: as ByKey says.
	Number *int32 `json:"number"`
	// ByKey lets the key choose, as Java clients do. Otherwise it is the partition that
	// the letter came from, and the key where that is unknown.
	ByKey bool `json:"by_key"`
}

// ParsePartitioning reads original, key, or the number of a partition.
func ParsePartitioning(s string) (Partitioning, error) {
	switch s {
	case "", "original":
		return Partitioning{}, nil
	case "key":
		return Partitioning{ByKey: true}, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return Partitioning{}, fmt.Errorf("%q is neither original, key nor the number of a partition", s)
	}
	number := int32(n)
	return Partitioning{Number: &number}, nil
}

// Editor changes what is sent: it is given the record as it would be written, and says
// whether it changed it. An error leaves the letter out, with that reason; a
// [*LeaveError] does so as is meant to be.
type Editor interface {
	Edit(ctx context.Context, l *dlq.Letter, rec *kgo.Record) (changed bool, err error)
}

// LeaveError is an editor's wish not to send a letter.
type LeaveError struct {
	Kind string // as of a [Finding]
	Why  string
}

func (e *LeaveError) Error() string { return e.Why }

// DefaultMaxReplays is how often a letter may be sent back before it is parked.
const DefaultMaxReplays = 3

// Request says which letters of one topic, and what is to become of them. The zero
// value of a field leaves a condition out, or is the default.
type Request struct {
	Action Action
	// Query chooses letters; its topic is that of all. From, To, Limit and Order of it
	// aren't used.
	Query dlq.Query
	// Letters are the letters by name, all of Query.Topic. Query doesn't count then.
	Letters []dlq.Coordinates
	// Limit is the most letters to deal with; 0: all.
	Limit int

	To              string // the topic to send to; empty: each letter's origin
	Payload         Payload
	Partition       Partitioning
	Order           Order
	MaxReplays      int  // 0: [DefaultMaxReplays]; negative: any number
	AllowTombstones bool // null values may be sent though the source had one, or is unknown

	// Edit changes records, and EditText says in words how: it is kept with the plan.
	Edit     Editor
	EditText string
	Reason   string
	// QueryText says in words how the letters were chosen: it is kept with the plan.
	QueryText string

	// After is how long a letter must have been dead for [Retry]. It is doubled for
	// each time that it was sent back, up to MaxAfter; 0: up to [LongestWait].
	After, MaxAfter time.Duration
	Now             func() time.Time // nil: time.Now
}

// LongestWait is the most that a letter waits for being tried again, unless a request
// says otherwise.
const LongestWait = 24 * time.Hour

// wait is how long a letter must have been dead that was sent back so often.
func (r *Request) wait(before int) time.Duration {
	most := r.MaxAfter
	if most == 0 {
		most = LongestWait
	}
	most = max(most, r.After)
	wait := r.After
	for ; before > 0 && wait < most; before-- {
		wait = min(most, 2*wait)
		if wait <= 0 { // it overflowed
			wait = most
		}
	}
	return wait
}

func (r *Request) withDefaults() {
	if r.Payload == "" {
		r.Payload = FromDLQ
	}
	if r.Order == "" {
		r.Order = Warn
	}
	if r.MaxReplays == 0 {
		r.MaxReplays = DefaultMaxReplays
	}
	if r.Now == nil {
		r.Now = time.Now
	}
}

// RequestError is a request that makes no sense.
type RequestError struct{ problem, hint string }

func (e *RequestError) Error() string { return e.problem }

// Hint is a next step.
func (e *RequestError) Hint() string { return e.hint }

func askedf(hint, format string, args ...any) error {
	return &RequestError{fmt.Sprintf(format, args...), hint}
}

func (r *Request) check() error {
	for _, c := range r.Letters {
		if c.Topic != r.Query.Topic {
			return askedf("name letters of one topic at a time", "letter %s isn't of topic %q", c, r.Query.Topic)
		}
	}
	switch {
	case r.Query.Topic == "":
		return askedf("", "no topic is named")
	case dlq.IsInternal(r.Query.Topic):
		return askedf("\"evtctl dlq list\" shows the dead-letter topics", "topic %q is internal: it has no dead letters", r.Query.Topic)
	case dlq.IsInternal(r.To):
		return askedf("name a topic that consumers read", "topic %q is internal: nothing is sent there", r.To)
	case r.Action == Discard && r.Reason == "":
		return askedf("whoever looks for the letters later is to know why", "discarding letters needs a reason")
	case r.Limit < 0:
		return askedf("", "a limit of %d letters", r.Limit)
	}
	return nil
}
