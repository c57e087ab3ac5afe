package dispose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
)

// PlanVersion is raised when a field of a plan changes its meaning or goes.
const PlanVersion = 1

// Bounds of what a plan keeps of single letters.
const (
	maxExamples = 10
	maxTallies  = 50
	// MaxLeft is how many of the letters that are left out are kept by name. More are
	// counted all the same.
	MaxLeft = 10_000
)

// Plan is what would become of the letters that a request is about. Its JSON is what a
// saved plan has.
type Plan struct {
	Version int    `json:"version"`
	Action  Action `json:"action"`
	// The clusters are those of the letters and of what is written.
	Cluster       string   `json:"cluster"`
	Topic         string   `json:"topic"`
	TopicID       string   `json:"topic_id"`
	TargetCluster string   `json:"target_cluster"`
	Targets       []Topic  `json:"targets"` // that records are sent to
	Settings      Settings `json:"settings"`
	// Planned letters are dealt with; Parked of them are not sent but parked.
	Planned int64 `json:"planned"`
	Parked  int64 `json:"parked"`
	// Refused letters can't be dealt with, Skipped ones needn't be.
	Refused int64 `json:"refused"`
	Skipped int64 `json:"skipped"`
	// Disposed letters fit the query and are dealt with already; of a restore, they are
	// the undisposed ones. Waiting ones are to be retried later, the first at NextDue.
	Disposed int64      `json:"disposed"`
	Waiting  int64      `json:"waiting"`
	NextDue  *time.Time `json:"next_due"`
	LeftOut  []Tally    `json:"left_out"` // why, for the refused and the skipped
	Warnings []Tally    `json:"warnings"`
	Examples []Example  `json:"examples"` // the first ones planned
	// Ranges are the planned letters.
	Ranges   []Range `json:"ranges"`
	Checksum string  `json:"checksum"`

	req    Request
	source ledger.Source
	reader *dlq.Reader
	target *Target
	chosen selection
	left   []Item
	sends  map[string]int64 // letters by topic
}

// Settings are the parts of a request that say what is sent.
type Settings struct {
	To              string       `json:"to"`
	Payload         Payload      `json:"payload"`
	Partition       Partitioning `json:"partition"`
	Order           Order        `json:"order"`
	MaxReplays      int          `json:"max_replays"`
	AllowTombstones bool         `json:"allow_tombstones"`
	Edit            string       `json:"edit"`
	Reason          string       `json:"reason"`
	Query           string       `json:"query"` // how the letters were chosen, in words
}

// Topic is a topic that is written to.
type Topic struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	Letters int64  `json:"letters"`
}

// Tally counts letters of which the same is to be said. Why is that of the first.
type Tally struct {
	Finding
	Count int64           `json:"count"`
	First dlq.Coordinates `json:"first"`
}

// Example is a planned letter, with where it is sent; nil: nowhere.
type Example struct {
	Coordinates dlq.Coordinates `json:"coordinates"`
	Disposition string          `json:"disposition"`
	Target      *Destination    `json:"target"`
}

// Destination is a partition of a topic.
type Destination struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// NewPlan works out what would become of each letter. It only reads. It fails for a
// request that makes no sense, and when a cluster can't be asked; letters that can't be
// dealt with are in the plan with the reason.
func NewPlan(ctx context.Context, reader *dlq.Reader, target *Target, req Request) (*Plan, error) {
	return newPlan(ctx, reader, target, req, nil)
}

// Names tells whether a letter is planned, or left out by name.
func (p *Plan) Names(at dlq.Coordinates) bool {
	return p.chosen.has(at.Partition, at.Offset) || slices.ContainsFunc(p.left, func(i Item) bool { return i.Coordinates == at })
}

// Anew decides anew about the letters that the plan names, those that it leaves out
// included, as another request has it.
func (p *Plan) Anew(ctx context.Context, req Request) (*Plan, error) {
	named := selection{}
	for _, item := range p.left {
		named.add(item.Coordinates.Partition, item.Coordinates.Offset)
	}
	_ = p.chosen.each(func(partition int32, offset int64) error { named.add(partition, offset); return nil })
	req.Letters, req.Limit = nil, 0
	now, err := newPlan(ctx, p.reader, p.target, req, named)
	if err == nil {
		now.Disposed = p.Disposed
	}
	return now, err
}

