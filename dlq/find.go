package dlq

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// FoundVersion is the version of the JSON form of [Found].
const FoundVersion = 1

// Bounds of the search.
const (
	peek        = 20  // newest letters of a topic that are looked at
	atOnce      = 4   // topics that are looked at at the same time
	maxPeeked   = 500 // topics without a telling name that are looked into
	queueConfig = "errors.deadletterqueue."
)

// FindRequest says where to look.
type FindRequest struct {
	Topics []string // empty: all topics of the cluster
	// Count reads all letters: their number is exact then. Else it is what the
	// offsets span, which transaction markers and compaction make too large.
	Count bool
	// Named leaves out topics that only their records tell to be one: those take time, as
	// each has to be looked into.
	Named bool
}

// Found are the dead-letter topics of a cluster.
type Found struct {
	Version int     `json:"version"`
	Queues  []Queue `json:"queues"` // sorted by topic
	// Retries are topics that hold letters on their way to another try. Their framework
	// reads them itself.
	Retries []string `json:"retries"`
	// Notes tell what could not be seen; never empty: what Connect is configured to do
	// is not in the cluster.
	Notes []string `json:"notes"`
}

// Queue is a dead-letter topic.
type Queue struct {
	Topic string `json:"topic"`
	// Because is why it is one: name, records, group-config or topic-config.
	Because []string `json:"because"`
	// Letters is an upper bound unless Exact is true.
	Letters int64 `json:"letters"`
	Exact   bool  `json:"exact"`
	// Undisposed is nil where dispositions aren't known; an upper bound as Letters is.
	Undisposed *int64 `json:"undisposed"`
	// Oldest and Newest are time stamps of letters.
	Oldest *time.Time `json:"oldest"`
	Newest *time.Time `json:"newest"`
	// LastHour is how many letters have a time stamp in the last hour, as offsets tell.
	LastHour *int64 `json:"last_hour"`
	// FirstExpiry is when retention may delete the first letter; nil: never by time, or
	// unknown. RetentionBytes is set where it may happen by size at any time.
	FirstExpiry    *time.Time `json:"first_expiry"`
	RetentionBytes *int64     `json:"retention_bytes"`
	// RetentionKnown tells whether the configuration could be read, from which both are.
	RetentionKnown bool `json:"-"`

	Dialects []string `json:"dialects"` // of the newest letters
	Origins  []string `json:"origins"`  // topics the newest letters came from
	Groups   []string `json:"groups"`   // share groups that write to it
	Faults   []Fault  `json:"faults"`
	Error    *string  `json:"error"` // why it could not be looked at
}

// Find looks for dead-letter topics by their names, by what groups and topics are
// configured to do, and by their newest records.
func (r *Reader) Find(ctx context.Context, req FindRequest) (*Found, error) {
	adm := kadm.NewClient(r.Client)
	details, err := adm.ListTopics(ctx, req.Topics...)
	if err != nil {
		return nil, fmt.Errorf("listing topics: %w", err)
	}
	s := &search{r: r, req: req, adm: adm, load: newLoad(), because: map[string][]string{}, groups: map[string][]string{}}
	s.found = &Found{Version: FoundVersion, Queues: []Queue{}, Retries: []string{},
		Notes: []string{"what connectors of Kafka Connect are configured to do can't be seen in the cluster"}}
	var names []string
	for _, d := range details.Sorted() {
		switch {
		case IsInternal(d.Topic) || d.IsInternal:
		case d.Err != nil:
			s.note("topic %q: %v", d.Topic, d.Err)
		default:
			names = append(names, d.Topic)
		}
	}
	for _, name := range req.Topics {
		if !slices.Contains(names, name) && !details.Has(name) {
			return nil, &TopicNotFoundError{name}
		}
	}
	s.byConfig(ctx, names)
	if err := s.look(ctx, names); err != nil {
		return nil, err
	}
	slices.SortFunc(s.found.Queues, func(a, b Queue) int { return strings.Compare(a.Topic, b.Topic) })
	slices.Sort(s.found.Retries)
	return s.found, nil
}

type search struct {
	r       *Reader
	req     FindRequest
	adm     *kadm.Client
	load    *load               // of all topics
	because map[string][]string // by topic
	groups  map[string][]string // by the topic they write to

	mu    sync.Mutex
	found *Found
}

func (s *search) note(format string, args ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, args...))
}

// byConfig finds what share groups write to (KIP-1191), and topics that allow it.
func (s *search) byConfig(ctx context.Context, topics []string) {
	s.groupConfigs(ctx, topics)
	if len(topics) == 0 {
		return
	}
	configs, err := s.adm.DescribeTopicConfigs(ctx, topics...)
	if err = some(err); err != nil {
		s.note("configurations of topics could not be read: %v", err)
	}
	for _, c := range configs {
		if configured(c, queueConfig+"group.enable") == "true" {
			s.because[c.Name] = append(s.because[c.Name], "topic-config")
		}
	}
}

func configured(c kadm.ResourceConfig, key string) string {
	for _, kv := range c.Configs {
		if kv.Key == key && kv.Value != nil {
			return *kv.Value
		}
	}
	return ""
}

