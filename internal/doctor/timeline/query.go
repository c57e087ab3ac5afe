package timeline

import (
	"fmt"
	"path"
	"sort"
	"strings"
	"time"
)

// DefaultLimit is how many records one id may be in.
const DefaultLimit = 1000

// maxLimit bounds what a user may ask for: found records are kept in memory.
const maxLimit = 100_000

// DefaultMaxLinked bounds what all the ids that are followed lead to: each of them may be
// in as many records as the limit allows.
const DefaultMaxLinked = 100_000

// Query says what to look for, and where. Zero values leave a condition out.
type Query struct {
	ID string
	// Topics are names, or patterns as of [path.Match]; empty: all that aren't Kafka's
	// own or evtctl's.
	Topics []string
	// Since and Until compare with the time stamps of records; Until is not in it.
	Since, Until time.Time
	// Groups are those that should have read what is found; empty: all that read the
	// topics.
	Groups []string
	// Expect are steps that the story should have; see [Report.Missing].
	Expect []string
	// Limit is how many records one id may be in; 0: DefaultLimit.
	Limit int
	// Key says that the id is a record's key: of topics that hold neither letters nor
	// retries only the partition is read that Kafka's own partitioner puts it into.
	Key bool
	// NoFollow leaves out what found records name: their trace, correlation, events, key.
	NoFollow bool
	// All reads every partition even where the id was found as a key.
	All bool
}

// RequestError is a question asked wrongly.
type RequestError struct{ Problem, Hint string }

func (e *RequestError) Error() string { return e.Problem }

// TooManyError tells of an id that is in too many records to be one story.
type TooManyError struct {
	ID     string
	Limit  int
	Read   int64            // records looked at until then
	Topics map[string]int64 // matches by topic
}

func (e *TooManyError) Error() string {
	names := make([]string, 0, len(e.Topics))
	for name := range e.Topics {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := e.Topics[names[i]], e.Topics[names[j]]
		return a > b || a == b && names[i] < names[j]
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%d in %s", e.Topics[name], name)
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("the rest in %d more topics", len(names)-3))
	}
	return fmt.Sprintf("%q is in more records than the limit of %d: %s; of %d read so far: it is no id of one story",
		clip(e.ID), e.Limit, strings.Join(names, ", "), e.Read)
}

// maxID bounds what is looked for.
const maxID = 1000

func (q *Query) check() error {
	wrong := func(hint, format string, args ...any) error {
		return &RequestError{fmt.Sprintf(format, args...), hint}
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	switch {
	case strings.TrimSpace(q.ID) == "":
		return wrong("the id of a trace, a correlation, an event or an order", "the id is empty")
	case len(q.ID) > maxID:
		return wrong("", "the id has %d bytes, and at most %d are looked for", len(q.ID), maxID)
	case q.Limit < 1 || q.Limit > maxLimit:
		return wrong("such as 1000", "a limit of %d: it must be from 1 to %d", q.Limit, maxLimit)
	case !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until):
		return wrong("give the earlier time first", "no record can be from %s on and before %s", q.Since.UTC().Format(time.RFC3339), q.Until.UTC().Format(time.RFC3339))
	case q.Key && q.All:
		return wrong("leave one of them out", "only the key's partition, and all partitions, can't both be read")
	}
	for _, pattern := range q.Topics {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return wrong("such as order-events or 'order-*'", "%q is no pattern for topics", pattern)
		}
	}
	for _, step := range q.Expect {
		if strings.TrimSpace(step) == "" {
			return wrong("such as placed,paid,shipped", "an expected step is empty")
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

func isPattern(s string) bool { return strings.ContainsAny(s, `*?[\`) }

func matches(pattern, topic string) bool {
	ok, err := path.Match(pattern, topic)
	return err == nil && ok
}
