package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// CheckVersion is the version of the JSON form of a [Check].
const CheckVersion = 1

// DefaultIDHeader is the header that has a record's event id, where nothing else is
// said.
const DefaultIDHeader = "event-id"

// CheckRequest says what to look at: what must be true before records can be read
// twice without harm.
type CheckRequest struct {
	Topic      string
	Partitions []int32 // empty: all
	// Group, when set, ends the span where the group stands: what it has read.
	Group string
	// From and Until bound the span; nil: from the log's start, and to its end (or to
	// where Group stands).
	From, Until *Position
	IDHeader    string // empty: DefaultIDHeader
	// Remember is how many ids, and how many keys, are kept in memory: each takes some
	// 100 bytes. 0: a million. What comes after is compared with those only.
	Remember int
	// MaxRecords and MaxTime end the reading early, which the answer says; 0: they don't.
	MaxRecords int64
	MaxTime    time.Duration
	// Timeout bounds each question to the cluster; 0: only ctx does.
	Timeout time.Duration
	Now     time.Time
	// Progress, when set, is told how many of how many offsets were passed.
	Progress func(done, total int64)
	// Visit, when set, is given each record that is read. Its error ends reading and is
	// returned.
	Visit func(*kgo.Record) error

	idsOnly bool  // keys aren't looked at
	taken   int64 // records that count for MaxRecords already

	pieceOffsets int64     // that are read by themselves; 0: as many as usual
	began        time.Time // of MaxTime; zero: with the reading
}

// Check is what a span of a topic shows about its event ids and the order of its keys.
// Aborted transactions are left out.
type Check struct {
	Version  int           `json:"version"`
	Topic    string        `json:"topic"`
	IDHeader string        `json:"id_header"`
	Spans    []CheckedSpan `json:"spans"`
	Records  int64         `json:"records"`
	// Duplicates are records with an event id that a record before had.
	Duplicates Finding `json:"duplicate_ids"`
	// WithoutID are records that have no event id, or an empty one.
	WithoutID Finding `json:"without_id"`
	// OutOfOrder are records that are older than one before of the same key in the same
	// partition.
	OutOfOrder Finding `json:"out_of_order"`
	// Spread are keys that are in several partitions: no consumer reads their records
	// in order.
	Spread Finding `json:"spread_keys"`
	// NotRemembered are how many ids and keys came after memory was full; what
	// duplicates or disorder there is among those isn't known.
	NotRemembered int64 `json:"not_remembered"`
	// Stopped: MaxRecords or MaxTime ended it before all of the span was read.
	Stopped bool `json:"stopped_early"`
	// Safe: nothing was found, and all of the span was read and compared.
	Safe bool `json:"safe"`
}

// CheckedSpan is what was read of a partition.
type CheckedSpan struct {
	Partition int32  `json:"partition"`
	From      int64  `json:"from_offset"`
	To        int64  `json:"to_offset"` // the first that isn't in it
	Reached   int64  `json:"reached"`   // To, unless Error, or stopped early
	Error     string `json:"error"`     // empty when all was read
}

// Finding counts records of a kind and shows the first few.
type Finding struct {
	Count    int64    `json:"count"`
	Examples []Repeat `json:"examples"`
}

// Repeat is a record, and the one before that it goes against.
type Repeat struct {
	At
	Before *At `json:"before"` // null: it needs none
}

// CheckIdempotent reads a span of a topic and counts what a consumer would trip over
// that gets it a second time. A partition that can't be read to its end is in the
// answer with why. A broker that gives no answer in time ends it with an error.
func CheckIdempotent(ctx context.Context, cl *kgo.Client, r Reader, req CheckRequest) (*Check, error) {
	var spans []span
	err := req.bounded(ctx, func(ctx context.Context) (err error) {
		spans, err = checkSpans(ctx, r, req)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checking topic %q: %w", req.Topic, err)
	}
	return checkRecords(ctx, cl, req, spans)
}

// bounded asks the cluster something, for as long as one question may take.
func (r CheckRequest) bounded(ctx context.Context, ask func(context.Context) error) error {
	if r.Timeout <= 0 {
		return ask(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	return ask(ctx)
}

// checkRecords looks at spans one after the other: what a record goes against is the one
// before it, so that an answer is the same each time. What comes is read ahead.
func checkRecords(ctx context.Context, cl *kgo.Client, req CheckRequest, spans []span) (*Check, error) {
	var reader *spanReader
	err := req.bounded(ctx, func(ctx context.Context) (err error) {
		reader, err = newSpanReader(ctx, cl, aheadBytes, req.Topic)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checking topic %q: %w", req.Topic, err)
	}
	reader.limit = req.Timeout
	c := newChecker(req)
	err = c.spans(ctx, c.readAhead(ctx, reader, spans), spans, req.Progress)
	switch {
	case c.visited != nil:
		return nil, c.visited
	case err != nil:
		return nil, fmt.Errorf("checking topic %q: %w", req.Topic, err)
	}
	return c.conclude(), nil
}

// checkSpans works out what to read, by the rules of plans.
func checkSpans(ctx context.Context, r Reader, req CheckRequest) ([]span, error) {
	p := &planner{r: r, req: Request{To: Start, Until: req.Until, Now: req.Now}}
	p.req.Topics = []Selection{{Topic: req.Topic, Partitions: req.Partitions, To: req.From}}
	if req.Topic == "" {
		return nil, askedf("name it with --topic", "the topic's name is empty")
	}
	if req.Group != "" {
		var err error
		if p.committed, err = position(ctx, r, req.Group); err != nil {
			return nil, err
		}
	}
	if err := p.readLogs(ctx); err != nil {
		return nil, err
	}
	if err := p.place(ctx); err != nil {
		return nil, err
	}
	var spans []span
	for _, m := range p.plan().Moves {
		s := span{partition{m.Topic, m.Partition}, m.NewOffset, m.LogEnd}
		switch {
		case m.UntilOffset != nil:
			s.to = *m.UntilOffset
		case req.Group != "" && m.PriorOffset == nil:
			s.to = s.from // it has read nothing there
		case req.Group != "":
			s.to = max(s.from, min(*m.PriorOffset, m.LogEnd))
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// conclude judges.
func (c *checker) conclude() *Check {
	k := c.check
	k.Safe = !k.Stopped && k.Duplicates.Count+k.WithoutID.Count+k.OutOfOrder.Count+k.Spread.Count+k.NotRemembered == 0 &&
		!slices.ContainsFunc(k.Spans, func(s CheckedSpan) bool { return s.Error != "" })
	return k
}
