package dispose

import (
	"context"
	"fmt"
)

// ImportSettings are the parts of a request that say what is imported, and how.
type ImportSettings struct {
	To        string       `json:"to"`
	Partition Partitioning `json:"partition"`
	Now       bool         `json:"now"`
	All       bool         `json:"all"`
	Reason    string       `json:"reason"`
}

// Save writes the plan to a new file. A file that is there already is left as it is,
// which is a [*RequestError]. The letters aren't in it: they stay in their own file.
func (p *ImportPlan) Save(path string) error { return save(path, p, &p.Checksum) }

// LoadImport reads a saved plan, which [ImportPlan.Renew] makes one that can be applied.
// One that was edited, or is of something else, is a [*RequestError].
func LoadImport(path string) (*ImportPlan, error) {
	p := &ImportPlan{}
	err := load(path, p, &p.Checksum, func(action Action) error {
		if action != Import {
			return askedf(fmt.Sprintf("\"evtctl dlq %s --plan %s\" does it", action, path), "plan %s: a plan to %s letters", path, action)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Renew decides anew about the letters of a saved plan, and no others. It fails with a
// [*ChangedError] where the file, the cluster or the topic isn't that of the plan. Of the
// request only the clock counts.
func (p *ImportPlan) Renew(ctx context.Context, archive Archive, target *Target, req ImportRequest) (*ImportPlan, error) {
	s := p.Settings
	req.To, req.Partition, req.Now, req.All, req.Reason = s.To, s.Partition, s.Now, s.All, s.Reason
	now, err := newImport(ctx, archive, target, req, func(now *ImportPlan) error {
		now.only = selectionOf(p.Ranges)
		return p.same(now)
	})
	return now, err
}

// same fails where another plan is about other things.
func (p *ImportPlan) same(now *ImportPlan) error {
	switch {
	case now.From.SHA256 != p.From.SHA256:
		return &ChangedError{"the file has other letters than the one that was planned with"}
	case now.Cluster != p.Cluster:
		return &ChangedError{fmt.Sprintf("it is for cluster %s, and this is cluster %s", p.Cluster, now.Cluster)}
	case now.TopicID != p.TopicID:
		return &ChangedError{fmt.Sprintf("topic %q was made anew", p.Topic)}
	}
	return nil
}
