package dlq

import (
	"bytes"
	"cmp"
	"io"
	"strings"
	"time"
)

// Letter is one dead-lettered record. Pointers are nil where a letter doesn't say.
// Its JSON form is what scripts read.
type Letter struct {
	Coordinates Coordinates
	// Dialect names the convention; empty for a record without any known headers.
	Dialect string
	// DiedAt is when it was written to the dead-letter topic. It is nil where the
	// record carries the time stamp of its source, as Connect's and Streams' do.
	DiedAt *time.Time
	// Timestamp is the record's own, whatever it means in this dialect.
	Timestamp *time.Time
	Origin    Origin
	Cause     Cause
	// Key and Value are nil when they are null. They are the record's own bytes.
	Key, Value []byte
	Headers    []Header
	// Problems are what could not be read, header by header; never nil.
	Problems []Problem
	// Decoded is nil until [Letter.Decode].
	Decoded *Decoded
	// SourceDiffers is nil until [Compare].
	SourceDiffers *bool
	// Disposition is nil for a letter that nobody has dealt with, or where nobody was
	// asked.
	Disposition *Disposition
	// ExpiresAt is when retention may delete it; nil: never, or unknown.
	ExpiresAt *time.Time

	appendTime bool // Timestamp is the broker's
}

// Origin is where a letter was read from when it failed.
type Origin struct {
	Topic     *string    `json:"topic"`
	Partition *int32     `json:"partition"`
	Offset    *int64     `json:"offset"`
	Timestamp *time.Time `json:"timestamp"`
	Group     *string    `json:"group"`
}

// Cause is why a letter died.
type Cause struct {
	// Class is that of the real cause where it is known, else of the exception.
	Class   *string `json:"class"`
	Message *string `json:"message"`
	// Fingerprint is the same for letters that died alike; see [Fingerprint].
	Fingerprint string `json:"fingerprint"`
	// Frame is the topmost frame of the application in the stack trace.
	Frame    *string `json:"frame"`
	Stack    *string `json:"stack"`
	Attempts *int64  `json:"attempts"`
}

// Problem is a header that could not be read, or that contradicts another.
type Problem struct {
	Field  string `json:"field"`  // as in the JSON of a letter: origin.offset
	Header string `json:"header"` // empty when it is about several
	Reason string `json:"reason"`
}

// Detach copies what the letter shares with others of its batch: its bytes, and those
// of what is decoded, which may be the same. Who keeps a few of many would keep the
// others' bytes too.
func (l *Letter) Detach() {
	l.Key, l.Value = bytes.Clone(l.Key), bytes.Clone(l.Value)
	for i := range l.Headers {
		l.Headers[i].Value = bytes.Clone(l.Headers[i].Value)
	}
	if l.Decoded != nil {
		d := *l.Decoded
		d.Key.JSON, d.Value.JSON = bytes.Clone(d.Key.JSON), bytes.Clone(d.Value.JSON)
		l.Decoded = &d
	}
}

// briefBytes is how much of a text a list shows at most.
const briefBytes = 500

// shorten keeps what a list shows of a letter, and none of the memory of its batch.
func (l *Letter) shorten() {
	l.Key, l.Value, l.Problems = bytes.Clone(l.Key[:min(len(l.Key), briefBytes)]), nil, []Problem{}
	for _, text := range []**string{&l.Cause.Class, &l.Cause.Message, &l.Cause.Frame, &l.Origin.Group} {
		if *text != nil && len(**text) > briefBytes {
			short := strings.Clone(clip(**text, briefBytes))
			*text = &short
		}
	}
}

// MarshalJSON implements [json.Marshaler].
func (l *Letter) MarshalJSON() ([]byte, error) {
	var m members
	var err error
	m.object(func() { err = l.members(&m) })
	return m.buf.Bytes(), err
}

// WriteJSON writes the same in pieces, so that a large letter isn't in memory twice. What
// is decoded is written as it is, blanks and all.
func (l *Letter) WriteJSON(w io.Writer) error {
	m := members{w: w}
	var err error
	m.object(func() { err = l.members(&m) })
	m.passAll()
	return cmp.Or(err, m.err)
}

func (l *Letter) members(m *members) error {
	m.text("coordinates", l.Coordinates.String())
	rest := []encoded{
		{"dialect", orNil(l.Dialect)},
		{"died_at", utc(l.DiedAt)}, {"timestamp", utc(l.Timestamp)}, {"origin", l.Origin.utc()}, {"cause", l.Cause},
	}
	if err := m.all(rest); err != nil {
		return err
	}
	m.data("key", l.Key)
	m.data("value", l.Value)
	m.headers(l.Headers)
	if err := cmp.Or(m.json("problems", orEmpty(l.Problems)), m.decoded(l.Decoded)); err != nil {
		return err
	}
	return m.all([]encoded{{"source_differs", l.SourceDiffers}, {"disposition", l.Disposition}, {"expires_at", utc(l.ExpiresAt)}})
}

func (o Origin) utc() Origin {
	o.Timestamp = utc(o.Timestamp)
	return o
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