// look goes through the topics, those without a telling name too.
func (s *search) look(ctx context.Context, names []string) error {
	var wanted []string
	unnamed := 0
	for _, name := range names {
		queue, retry := named(name)
		if queue {
			s.because[name] = append(s.because[name], "name")
		}
		if !queue && !retry && len(s.because[name]) == 0 && len(s.req.Topics) == 0 {
			if s.req.Named {
				continue
			}
			if unnamed++; unnamed > maxPeeked {
				continue
			}
		}
		wanted = append(wanted, name)
	}
	if unnamed > maxPeeked {
		s.note("%d topics without a telling name were not looked into", unnamed-maxPeeked)
	}
	topics, err := describe(ctx, s.r.Client, wanted...)
	if err != nil {
		return err
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(atOnce)
	for _, name := range wanted {
		if t := topics[name]; t != nil { // it may have been deleted meanwhile
			eg.Go(func() error { s.topic(ctx, t); return ctx.Err() })
		}
	}
	return eg.Wait()
}

// topic decides what one topic is, and describes it if it has dead letters.
func (s *search) topic(ctx context.Context, t *topic) {
	_, retry := named(t.name)
	q := Queue{Topic: t.name, Because: s.because[t.name], Groups: s.groups[t.name]}
	letters, err := s.newest(ctx, t, &q)
	known := 0
	for _, l := range letters {
		if l.Dialect != "" && deref(l.Origin.Topic) != t.name {
			known++
		}
		q.Dialects = include(q.Dialects, l.Dialect, maxGroupOrigins)
		q.Origins = include(q.Origins, deref(l.Origin.Topic), maxGroupOrigins)
	}
	if known > 0 && known*2 > len(letters) {
		q.Because = append(q.Because, "records")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case retry:
		s.found.Retries = append(s.found.Retries, t.name)
		return
	case len(q.Because) == 0 && len(s.req.Topics) == 0:
		if err != nil {
			s.note("topic %q could not be looked into: %v", t.name, err)
		}
		return
	}
	s.mu.Unlock()
	if err == nil {
		err = s.describe(ctx, t, &q)
	}
	s.mu.Lock()
	if err != nil {
		reason := err.Error()
		q.Error = &reason
	}
	q.Because, q.Groups, q.Faults = orEmpty(q.Because), orEmpty(q.Groups), orEmpty(q.Faults)
	slices.Sort(q.Dialects)
	slices.Sort(q.Origins)
	q.Dialects, q.Origins = orEmpty(q.Dialects), orEmpty(q.Origins)
	s.found.Queues = append(s.found.Queues, q)
}

func (s *search) newest(ctx context.Context, t *topic, q *Queue) ([]*Letter, error) {
	return s.some(ctx, t, q, Query{Topic: t.name, Order: Newest, Limit: peek})
}

// some reads a page of a topic that is described already.
func (s *search) some(ctx context.Context, t *topic, q *Queue, query Query) (letters []*Letter, err error) {
	query.Brief = true
	f := &filter{r: s.r, q: query, topic: t}
	spans, err := spansOf(ctx, s.r.Client, t, query)
	if err != nil {
		return nil, err
	}
	sc := newScanner(s.r.Client, t)
	sc.load = s.load
	err = f.page(ctx, sc, spans, func(l *Letter) error { letters = append(letters, l); return nil })
	q.Faults = append(q.Faults, sc.faults...)
	if len(letters) > 0 && query.Order == Newest {
		q.Newest = utc(letters[0].Timestamp)
	}
	return letters, err
}

// describe fills in the figures of a queue.
func (s *search) describe(ctx context.Context, t *topic, q *Queue) error {
	for _, p := range t.partitions {
		q.Letters += p.end - p.start
	}
	q.RetentionBytes, q.RetentionKnown = t.retention.bytes, t.retention.known
	oldest, err := s.some(ctx, t, q, Query{Topic: t.name, Order: Oldest, Limit: 1})
	if err != nil {
		return err
	}
	if len(oldest) > 0 {
		q.Oldest = utc(oldest[0].Timestamp)
		q.FirstExpiry = utc(oldest[0].ExpiresAt)
	}
	if err := s.lastHour(ctx, t, q); err != nil {
		return err
	}
	if s.req.Count {
		if err := s.count(ctx, t, q); err != nil {
			return err
		}
	}
	return s.undisposed(ctx, t, q)
}

func (s *search) lastHour(ctx context.Context, t *topic, q *Queue) error {
	now := time.Now
	if s.r.Now != nil {
		now = s.r.Now
	}
	begin, err := beginnings(ctx, s.r.Client, t, Query{Since: now().Add(-time.Hour)})
	if err != nil {
		return err
	}
	var n int64
	for i, p := range t.partitions {
		if at, ok := begin[int32(i)]; ok {
			n += max(0, p.end-max(at, p.start))
		}
	}
	q.LastHour = &n
	return nil
}

// count reads everything. What is behind an open transaction can't be read, and is
// counted by offsets.
func (s *search) count(ctx context.Context, t *topic, q *Queue) error {
	spans, err := spansOf(ctx, s.r.Client, t, Query{})
	if err != nil {
		return err
	}
	sc := newScanner(s.r.Client, t)
	sc.load = s.load
	q.Letters = 0
	err = scan(ctx, sc, spans, func(recs []*kgo.Record) int64 { return int64(len(recs)) },
		func(_ span, n int64) error { q.Letters += n; return nil })
	open := int64(0)
	for _, p := range t.partitions {
		open += max(0, p.end-max(p.stable, p.start))
	}
	q.Letters += open
	q.Exact = err == nil && len(sc.faults) == 0 && open == 0
	q.Faults = append(q.Faults, sc.faults...)
	return err
}

func (s *search) undisposed(ctx context.Context, t *topic, q *Queue) error {
	if s.r.Open == nil {
		return nil
	}
	known, err := s.r.Open(ctx, t.name, t.id)
	if err != nil {
		return fmt.Errorf("what was done about its letters: %w", err)
	}
	n := q.Letters
	for i, p := range t.partitions {
		if known != nil {
			n -= known.Count(int32(i), p.start, p.end)
		}
	}
	n = max(n, 0)
	q.Undisposed = &n
	return nil
}
