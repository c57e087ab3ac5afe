package replay

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// checkGroups sees that the source is there and that the group whose offsets will be
// set is nobody's.
func (p *planner) checkGroups(ctx context.Context) error {
	if p.req.From == "" {
		return askedf("name the group whose topics are to be read again", "the name of the source group is empty")
	}
	if p.req.InPlace {
		if p.req.Group != "" && p.req.Group != p.req.From {
			return askedf("leave the isolated group's name out", "in place, the group that is reset is %q itself", p.req.From)
		}
		p.group = p.req.From
	} else if p.group = p.req.Group; p.group == "" {
		p.group = IsolatedName(p.req.From, p.req.Now)
	}
	if p.group == p.req.From && !p.req.InPlace {
		return askedf("choose another name for the isolated group; to move a group itself, say so with --in-place",
			"group %q would be both the source and the isolated group", p.group)
	}
	groups, err := p.r.ListGroups(ctx)
	if err != nil {
		return fmt.Errorf("listing groups: %w", err)
	}
	if _, found := groups[p.req.From]; !found {
		return notFound(p.req.From)
	}
	return p.checkTarget(groups)
}

func notFound(group string) error {
	return askedf("\"evtctl lag\" lists the groups that this user may see", "group %q: not found in this cluster", group)
}

// position is where a group that must be there stands: a question for the offsets of
// one that isn't is answered with none.
func position(ctx context.Context, r Reader, group string) (map[partition]int64, error) {
	groups, err := r.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing groups: %w", err)
	}
	g, found := groups[group]
	if !found {
		return nil, notFound(group)
	}
	return stands(ctx, r, group, isShare(g))
}

// IsolatedName is the default name of an isolated group.
func IsolatedName(from string, now time.Time) string {
	return from + isolatedMark + now.UTC().Format("20060102T150405")
}

// isolatedMark is in the names of isolated groups that nobody has named otherwise.
const isolatedMark = ".replay."

// checkTarget refuses a group that somebody uses, or that the offsets mean nothing to.
func (p *planner) checkTarget(groups kadm.ListedGroups) error {
	if err := p.sameKind(groups); err != nil {
		return err
	}
	target, found := groups[p.group]
	switch {
	case !found:
		return nil
	case slices.Contains([]string{"Empty", "Dead"}, target.State):
		return nil
	case p.req.InPlace:
		return askedf("stop its members, or leave --in-place out: an isolated group needs no downtime", "group %q is %s: it has members", p.group, target.State)
	}
	return askedf("choose another name, or stop its members", "group %q is in use: it is %s", p.group, target.State)
}

// readSource learns what the source group has committed.
func (p *planner) readSource(ctx context.Context) (err error) {
	if p.committed, err = stands(ctx, p.r, p.req.From, p.share); err != nil {
		return err
	}
	p.warnShare()
	if len(p.committed) == 0 && len(p.req.Topics) == 0 {
		return askedf("name the topics with --topic", "group %q has committed nothing, so that its topics aren't known", p.req.From)
	}
	if p.req.Topics, err = p.expand(p.req.Topics); err != nil || p.req.InPlace {
		return err
	}
	there, err := stands(ctx, p.r, p.group, p.share)
	if errors.Is(err, kerr.GroupIDNotFound) {
		err = nil // it is new
	}
	if p.replaces = len(there); p.replaces > 0 {
		p.warn("group %s has %d commits already: those of the plan's partitions are replaced, and kept for \"evtctl replay undo\"", p.group, p.replaces)
	}
	return err
}

// expand puts the topics that the source group has committed for in the place of
// patterns such as orders-*.
func (p *planner) expand(selections []Selection) ([]Selection, error) {
	var list []Selection
	own := topicsOf(p.committed)
	for _, s := range selections {
		if !strings.ContainsAny(s.Topic, "*?[") { // no topic has those in its name
			list = append(list, s)
			continue
		}
		before := len(list)
		for _, topic := range own {
			match, err := path.Match(s.Topic, topic)
			if err != nil {
				return nil, askedf("such as orders-*", "topic %q: it is no pattern", s.Topic)
			}
			if match {
				list = append(list, Selection{topic, s.Partitions, s.To})
			}
		}
		matched := len(list) - before
		if matched == 0 {
			return nil, askedf(fmt.Sprintf("it has committed for %s", strings.Join(own, ", ")),
				"topic %q: none of the %d topics of group %q matches", s.Topic, len(own), p.req.From)
		}
		p.warn("topic %s: %d of the %d topics of group %s match", s.Topic, matched, len(own), p.req.From)
	}
	return list, nil
}

// committed reads a group's commits. One that can't be read fails them all.
func committed(ctx context.Context, r Reader, group string) (map[partition]int64, error) {
	offsets, err := r.FetchOffsets(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("reading the commits of group %q: %w", group, err)
	}
	list := map[partition]int64{}
	for topic, partitions := range offsets {
		for id, o := range partitions {
			if o.Err != nil {
				return nil, fmt.Errorf("reading the commit of group %q in %s:%d: %w", group, topic, id, o.Err)
			}
			if o.At >= 0 { // -1 stands for none
				list[partition{topic, id}] = o.At
			}
		}
	}
	return list, nil
}

// topics are those to plan for, each once, sorted.
func (p *planner) topics() []string {
	var names []string
	for _, s := range p.req.Topics {
		names = append(names, s.Topic)
	}
	if len(names) == 0 {
		for at := range p.committed {
			names = append(names, at.topic)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
