package dispose

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/ledger"
)

// Archive gives all letters of a file to visit, as [dlq.ReadArchive] does. It is called
// several times, and begins anew each time.
type Archive func(visit func(*dlq.Archived) error) (*dlq.ArchiveHead, *dlq.ArchiveEnd, error)

// ImportRequest says how letters of a file are to be written.
type ImportRequest struct {
	To        string // the topic; empty: that of the same name as the letters came from
	Partition Partitioning
	// Now gives each letter the time of the import, and keeps its own in [HeaderTime].
	// A topic deletes at once what is older than its retention.
	Now bool
	// All imports letters too that were dealt with already, as the ledger knows. The
	// file doesn't say it, and imported ones count as not dealt with.
	All    bool
	Reason string
	Clock  func() time.Time // nil: time.Now
}

// ImportPlan is what would become of the letters of a file.
type ImportPlan struct {
	Version int           `json:"version"`
	Action  Action        `json:"action"`
	From    ImportArchive `json:"from"`
	// Cluster has the target.
	Cluster string `json:"cluster"`
	Topic   string `json:"topic"`
	TopicID string `json:"topic_id"`
	// Planned letters are written, Refused ones can't be, Skipped ones needn't be.
	Planned  int64     `json:"planned"`
	Refused  int64     `json:"refused"`
	Skipped  int64     `json:"skipped"`
	LeftOut  []Tally   `json:"left_out"`
	Warnings []Tally   `json:"warnings"`
	Examples []Example `json:"examples"`
	// Settings and Ranges are what a saved plan is made anew of. Ranges are the planned
	// letters, by their coordinates in the file.
	Settings ImportSettings `json:"settings"`
	Ranges   []Range        `json:"ranges"`
	Checksum string         `json:"checksum"`

	only    selection // letters of a saved plan; nil: all
	chosen  selection
	req     ImportRequest
	archive Archive
	target  *Target
	source  ledger.Source // of the letters, into the topic
}

// ImportArchive is what the file says of itself.
type ImportArchive struct {
	Cluster string `json:"cluster"`
	Topic   string `json:"topic"`
	TopicID string `json:"topic_id"`
	Letters int64  `json:"letters"`
	Missing int64  `json:"missing"` // offsets that could not be read when it was written
	SHA256  string `json:"sha256"`
}

// NewImport reads a file whole, which fails with a [*dlq.ArchiveError] when it isn't
// whole or was changed, and works out what would become of each of its letters. It only
// reads. Letters that can't be written are in the plan with the reason.
func NewImport(ctx context.Context, archive Archive, target *Target, req ImportRequest) (*ImportPlan, error) {
	return newImport(ctx, archive, target, req, func(*ImportPlan) error { return nil })
}

// newImport makes a plan; aimed is called when file and topic are known, and can refuse
// them.
func newImport(ctx context.Context, archive Archive, target *Target, req ImportRequest, aimed func(*ImportPlan) error) (*ImportPlan, error) {
	if req.Clock == nil {
		req.Clock = time.Now
	}
	head, end, err := archive(func(*dlq.Archived) error { return ctx.Err() })
	if err != nil {
		return nil, err
	}
	p := &ImportPlan{
		Version: PlanVersion, Action: Import, LeftOut: []Tally{}, Warnings: []Tally{}, Examples: []Example{},
		From:     ImportArchive{Cluster: head.ClusterID, Topic: head.Topic, TopicID: head.TopicID, Letters: end.Letters, SHA256: end.SHA256},
		Settings: ImportSettings{req.To, req.Partition, req.Now, req.All, req.Reason},
		req:      req, archive: archive, target: target, chosen: selection{},
	}
	for _, f := range end.Faults {
		p.From.Missing += f.To - f.From
	}
	if err := p.aim(ctx); err != nil {
		return nil, err
	}
	if err := aimed(p); err != nil {
		return nil, err
	}
	index, err := target.dispositions(ctx, p.source)
	if err != nil {
		return nil, err
	}
	clerk, err := p.clerk(ctx, index)
	if err != nil {
		return nil, err
	}
	_, _, err = archive(func(a *dlq.Archived) error {
		p.take(a, clerk.decide(a))
		return ctx.Err()
	})
	p.warn(clerk.topic)
	p.Ranges = p.chosen.ranges()
	return p, err
}

