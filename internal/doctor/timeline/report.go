package timeline

import (
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
)

// ReportVersion is the version of the JSON form of a [Report].
const ReportVersion = 1

// Report is the story of an id. Its JSON form is what scripts read; its lists are never
// nil.
type Report struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	TakenAt time.Time `json:"taken_at"`
	Window  Window    `json:"window"`
	// Interrupted says that the search was ended before its time: there may be more.
	Interrupted bool      `json:"interrupted"`
	Searched    Searched  `json:"searched"`
	Followed    []Link    `json:"followed"` // what found records named
	Events      []Event   `json:"events"`   // in the order of the story
	Missing     []Missing `json:"missing"`
	// Unread is what could not be read.
	Unread []Unread `json:"unread"`
	// Undecided are records that hold the bytes of the id in a key or value that can't
	// be decoded, and nowhere else: they may belong to the story.
	Undecided Undecided `json:"undecided"`
	// Parts counts the records that hold the id only as a part of something else.
	Parts int64    `json:"parts"`
	Notes []string `json:"notes"`
}

// Window is the time that was asked for; nil: no bound.
type Window struct {
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
}

// Searched is what was read.
type Searched struct {
	Records int64   `json:"records"` // those read twice count once
	Bytes   int64   `json:"bytes"`   // as brokers sent them
	Seconds float64 `json:"seconds"`
	Topics  []Topic `json:"topics"` // sorted by name
}

// Topic is one that was read.
type Topic struct {
	Name       string    `json:"topic"`
	Kind       TopicKind `json:"kind"`
	Partitions int       `json:"partitions"`
	// PartitionsRead is less than Partitions where only the key's partition was read.
	PartitionsRead int   `json:"partitions_read"`
	Records        int64 `json:"records"`
	Found          int   `json:"found"`
	// AppendTime says that its time stamps are the broker's, not the producers'.
	AppendTime bool `json:"log_append_time"`
}

// Link is an id that found records named.
type Link struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Records is how many carry it.
	Records int `json:"records"`
	// Dropped is why it was not followed; nil: it was.
	Dropped *string `json:"dropped"`
}

// Event is one record of the story. Pointers are nil where it doesn't say.
type Event struct {
	Coordinates dlq.Coordinates `json:"coordinates"`
	Topic       string          `json:"topic"`
	Partition   int32           `json:"partition"`
	Offset      int64           `json:"offset"`
	Kind        TopicKind       `json:"kind"`
	Timestamp   *time.Time      `json:"timestamp"`
	// SincePrevious is the time since the event before it. It is unknown for the first,
	// where a time is, and where ClocksDiffer: it came later and its clock says earlier.
	SincePrevious lag.Seconds `json:"since_previous_seconds"`
	ClocksDiffer  bool        `json:"clocks_differ"`
	// Type is that of the header, else the name of the value's schema.
	Type *string `json:"type"`
	// Key is text; KeyBytes is set instead where it isn't. Both are nil for a null key.
	// A long one is cut.
	Key           *string   `json:"key"`
	KeyBytes      []byte    `json:"key_base64"`
	KeyCut        bool      `json:"key_cut"`
	FoundBy       []How     `json:"found_by"`
	EventID       *string   `json:"event_id"`
	CorrelationID *string   `json:"correlation_id"`
	TraceID       *string   `json:"trace_id"`
	SpanID        *string   `json:"span_id"`
	ParentSpanID  *string   `json:"parent_span_id"`
	Letter        *Letter   `json:"letter"` // nil: it is none
	Groups        []Passage `json:"groups"` // sorted by name
}

// Letter is what a dead letter says of its death.
type Letter struct {
	Dialect string     `json:"dialect"`
	DiedAt  *time.Time `json:"died_at"`
	Origin  dlq.Origin `json:"origin"`
	Class   *string    `json:"class"`
	Message *string    `json:"message"`
	// Disposition is what was done about it; nil: nothing, or it isn't known, and then
	// DispositionError says why.
	Disposition      *string `json:"disposition"`
	DispositionError *string `json:"disposition_error"`
}

// Passage is whether a group has gone past a record. Kafka keeps no time of it.
type Passage struct {
	Group string   `json:"group"`
	Type  lag.Type `json:"type"`
	// Passed is nil where it isn't known.
	Passed *bool `json:"passed"`
	// Behind is how many offsets are left up to and with the record; unknown, or 0 when
	// it has passed.
	Behind lag.Int `json:"behind"`
	// Committed is unknown for a group that has no commit here.
	Committed lag.Int `json:"committed_offset"`
	Reason    *string `json:"reason"` // why it isn't known
}

// What can be missing.
const (
	NotConsumed    = "not-consumed"    // a group has not gone past the record
	NeverCommitted = "never-committed" // a group reads the topic, and has no commit in the partition
	Undisposed     = "undisposed"      // a letter that nobody has dealt with
	ExpectedStep   = "expected"        // a step that no record stands for
	OriginExpired  = "origin-expired"  // retention has deleted the record that a letter came from
	OriginOutside  = "origin-outside"  // the window leaves it out
)

// Missing is something that the story should have and has not.
type Missing struct {
	What        string           `json:"what"`
	Coordinates *dlq.Coordinates `json:"coordinates"` // nil for an expected step
	Group       *string          `json:"group"`
	Behind      lag.Int          `json:"behind"`
	Step        *string          `json:"step"`
	// Records is how many of the story it is about: a group that has not gone past a
	// record has not gone past those after it either.
	Records int `json:"records"`
}

// Unread is a part of the cluster that could not be read: a topic as a whole
// (Partition -1), a partition (To 0), or a stretch of one.
type Unread struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"` // the first offset after it
	Reason    string `json:"reason"`
}

// Undecided are records that could not be looked into.
type Undecided struct {
	Records  int64             `json:"records"`
	Reason   *string           `json:"reason"`   // of the first
	Examples []dlq.Coordinates `json:"examples"` // up to ten
}
