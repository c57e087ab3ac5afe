package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// A share group commits no offsets. It has a start offset in each partition instead:
// all before it is done with, and of what follows it keeps the state of single records.
// Setting a start offset drops that state.

func isShare(g kadm.ListedGroup) bool { return g.ProtocolType == "share" }

// stands is where a group is: its commits, or a share group's start offsets.
func stands(ctx context.Context, r Reader, group string, share bool) (map[partition]int64, error) {
	if share {
		return startOffsets(ctx, r, group)
	}
	return committed(ctx, r, group)
}

// startOffsets reads where a share group begins. The cluster moves a start offset on
// when it next writes the group's state, so that of a group that is done with all there
// is may be old: such a group stands at the log's end. That is asked for before, as what
// is written later isn't done with.
func startOffsets(ctx context.Context, r Reader, group string) (map[partition]int64, error) {
	shares, err := describeShare(ctx, r, group)
	if err != nil || len(shares) == 0 {
		return nil, err
	}
	topics := slices.Sorted(maps.Keys(shares))
	ends, err := offsets(r.ListEndOffsets(ctx, topics...))
	if err != nil {
		return nil, err
	}
	if shares, err = describeShare(ctx, r, group); err != nil {
		return nil, err
	}
	list := map[partition]int64{}
	for topic, partitions := range shares {
		for id, o := range partitions {
			at := partition{topic, id}
			switch end, listed := ends[at]; {
			case o.StartOffset < 0: // it hasn't begun there
			case o.Lag == 0 && listed: // -1 isn't known: the broker is older than 4.2
				list[at] = max(o.StartOffset, end)
			default:
				list[at] = o.StartOffset
			}
		}
	}
	return list, nil
}

// describeShare asks for a share group's start offsets. One that can't be told of fails
// them all; a group that isn't there has none.
func describeShare(ctx context.Context, r Reader, group string) (kadm.ShareOffsets, error) {
	attempt := fmt.Sprintf("reading the start offsets of share group %q", group)
	all, err := r.DescribeShareGroupOffsets(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attempt, err)
	}
	described, answered := all[group]
	switch {
	case !answered:
		return nil, fmt.Errorf("%s: the broker didn't answer for it", attempt)
	case errors.Is(described.Err, kerr.GroupIDNotFound):
		return nil, nil // it is new
	case described.Err != nil:
		return nil, fmt.Errorf("%s: %w", attempt, described.Err)
	}
	for topic, partitions := range described.Offsets {
		for id, o := range partitions {
			if o.Err != nil {
				return nil, fmt.Errorf("%s in %s:%d: %w", attempt, topic, id, o.Err)
			}
		}
	}
	return described.Offsets, nil
}

// sameKind refuses to mix: a share group's start offsets mean nothing to a group that
// commits, and its commits mean nothing to a share group.
func (p *planner) sameKind(groups kadm.ListedGroups) error {
	p.share = isShare(groups[p.req.From])
	target, found := groups[p.group]
	if !found || isShare(target) == p.share {
		return nil
	}
	share, other := p.req.From, p.group
	if !p.share {
		share, other = p.group, p.req.From
	}
	return askedf("choose a new name for the isolated group: it becomes one of the same kind", "group %q is a share group, and group %q is none", share, other)
}

// warnShare says what of a share group's past can't be had back.
func (p *planner) warnShare() {
	if !p.share || len(p.committed) == 0 || !p.req.InPlace {
		return
	}
	p.warn("group %s is a share group: it forgets which single records behind its start offsets were acknowledged, and gets those again, also after \"evtctl replay undo\"", p.group)
}

// alter sets a share group's start offsets and returns what was refused.
func (p *Plan) alter(ctx context.Context, w Writer) map[partition]error {
	var offsets kadm.Offsets
	for _, m := range p.Moves {
		offsets.Add(kadm.Offset{Topic: m.Topic, Partition: m.Partition, At: m.NewOffset, LeaderEpoch: -1})
	}
	answers, err := w.AlterShareGroupOffsets(ctx, p.Group, offsets)
	refused := map[partition]error{}
	offsets.Each(func(o kadm.Offset) {
		answer, answered := answers.Lookup(o.Topic, o.Partition)
		if reason := refusal(answered, answer, err); reason != nil {
			refused[partition{o.Topic, o.Partition}] = reason
		}
	})
	return refused
}