// aim finds the topic to write to.
func (p *ImportPlan) aim(ctx context.Context) error {
	name := p.req.To
	if name == "" {
		name = p.From.Topic
	}
	id, err := ledger.ParseTopicID(p.From.TopicID)
	switch {
	case err != nil || p.From.Cluster == "" || p.From.Topic == "":
		return &dlq.ArchiveError{Line: 1, Reason: "it doesn't say which cluster's and which topic's letters they are"}
	case dlq.IsInternal(name):
		return askedf("name a topic with --to", "topic %q is internal: nothing is imported there", name)
	}
	if p.Cluster, err = p.target.cluster(ctx); err != nil {
		return err
	}
	t, err := p.target.topic(kadm.WithAuthorizedOps(ctx), name) // which asks anew
	if err != nil {
		return err
	}
	if t == nil {
		return askedf("create it with as many partitions as it had, and the retention that letters need, or name another with --to",
			"topic %q doesn't exist in this cluster", name)
	}
	p.Topic, p.TopicID = name, ledger.FormatTopicID(t.id)
	p.source = ledger.Source{Cluster: p.From.Cluster, TopicID: id, Topic: p.From.Topic, Into: t.id}
	return nil
}

// take enters a letter.
func (p *ImportPlan) take(a *dlq.Archived, d *decision) {
	at := p.coordinates(a)
	if d.no != nil {
		if d.skip {
			p.Skipped++
		} else {
			p.Refused++
		}
		tally(&p.LeftOut, *d.no, at, 1)
		return
	}
	p.Planned++
	p.chosen.add(a.Partition, a.Offset)
	for _, w := range d.warnings {
		tally(&p.Warnings, w, at, 1)
	}
	if len(p.Examples) < maxExamples {
		p.Examples = append(p.Examples, Example{at, string(d.as), &Destination{d.rec.Topic, d.rec.Partition}})
	}
}

func (p *ImportPlan) coordinates(a *dlq.Archived) dlq.Coordinates {
	return dlq.Coordinates{Topic: p.From.Topic, Partition: a.Partition, Offset: a.Offset}
}

// warn says what concerns all letters.
func (p *ImportPlan) warn(t *topic) {
	if p.Planned == 0 {
		return
	}
	note := func(kind, format string, args ...any) {
		p.Warnings = append(p.Warnings, Tally{*found(kind, format, args...), p.Planned, dlq.Coordinates{Topic: p.Topic}})
	}
	if p.From.Cluster != p.Cluster {
		note("other-cluster", "they were exported from cluster %s, and this is cluster %s: their origins are topics there", p.From.Cluster, p.Cluster)
	}
	if p.From.Missing > 0 {
		note("incomplete", "%s could not be read when the file was written, and are not in it", counted(int(p.From.Missing), "offset"))
	}
	if t.times.own && !p.req.Now {
		note("append-time", "topic %q gives records the time of their writing (message.timestamp.type LogAppendTime): theirs are lost", t.name)
	}
	if !t.known {
		note("settings-unknown", "the settings of topic %q can't be read: whether its retention deletes old letters at once isn't known", t.name)
	}
	note("undisposed", "what became of letters isn't in the file: imported, they count as not dealt with")
}

// unchanged fails when the topic isn't that which was planned with.
func (p *ImportPlan) unchanged(ctx context.Context) error {
	now, err := p.target.topic(kadm.WithAuthorizedOps(ctx), p.Topic)
	switch {
	case err != nil:
		return err
	case now == nil:
		return &ChangedError{fmt.Sprintf("topic %q was deleted", p.Topic)}
	case ledger.FormatTopicID(now.id) != p.TopicID:
		return &ChangedError{fmt.Sprintf("topic %q was made anew", p.Topic)}
	}
	return nil
}
