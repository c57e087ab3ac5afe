package dispose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/planfile"
)

// Save writes the plan to a new file. A file that is there already is left as it is,
// which is a [*RequestError].
func (p *Plan) Save(path string) error { return save(path, p, &p.Checksum) }

// save writes a plan with the checksum that is a field of it.
func save(path string, plan any, checksum *string) error {
	err := seal(plan, checksum)
	var text []byte
	if err == nil {
		text, err = json.MarshalIndent(plan, "", "  ")
	}
	if err == nil {
		err = planfile.Create(path, text)
	}
	if errors.Is(err, os.ErrExist) {
		return askedf("name another file, or remove that one", "saving plan %s: there is such a file already", path)
	}
	if err != nil {
		return fmt.Errorf("saving plan %s: %w", path, err)
	}
	return nil
}

// seal sets the checksum of all else that a plan says.
func seal(plan any, checksum *string) error {
	*checksum = ""
	text, err := json.Marshal(plan)
	sum := sha256.Sum256(text)
	*checksum = "sha256:" + hex.EncodeToString(sum[:])
	return err
}

// LoadPlan reads a saved plan, which [Plan.Renew] makes one that can be applied. One
// that was edited, or is of something else, is a [*RequestError].
func LoadPlan(path string) (*Plan, error) {
	p := &Plan{}
	err := load(path, p, &p.Checksum, func(action Action) error {
		if action == Import {
			return askedf("\"evtctl dlq import FILE --plan "+path+"\" does it", "plan %s: a plan to import letters", path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// load reads a saved plan, when its action is right.
func load(path string, plan any, checksum *string, right func(Action) error) error {
	const anew = "make it anew with --plan-out"
	text, err := planfile.Read(path)
	if err != nil {
		return askedf("--plan-out FILE makes one", "plan %s: %v", path, err)
	}
	var head struct {
		Version int
		Action  Action
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Version == 0 {
		return askedf(anew, "plan %s: it isn't a plan for dead letters", path)
	}
	if head.Version > PlanVersion {
		return askedf(anew, "plan %s: it has version %d, and this evtctl knows versions up to %d", path, head.Version, PlanVersion)
	}
	if err := right(head.Action); err != nil {
		return err
	}
	if err := json.Unmarshal(text, plan); err != nil {
		return askedf(anew, "plan %s: it isn't a plan for dead letters", path)
	}
	said := *checksum
	if err := seal(plan, checksum); err != nil {
		return fmt.Errorf("plan %s: %w", path, err)
	}
	if *checksum != said {
		return askedf(anew, "plan %s: it was changed since it was made", path)
	}
	return nil
}

// Renew decides anew about the letters of a saved plan, and no others. It fails with a
// [*ChangedError] where the clusters or topics aren't those of the plan. The editor is
// what Settings.Edit says in words.
func (p *Plan) Renew(ctx context.Context, reader *dlq.Reader, target *Target, req Request) (*Plan, error) {
	s := p.Settings
	req.Action, req.Query, req.Letters, req.Limit = p.Action, dlq.Query{Topic: p.Topic}, nil, 0
	req.To, req.Payload, req.Partition, req.Order = s.To, s.Payload, s.Partition, s.Order
	req.MaxReplays, req.AllowTombstones, req.EditText, req.Reason = s.MaxReplays, s.AllowTombstones, s.Edit, s.Reason
	now, err := newPlan(ctx, reader, target, req, selectionOf(p.Ranges))
	if err != nil {
		return nil, err
	}
	now.Settings.Query = s.Query
	switch {
	case now.Cluster != p.Cluster:
		return nil, &ChangedError{fmt.Sprintf("it is for cluster %s, and this is cluster %s", p.Cluster, now.Cluster)}
	case now.TargetCluster != p.TargetCluster:
		return nil, &ChangedError{fmt.Sprintf("it sends to cluster %s, and this is cluster %s", p.TargetCluster, now.TargetCluster)}
	case now.TopicID != p.TopicID:
		return nil, &ChangedError{fmt.Sprintf("topic %q was made anew", p.Topic)}
	}
	ids := map[string]string{}
	for _, t := range now.Targets {
		ids[t.Name] = t.ID
	}
	for _, t := range p.Targets {
		if id, ok := ids[t.Name]; ok && id != t.ID {
			return nil, &ChangedError{fmt.Sprintf("topic %q was made anew", t.Name)}
		}
	}
	return now, nil
}
