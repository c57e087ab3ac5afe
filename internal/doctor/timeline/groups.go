package timeline

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/evtctl/evtctl/lag"
)

// checkGroups fails before anything is read when a group isn't there.
func (s *search) checkGroups(ctx context.Context) error {
	if len(s.q.Groups) == 0 {
		return nil
	}
	_, err := ask(ctx, s, func(ctx context.Context) (*lag.Report, error) {
		return lag.Collect(ctx, s.Client, lag.Request{Groups: s.q.Groups, MaxPositions: -1, Now: s.Now, Word: s.Word})
	})
	return err
}

// ownGroups are those that evtctl keeps for itself.
const ownGroups = "evtctl.dlq."

// passages says of each event which groups have gone past it.
func (s *search) passages(ctx context.Context, r *Report) error {
	topics := map[string]bool{}
	for i := range r.Events {
		topics[r.Events[i].Topic] = true
	}
	if len(topics) == 0 {
		return nil
	}
	report, err := ask(ctx, s, func(ctx context.Context) (*lag.Report, error) {
		return lag.Collect(ctx, s.Client, lag.Request{
			Groups: s.q.Groups, Topics: slices.Sorted(maps.Keys(topics)), MaxPositions: -1, Now: s.Now, Word: s.Word,
		})
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.note("which groups have read them isn't known: %s", s.word(err))
		return nil
	}
	if report.VisibleOnly {
		s.note("groups that this user may not see are left out: the user may not describe the cluster")
	}
	for _, problem := range report.Problems {
		s.note("groups are incomplete: %s", problem)
	}
	for i := range report.Groups {
		s.passed(&report.Groups[i], r)
	}
	return nil
}

// passed adds what one group has read of the story.
func (s *search) passed(g *lag.Group, r *Report) {
	if strings.HasPrefix(g.Name, ownGroups) && len(s.q.Groups) == 0 {
		return
	}
	if g.Error != "" {
		s.note("group %q: %s", g.Name, string(g.Error))
	}
	reads := false
	for i := range r.Events {
		e := &r.Events[i]
		for j := range g.Partitions {
			if p := &g.Partitions[j]; p.Topic == e.Topic && p.Partition == e.Partition {
				e.Groups = append(e.Groups, passage(g, p, e.Offset))
				reads = true
			}
		}
	}
	if !reads && len(s.q.Groups) > 0 && g.Error == "" {
		s.note("group %q reads none of the partitions that the story is in", g.Name)
	}
}

func passage(g *lag.Group, p *lag.Partition, offset int64) Passage {
	pass := Passage{Group: g.Name, Type: g.Type, Behind: lag.Unknown, Committed: p.Committed}
	passed := p.Committed.Known() && int64(p.Committed) > offset
	switch {
	case p.Error != "":
		pass.Reason = orNil(string(p.Error))
	case passed:
		pass.Passed, pass.Behind = &passed, 0
	case g.Type == lag.Share:
		pass.Reason = orNil("a share group acknowledges records one by one")
	default:
		pass.Passed = &passed
		if p.Committed.Known() {
			pass.Behind = lag.Int(offset - int64(p.Committed) + 1)
		}
	}
	return pass
}
