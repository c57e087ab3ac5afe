package copies

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/replay"
)

// PlanVersion is raised when a field of a plan changes its meaning or goes.
const PlanVersion = 1

// Plan is what would be copied. Its JSON is what a saved plan has.
type Plan struct {
	Version   int       `json:"version"`
	PlannedAt time.Time `json:"planned_at"`
	// Copy names the copy, as the records' header does.
	Copy string `json:"copy"`
	Identity
	// The numbers of partitions are those of both topics as of now.
	FromPartitions int    `json:"from_partitions"`
	ToPartitions   int    `json:"to_partitions"`
	Start          string `json:"start"` // as it was asked
	Until          string `json:"until"`
	Limit          int64  `json:"limit"` // 0: none
	Reason         string `json:"reason"`
	Spans          []Span `json:"spans"`
	// Offsets are all of the spans, Before those that this copy has dealt with already.
	// Markers and what compaction removed count too: records are at most as many.
	Offsets int64 `json:"offsets"`
	Before  int64 `json:"dealt_with_before"`
	// Readers are the groups that read the target; nil: nobody was asked.
	Readers  *Readers `json:"target_readers"`
	Warnings []string `json:"warnings"`

	req      Request
	from, to *topic
	source   *View
	target   *View
	progress *book
	lost     *LostError // the ledger; nil: it wasn't
}

// Span is what is copied of one partition: from the first offset up to but not
// including the second.
type Span struct {
	Partition int32 `json:"partition"`
	From      int64 `json:"from_offset"`
	Until     int64 `json:"until_offset"`
	Before    int64 `json:"dealt_with_before"`
	LogStart  int64 `json:"log_start_offset"`
	LogEnd    int64 `json:"log_end_offset"`
	// TooOld are the offsets from From on with times that the target deletes or refuses;
	// only counted where times are kept.
	TooOld int64 `json:"too_old"`
}

// NewPlan works out what would be copied, and reads no record. What is asked wrongly is
// a [*RequestError], or one of package replay: an unknown topic, the source as the
// target, a target with fewer partitions. Beside a [*LostError] there is a plan, which
// can be verified and not applied.
func NewPlan(ctx context.Context, source, target *View, req Request) (*Plan, error) {
	p, err := begin(ctx, source, target, req)
	if err != nil {
		return nil, err
	}
	cut, err := replay.Cut(fresh(ctx), source.adm, p.req.From, req.Start, req.Until, req.Now)
	if err != nil {
		return nil, err
	}
	if cut.TopicID != p.From.TopicID {
		return nil, &ChangedError{fmt.Sprintf("topic %q was made anew while it was planned", p.From.Topic)}
	}
	p.Warnings = append(p.Warnings, cut.Warnings...)
	for _, m := range cut.Moves {
		p.Spans = append(p.Spans, Span{Partition: m.Partition, From: m.NewOffset, Until: *m.UntilOffset, LogStart: m.LogStart, LogEnd: m.LogEnd})
	}
	return p, p.finish(ctx)
}

// begin looks at both topics.
func begin(ctx context.Context, source, target *View, req Request) (*Plan, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	from, err := found(ctx, source, req.From.Topic, "from")
	if err != nil {
		return nil, err
	}
	to, err := found(ctx, target, req.To, "to")
	if err != nil {
		return nil, err
	}
	if from.place.Cluster == to.place.Cluster && from.id == to.id {
		return nil, askedf("name another topic with --to, or another cluster with --to-context", "topic %q is the source itself: a copy would read what it writes", req.To)
	}
	if req.Partition == Original && to.partitions < from.partitions {
		return nil, askedf("add partitions, or let the key choose with --partition key",
			"topic %q has %d partitions, and %q has %d: they can't be kept", req.To, to.partitions, req.From.Topic, from.partitions)
	}
	p := &Plan{
		Version: PlanVersion, PlannedAt: req.Now.UTC(),
		Identity:       Identity{From: from.place, To: to.place, Where: req.where(), Set: req.Set, SetRecord: req.setRecord(), Partition: req.Partition, KeepTime: req.KeepTime},
		FromPartitions: from.partitions, ToPartitions: to.partitions, Start: req.Start.String(), Until: req.Until.String(), Limit: req.Limit, Reason: req.Reason,
		Spans: []Span{}, Warnings: []string{},
		req: req, from: from, to: to, source: source, target: target,
	}
	p.Copy = p.ID()
	if name := setsRecord.FindStringSubmatch(p.Set); name != nil {
		p.warn("--set changes values: %[1]s in it is a member of the value; --set-record changes the record's own %[1]s", name[1])
	}
	return p, nil
}

// setsRecord finds changes to a value that may have been meant for the record.
var setsRecord = regexp.MustCompile(`(?:^|\||\bdel\()[\s(]*(\.key|\.headers)\b`)