func newPlan(ctx context.Context, reader *dlq.Reader, target *Target, req Request, chosen selection) (*Plan, error) {
	req.withDefaults()
	if err := req.check(); err != nil {
		return nil, err
	}
	p, index, err := begin(ctx, reader, target, req)
	if err != nil {
		return nil, err
	}
	j := p.judge(index)
	g := newGuard()
	take := func(l *dlq.Letter) error {
		d, err := j.decide(ctx, l)
		if err != nil {
			return err
		}
		return p.take(l, d, g, len(req.Letters) > 0 || chosen != nil)
	}
	if len(req.Letters) > 0 {
		chosen = selection{}
		for _, c := range req.Letters {
			chosen.add(c.Partition, c.Offset)
		}
	}
	if chosen != nil {
		err = chosen.read(ctx, reader, p.Topic, take, p.gone)
	} else {
		err = p.query(ctx, take)
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if err := p.guard(ctx, g); err != nil {
		return nil, err
	}
	p.finish(j)
	return p, nil
}

// begin identifies the clusters and topics, and reads the ledger.
func begin(ctx context.Context, reader *dlq.Reader, target *Target, req Request) (*Plan, *ledger.Index, error) {
	source, err := ledger.SourceOf(ctx, reader.Client, req.Query.Topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		err = &dlq.TopicNotFoundError{Topic: req.Query.Topic}
	}
	if err != nil {
		return nil, nil, err
	}
	cluster, err := target.cluster(ctx)
	if err != nil {
		return nil, nil, err
	}
	index, err := target.dispositions(ctx, source)
	if err != nil {
		return nil, nil, err
	}
	p := &Plan{
		Version: PlanVersion, Action: req.Action, Cluster: source.Cluster, Topic: source.Topic, TopicID: source.TopicID.String(), TargetCluster: cluster,
		Settings: Settings{
			To: req.To, Payload: req.Payload, Partition: req.Partition, Order: req.Order, MaxReplays: req.MaxReplays,
			AllowTombstones: req.AllowTombstones, Edit: req.EditText, Reason: req.Reason, Query: req.QueryText,
		},
		LeftOut: []Tally{}, Warnings: []Tally{}, Examples: []Example{},
		req: req, source: source, reader: reader, target: target, chosen: selection{}, sends: map[string]int64{},
	}
	return p, index, nil
}

func (p *Plan) judge(index *ledger.Index) *judge {
	return &judge{
		req: p.req, reader: p.reader, target: p.target, home: p.Cluster == p.TargetCluster, index: index,
		topics: map[string]*topic{}, groups: map[string][]string{},
	}
}

// query reads the letters that the request's query wants.
func (p *Plan) query(ctx context.Context, take func(*dlq.Letter) error) error {
	q := p.req.Query
	q.Limit, q.Order, q.Undisposed = 0, dlq.Stream, false
	result, err := p.reader.Read(ctx, q, take)
	if result == nil || err != nil {
		return err
	}
	for _, f := range result.Faults {
		at := dlq.Coordinates{Topic: p.Topic, Partition: f.Partition, Offset: f.From}
		p.Refused += f.To - f.From - 1 // leaveOut counts one
		p.leaveOut(at, found("unreadable", "offsets %d to %d could not be read: %s", f.From, f.To-1, f.Reason), false)
	}
	note := func(kind string, n int64, format string, args ...any) {
		if n > 0 {
			p.Warnings = append(p.Warnings, Tally{*found(kind, format, args...), n, dlq.Coordinates{Topic: p.Topic}})
		}
	}
	note("open-transaction", result.Open, "an open transaction holds back the end of the topic: what is behind it isn't in the plan")
	note("query-failed", result.WhereErrors, "the query failed, and the letters are left out; the first: %v", result.WhereError)
	return nil
}

// take enters a letter. Of a query, those that are dealt with already are only counted.
func (p *Plan) take(l *dlq.Letter, d *decision, g *guard, named bool) error {
	at := l.Coordinates
	switch {
	case d.no != nil && !named && (d.no.Kind == "disposed" || d.no.Kind == "undisposed"):
		p.Disposed++
		return nil
	case !d.due.IsZero():
		p.Waiting++
		if p.NextDue == nil || d.due.Before(*p.NextDue) {
			p.NextDue = &d.due
		}
		return nil
	case d.no != nil:
		p.leaveOut(at, d.no, d.skip)
		return nil
	}
	if p.req.Limit > 0 && p.Planned == int64(p.req.Limit) {
		return errEnough
	}
	for i := range d.warnings {
		tally(&p.Warnings, d.warnings[i], at, 1)
	}
	p.Planned++
	p.chosen.add(at.Partition, at.Offset)
	if d.as == ledger.Parked {
		p.Parked++
	}
	example := Example{Coordinates: at, Disposition: string(d.as)}
	if d.rec != nil {
		example.Target = &Destination{d.rec.Topic, d.rec.Partition}
		p.sends[d.rec.Topic]++
		if p.req.Order != Force && p.Cluster == p.TargetCluster && deref(l.Origin.Topic) == d.rec.Topic {
			g.note(l, d.rec)
		}
	}
	if len(p.Examples) < maxExamples {
		p.Examples = append(p.Examples, example)
	}
	return nil
}

// gone enters a letter that isn't there.
func (p *Plan) gone(at dlq.Coordinates, err error) error {
	p.leaveOut(at, found("no-record", "%v", err), false)
	return nil
}

func (p *Plan) leaveOut(at dlq.Coordinates, why *Finding, skip bool) {
	result := ItemFailed
	if skip {
		p.Skipped++
		result = ItemSkipped
	} else {
		p.Refused++
	}
	tally(&p.LeftOut, *why, at, 1)
	if len(p.left) < MaxLeft {
		p.left = append(p.left, Item{Coordinates: at, Result: result, Reason: why.Why})
	}
}

// guard finds what was overtaken.
func (p *Plan) guard(ctx context.Context, g *guard) error {
	if g.more > 0 {
		if p.req.Order != Warn {
			return &OrderUnknownError{Topic: p.Topic, Letters: g.most}
		}
		tally(&p.Warnings, *found("order-unlooked", "whether their keys have newer records isn't looked for, as there are more than %d letters; fewer at once, with --limit, all are", g.most),
			dlq.Coordinates{Topic: p.Topic}, g.more)
	}
	if err := g.look(ctx, p.target); err != nil {
		return err
	}
	policy := p.req.Order
	if g.cut {
		if policy != Warn {
			return &OrderUnknownError{Topic: p.Topic, Looked: maxLook}
		}
		tally(&p.Warnings, *found("order-unknown", "whether keys have newer records is known only as far as the first %d records behind the letters' origins", int64(maxLook)),
			dlq.Coordinates{Topic: p.Topic}, int64(len(g.waits)))
	}
	for _, w := range g.waits {
		why := w.overtaken(policy)
		at := dlq.Coordinates{Topic: p.Topic, Partition: w.at.partition, Offset: w.at.offset}
		switch {
		case why == nil:
		case policy == Warn:
			tally(&p.Warnings, *why, at, 1)
		default:
			p.chosen.remove(at.Partition, at.Offset)
			p.Planned--
			p.sends[w.topic]--
			p.leaveOut(at, why, true)
			p.forget(at)
		}
	}
	return nil
}

// forget takes a letter out of the examples.
func (p *Plan) forget(at dlq.Coordinates) {
	for i := range p.Examples {
		if p.Examples[i].Coordinates == at {
			p.Examples = append(p.Examples[:i], p.Examples[i+1:]...)
			return
		}
	}
}

// finish notes what the plan depends on.
func (p *Plan) finish(j *judge) {
	p.Targets = []Topic{}
	for _, name := range sorted(j.topics) {
		if t := j.topics[name]; t != nil && p.sends[name] > 0 {
			p.Targets = append(p.Targets, Topic{name, t.id.String(), p.sends[name]})
		}
	}
	p.Ranges = p.chosen.ranges()
}

// OrderUnknownError says that the order guard would have to read too much.
type OrderUnknownError struct {
	Topic   string
	Looked  int // records; 0: it isn't for them
	Letters int // that can be looked for, which are too few
}

func (e *OrderUnknownError) Error() string {
	if e.Letters > 0 {
		return fmt.Sprintf("letters of %q: there are more than %d, too many to look for newer records of the same keys", e.Topic, e.Letters)
	}
	return fmt.Sprintf("letters of %q: their origins have more than %d newer records behind them, too many to look for those of the same keys", e.Topic, e.Looked)
}

// Hint is a next step.
func (e *OrderUnknownError) Hint() string {
	if e.Letters > 0 {
		return "choose fewer letters, such as with --limit, or send them without looking: --order force"
	}
	return "choose younger letters, or send them without looking: --order force"
}

func tally(to *[]Tally, f Finding, at dlq.Coordinates, n int64) {
	for i := range *to {
		if (*to)[i].Kind == f.Kind {
			(*to)[i].Count += n
			return
		}
	}
	if len(*to) < maxTallies {
		*to = append(*to, Tally{f, n, at})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
