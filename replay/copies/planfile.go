package copies

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/evtctl/evtctl/internal/planfile"
	"github.com/evtctl/evtctl/replay"
)

// sealed is a plan as it is kept in a file.
type sealed struct {
	Plan     json.RawMessage `json:"plan"`
	Checksum string          `json:"checksum"`
}

// Save writes the plan to a new file. A file that is there already is left as it is,
// which is a [*RequestError].
func (p *Plan) Save(path string) error {
	fail := func(err error) error { return fmt.Errorf("saving plan %s: %w", path, err) }
	plan, err := json.Marshal(p)
	if err != nil {
		return fail(err)
	}
	text, err := json.MarshalIndent(sealed{plan, checksum(plan)}, "", "  ")
	if err != nil {
		return fail(err)
	}
	err = planfile.Create(path, text)
	if errors.Is(err, os.ErrExist) {
		return askedf("name another file, or remove that one", "saving plan %s: there is such a file already", path)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// checksum is over what a plan says, however it is set out in lines.
func checksum(plan []byte) string {
	sum := sha256.Sum256(plan)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// LoadPlan reads a saved plan, which [Plan.Renew] makes one that can be applied. One
// that was edited, or is of something else, is a [*RequestError].
func LoadPlan(path string) (*Plan, error) {
	const anew = "make it anew with --plan-out"
	text, err := planfile.Read(path)
	if err != nil {
		return nil, askedf("--plan-out FILE makes one", "plan %s: %v", path, err)
	}
	var s sealed
	p := &Plan{}
	if json.Unmarshal(text, &s) != nil || json.Unmarshal(s.Plan, p) != nil || p.Version == 0 || p.Copy == "" {
		return nil, askedf(anew, "plan %s: it isn't a plan for a copy", path)
	}
	if p.Version > PlanVersion {
		return nil, askedf(anew, "plan %s: it has version %d, and this evtctl knows versions up to %d", path, p.Version, PlanVersion)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, s.Plan); err != nil || checksum(compact.Bytes()) != s.Checksum {
		return nil, askedf(anew, "plan %s: it was changed since it was made", path)
	}
	return p, nil
}

// Renew makes a saved plan one that can be applied. It fails with a [*ChangedError]
// where the clusters and topics aren't those of the plan, or records of its spans are
// gone; with a [*LostError] as [NewPlan] does. Of the request, only what makes the records is looked at: Where, Decoder, Edit.
func (p *Plan) Renew(ctx context.Context, source, target *View, req Request) (*Plan, error) {
	req.From, req.To = replay.Selection{Topic: p.From.Topic}, p.To.Topic
	req.Set, req.Partition, req.KeepTime, req.Limit, req.Reason = p.Set, p.Partition, p.KeepTime, p.Limit, p.Reason
	now, err := begin(ctx, source, target, req)
	if err != nil {
		return nil, err
	}
	if err := p.unlike(now); err != nil {
		return nil, err
	}
	now.PlannedAt, now.Start, now.Until = p.PlannedAt, p.Start, p.Until
	for _, s := range p.Spans {
		now.Spans = append(now.Spans, Span{Partition: s.Partition, From: s.From, Until: s.Until, LogStart: s.LogStart, LogEnd: s.LogEnd})
	}
	err = now.finish(ctx)
	var lost *LostError
	if err != nil && !errors.As(err, &lost) {
		return nil, err
	}
	if changed := now.unchanged(ctx); changed != nil {
		return nil, changed
	}
	return now, err
}

// unlike fails when what there is now isn't what was planned with.
func (p *Plan) unlike(now *Plan) error {
	changed := func(format string, args ...any) error { return &ChangedError{fmt.Sprintf(format, args...)} }
	for _, side := range []struct {
		was, is  Place
		had, has int
		way      string
	}{
		{p.From, now.From, p.FromPartitions, now.FromPartitions, "is for"},
		{p.To, now.To, p.ToPartitions, now.ToPartitions, "copies to"},
	} {
		switch {
		case side.was.Cluster != side.is.Cluster:
			return changed("it %s cluster %s, and this is cluster %s", side.way, side.was.Cluster, side.is.Cluster)
		case side.was.TopicID != side.is.TopicID:
			return changed("topic %q was made anew", side.was.Topic)
		case side.had != side.has:
			return changed("topic %q has %d partitions now, and had %d", side.was.Topic, side.has, side.had)
		}
	}
	if p.Copy != now.Copy {
		return changed("it isn't the copy that is asked for")
	}
	return nil
}

// unchanged sees that nothing of what is left of the plan is gone meanwhile, and that
// the topics are those that were planned with.
func (p *Plan) unchanged(ctx context.Context) error {
	now, err := begin(ctx, p.source, p.target, p.req)
	if err != nil {
		return err
	}
	if err := p.unlike(now); err != nil {
		return err
	}
	starts, err := p.source.adm.ListStartOffsets(ctx, p.From.Topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("offsets of topic %q: %w", p.From.Topic, err)
	}
	ends, err := p.source.adm.ListEndOffsets(ctx, p.From.Topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("offsets of topic %q: %w", p.From.Topic, err)
	}
	for _, s := range p.Spans {
		start, _ := starts.Lookup(p.From.Topic, s.Partition)
		end, _ := ends.Lookup(p.From.Topic, s.Partition)
		left := p.progress.done(s.Partition).gaps(span{s.From, s.Until})
		if len(left) == 0 {
			continue
		}
		switch first, last := left[0].from, left[len(left)-1].to; {
		case first < start.Offset:
			return &ChangedError{fmt.Sprintf("%s:%d begins at offset %d now: what was at offset %d is deleted", p.From.Topic, s.Partition, start.Offset, first)}
		case last > end.Offset:
			return &ChangedError{fmt.Sprintf("%s:%d ends at offset %d now, and had records up to %d: it was cut off", p.From.Topic, s.Partition, end.Offset, last-1)}
		}
	}
	return nil
}