func found(ctx context.Context, v *View, name, way string) (*topic, error) {
	t, err := v.topic(ctx, name)
	var missing *missingError
	switch {
	case !errors.As(err, &missing):
		return t, err
	case way == "to":
		return nil, askedf("make it first, with as many partitions as the source", "topic %q: not found in the cluster to copy to", name)
	}
	return nil, askedf("\"evtctl lag --by topic\" lists the topics that groups read", "topic %q: not found in this cluster", name)
}

// account reads what is there already. A run that has just ended may have a transaction
// that is being made visible: that is waited for, and no other for long.
func (p *Plan) account(ctx context.Context) error {
	p.progress = newBook(p.Identity, runInfo{})
	silent := func(exactly.Notice) {}
	if err := p.progress.look(ctx, p.target.cl, exactly.Stable, silent); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, min(patience(ctx), time.Second))
	defer cancel()
	if err := p.progress.look(limited, p.target.cl, exactly.Mark, silent); err != nil && (limited.Err() == nil || ctx.Err() != nil) {
		return err
	}
	return p.prove(ctx)
}

// finish counts what is there already, and warns.
func (p *Plan) finish(ctx context.Context) error {
	if err := p.account(ctx); err != nil {
		return err
	}
	for i := range p.Spans {
		s := &p.Spans[i]
		s.Before = p.progress.done(s.Partition).within(span{s.From, s.Until}).size()
		p.Offsets += s.Until - s.From
		p.Before += s.Before
	}
	p.warnTarget()
	if err := p.warnTimes(ctx); err != nil {
		return err
	}
	if err := p.warnReaders(ctx); err != nil {
		return err
	}
	if p.lost != nil {
		return p.lost
	}
	return nil
}

// Left is how many offsets are left to deal with.
func (p *Plan) Left() int64 { return p.Offsets - p.Before }

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// warnTarget says where the target takes less than the source holds.
func (p *Plan) warnTarget() {
	from, to := p.from.settings, p.to.settings
	switch {
	case !to.known:
		p.warn("the settings of topic %s may not be seen: what it refuses shows only when it is written", p.To.Topic)
	case from.known && to.maxBytes < from.maxBytes:
		p.warn("topic %s takes records up to %d bytes (max.message.bytes), and %s up to %d: larger ones are refused one by one", p.To.Topic, to.maxBytes, p.From.Topic, from.maxBytes)
	}
	if to.compacted {
		p.warn("topic %s is compacted: of each key only the newest record stays, and records without a key are refused one by one", p.To.Topic)
	}
	if p.KeepTime && to.appendTime {
		p.warn("topic %s gives each record the time at which it is written (message.timestamp.type): --keep-time changes nothing there", p.To.Topic)
	}
}

// warnTimes says which records are too old for the target, if their times are kept.
func (p *Plan) warnTimes(ctx context.Context) error {
	s := p.to.settings
	if !p.KeepTime || s.appendTime {
		return nil
	}
	now := p.req.Now
	limits := []struct {
		counts bool
		age    time.Duration
		text   string
	}{
		{s.deletes && s.retention >= 0, s.retention, "topic %s deletes records that are older than %s (retention.ms): up to %d of these would be gone at once (%s)"},
		{s.mostBefore >= 0, s.mostBefore, "topic %s refuses records that are older than %s (message.timestamp.before.max.ms): up to %d of these (%s)"},
	}
	for _, l := range limits {
		if !l.counts {
			continue
		}
		old, which, err := p.olderThan(ctx, now.Add(-l.age))
		if err != nil {
			return err
		}
		if old > 0 {
			p.warn(l.text, p.To.Topic, age(l.age), old, which)
		}
	}
	return nil
}

// olderThan counts the offsets before the first record of a time or later.
func (p *Plan) olderThan(ctx context.Context, t time.Time) (sum int64, which string, err error) {
	listed, err := p.source.adm.ListOffsetsAfterMilli(ctx, t.UnixMilli(), p.From.Topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return 0, "", fmt.Errorf("offsets of topic %q by time: %w", p.From.Topic, err)
	}
	partitions := 0
	for i := range p.Spans {
		s := &p.Spans[i]
		o, ok := listed.Lookup(p.From.Topic, s.Partition)
		if !ok {
			continue
		}
		old := max(0, min(o.Offset, s.Until)-s.From)
		s.TooOld = max(s.TooOld, old)
		if old == 0 {
			continue
		}
		if partitions++; partitions <= 3 {
			if which != "" {
				which += ", "
			}
			which += fmt.Sprintf("%s:%d from offset %d to %d", p.From.Topic, s.Partition, s.From, s.From+old-1)
		}
		sum += old
	}
	if partitions > 3 {
		which += fmt.Sprintf(", and in %d more partitions", partitions-3)
	}
	return sum, which, nil
}

// age writes a setting shortly: 7d, 50m, 1h30m.
func age(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", days)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
