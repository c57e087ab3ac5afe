package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// What a reset in place replaced is kept in the cluster itself, as the commits of a
// group that nobody reads with: it outlives the operator's machine, and the cluster
// forgets it as it forgets any group without members (offsets.retention.minutes).
const (
	undoMark = ".undo."
	// noCommit is the note of a partition that had no commit; its offset means nothing.
	noCommit = "evtctl replay: no commit before"
	// priorCommit is the note of all others.
	priorCommit = "evtctl replay: commit before"
)

// UndoName is the group that keeps what a plan replaces.
func (p *Plan) UndoName() string {
	return p.Group + undoMark + p.PlannedAt.UTC().Format("20060102T150405.000")
}

// KeepsUndo tells a group that only keeps what a reset in place has replaced, by its name.
// Nobody reads with it.
func KeepsUndo(group string) bool {
	_, at, marked := strings.Cut(group, undoMark)
	_, err := time.Parse("20060102T150405.000", at)
	return marked && err == nil
}

// keepUndo commits what the group has now for another group, and returns that one's
// name; it is empty for a group that has committed nothing.
func (p *Plan) keepUndo(ctx context.Context, w Writer) (string, error) {
	name := p.UndoName()
	attempt := fmt.Sprintf("keeping the offsets of group %q in group %q", p.Group, name)
	groups, err := w.ListGroups(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", attempt, err)
	}
	if _, kept := groups[name]; kept { // by a run of the same plan that was cut off
		return name, nil
	}
	if _, there := groups[p.Group]; !there {
		return "", nil
	}
	now, err := stands(ctx, w, p.Group, p.Share)
	if err != nil {
		return "", fmt.Errorf("%s: %w", attempt, err)
	}
	if len(now) == 0 && !p.InPlace {
		return "", nil
	}
	var offsets kadm.Offsets
	for _, m := range p.Moves {
		o := kadm.Offset{Topic: m.Topic, Partition: m.Partition, LeaderEpoch: -1, Metadata: noCommit}
		if prior, ok := now[partition{m.Topic, m.Partition}]; ok {
			o.At, o.Metadata = prior, priorCommit
		}
		offsets.Add(o)
	}
	answers, err := w.CommitOffsets(ctx, name, offsets)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", attempt, err)
	}
	return name, nil
}

// PlanUndo plans to give a group back what it had before it was reset in place the
// last time. Applying it can be undone as well.
func PlanUndo(ctx context.Context, r Reader, group string, req Request) (*Plan, error) {
	undo, err := lastUndo(ctx, r, group)
	if err != nil {
		return nil, fmt.Errorf("planning to undo the reset of group %q: %w", group, err)
	}
	kept, err := r.FetchOffsets(ctx, undo)
	if err != nil {
		return nil, fmt.Errorf("planning to undo the reset of group %q: reading group %q: %w", group, undo, err)
	}
	req.From, req.Group, req.InPlace, req.Topics = group, "", true, nil
	var uncommit []partition
	for topic, partitions := range kept {
		for id, o := range partitions {
			if o.Err != nil {
				return nil, fmt.Errorf("planning to undo the reset of group %q: %s:%d in group %q: %w", group, topic, id, undo, o.Err)
			}
			to := AtOffset(o.At)
			if o.Metadata == noCommit {
				uncommit = append(uncommit, partition{topic, id})
				to = Start
			}
			req.Topics = append(req.Topics, Selection{Topic: topic, Partitions: []int32{id}, To: &to})
		}
	}
	plan, err := NewPlan(ctx, r, req)
	if err != nil {
		return nil, err
	}
	plan.To = "what " + undo + " keeps"
	if plan.Share && len(uncommit) > 0 {
		return plan.keep(uncommit)
	}
	for i := range plan.Moves {
		m := &plan.Moves[i]
		if m.Uncommit = slices.Contains(uncommit, partition{m.Topic, m.Partition}); m.Uncommit {
			m.Records, m.Moved = nil, "there was no commit before"
		}
	}
	return plan, nil
}

// keep takes the partitions out in which a share group hadn't begun before: it can't be
// made to forget its start offset there.
func (p *Plan) keep(begun []partition) (*Plan, error) {
	p.Moves = slices.DeleteFunc(p.Moves, func(m Move) bool { return slices.Contains(begun, partition{m.Topic, m.Partition}) })
	if len(p.Moves) == 0 {
		return nil, askedf("set its start offsets with \"evtctl replay reset --in-place\"",
			"share group %q hadn't begun in any partition, and can't be made to forget its start offsets", p.Group)
	}
	for _, at := range begun {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s:%d keeps its start offset: share group %s hadn't begun there, and can't be made to forget it", at.topic, at.id, p.Group))
	}
	slices.Sort(p.Warnings)
	return p, nil
}

// lastUndo finds the newest undo of a group.
func lastUndo(ctx context.Context, r Reader, group string) (string, error) {
	groups, err := r.ListGroups(ctx)
	if err != nil {
		return "", fmt.Errorf("listing groups: %w", err)
	}
	names := slices.DeleteFunc(groups.Groups(), func(name string) bool {
		stamp, ours := strings.CutPrefix(name, group+undoMark)
		return !ours || !stamped(stamp) // a group whose own name goes on like that isn't one
	})
	if len(names) == 0 {
		return "", askedf("only resets with --in-place can be undone", "group %q: nothing is kept to undo", group)
	}
	return slices.Max(names), nil // their names end in the time
}
