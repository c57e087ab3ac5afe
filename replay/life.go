package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Kept is a group that a replay made: an isolated one, or what undoes a reset.
type Kept struct {
	Group string `json:"group"`
	From  string `json:"from_group"`
	Kind  string `json:"kind"` // isolated or undo
	State string `json:"state"`
}

// List finds the groups that replays made, by their names: an isolated group that was
// given a name of its own isn't among them.
func List(ctx context.Context, r Reader) ([]Kept, error) {
	groups, err := r.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing groups: %w", err)
	}
	list := []Kept{}
	for _, g := range groups.Sorted() {
		if from, kind, ours := madeBy(g.Group); ours {
			list = append(list, Kept{g.Group, from, kind, g.State})
		}
	}
	return list, nil
}

// madeBy reads the name of a group that a replay made.
func madeBy(group string) (from, kind string, ok bool) {
	for _, m := range []struct{ mark, kind string }{{isolatedMark, "isolated"}, {undoMark, "undo"}} {
		if at := strings.LastIndex(group, m.mark); at > 0 && stamped(group[at+len(m.mark):]) {
			return group[:at], m.kind, true
		}
	}
	return "", "", false
}

// Source is the group that an isolated group was made of, by its name; empty when the
// name doesn't tell.
func Source(isolated string) string {
	if from, kind, ok := madeBy(isolated); ok && kind == "isolated" {
		return from
	}
	return ""
}

// stamped tells whether a name ends as those made here do: 20260302T130000, with
// milliseconds or without.
func stamped(end string) bool {
	day, rest, ok := strings.Cut(end, "T")
	clock, millis, _ := strings.Cut(rest, ".")
	return ok && len(day) == 8 && len(clock) == 6 && strings.Trim(day+clock+millis, "0123456789") == ""
}

// Status is how far a group has come.
type Status struct {
	Version int    `json:"version"`
	Group   string `json:"group"`
	// From is the group that it is compared with; empty: with the logs' ends.
	From     string `json:"from_group"`
	State    string `json:"state"`
	Left     int64  `json:"left"`      // offsets up to where From stands, or the ends
	CaughtUp bool   `json:"caught_up"` // nothing is left
	// Rate is in offsets a second, and TimeLeft in seconds, both by [Status.Since]; null:
	// not known, as with a single look.
	Rate     *float64 `json:"rate"`
	TimeLeft *float64 `json:"time_left_seconds"`
	// Duplicates is by [Status.CountDuplicates]; null: nobody asked.
	Duplicates *Reread    `json:"duplicates"`
	Partitions []Progress `json:"partitions"`
}

// Progress is one partition of a [Status].
type Progress struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	// Goal is where From stands, or the log's end where it has committed nothing.
	Goal int64 `json:"goal"`
	Left int64 `json:"left"` // never negative
}

// Follow tells how far a group has come on its way to where another one stands, or to
// the ends of its topics when from is empty.
func Follow(ctx context.Context, r Reader, group, from string) (*Status, error) {
	attempt := fmt.Sprintf("looking how far group %q has come", group)
	groups, err := r.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: listing groups: %w", attempt, err)
	}
	for _, name := range []string{group, from} {
		if _, found := groups[name]; !found && name != "" {
			return nil, notFound(name)
		}
	}
	own, err := stands(ctx, r, group, isShare(groups[group]))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attempt, err)
	}
	if len(own) == 0 { // nothing left would be said of it otherwise
		return nil, askedf("\"evtctl replay list\" lists the isolated groups", "%s: it has committed nothing", attempt)
	}
	goals := map[partition]int64{}
	if from != "" {
		if goals, err = stands(ctx, r, from, isShare(groups[from])); err != nil {
			return nil, fmt.Errorf("%s: %w", attempt, err)
		}
	}
	ends, err := offsets(r.ListEndOffsets(ctx, topicsOf(own)...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attempt, err)
	}
	s := &Status{Version: 1, Group: group, From: from, State: groups[group].State, CaughtUp: true, Partitions: []Progress{}}
	for at, offset := range own {
		goal, ok := goals[at]
		if !ok {
			goal = ends[at]
		}
		p := Progress{Topic: at.topic, Partition: at.id, Offset: offset, Goal: goal, Left: max(0, goal-offset)}
		s.Left += p.Left
		s.CaughtUp = s.CaughtUp && p.Left == 0
		s.Partitions = append(s.Partitions, p)
	}
	slices.SortFunc(s.Partitions, func(a, b Progress) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return s, nil
}

// Since works out the rate since an earlier look, and the time that is left when both
// the group and its goal go on as they did: the goal may move, too. A group that gets
// no nearer has no time left that is known.
func (s *Status) Since(before *Status, elapsed time.Duration) {
	seconds := elapsed.Seconds()
	if seconds <= 0 {
		return
	}
	was := map[partition]int64{}
	for _, p := range before.Partitions {
		was[partition{p.Topic, p.Partition}] = p.Offset
	}
	var moved int64
	for _, p := range s.Partitions {
		if offset, ok := was[partition{p.Topic, p.Partition}]; ok {
			moved += p.Offset - offset
		}
	}
	rate := float64(moved) / seconds
	s.Rate = &rate
	if nearer := float64(before.Left-s.Left) / seconds; s.CaughtUp || nearer > 0 {
		left := 0.0
		if !s.CaughtUp {
			left = float64(s.Left) / nearer
		}
		s.TimeLeft = &left
	}
}

func topicsOf(offsets map[partition]int64) []string {
	var names []string
	for at := range offsets {
		names = append(names, at.topic)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// PlanPromotion plans to give a group the offsets of an isolated one that has caught
// up with it, so that it goes on where that one stopped. Neither may have members.
// The plan is one in place: what it replaces can be undone.
func PlanPromotion(ctx context.Context, r Reader, isolated string, req Request) (*Plan, error) {
	s, err := Follow(ctx, r, isolated, req.From)
	if err != nil {
		return nil, err
	}
	if s.State != "Empty" && s.State != "Dead" {
		return nil, askedf("stop its members first", "promoting group %q: it is %s, and may go on reading", isolated, s.State)
	}
	if !s.CaughtUp {
		return nil, askedf("wait with \"evtctl replay status --wait\"",
			"promoting group %q: %d offsets are left until where group %q stands; they would be read again", isolated, s.Left, req.From)
	}
	req.InPlace, req.Group, req.Topics = true, "", nil
	for _, p := range s.Partitions {
		to := AtOffset(p.Offset)
		req.Topics = append(req.Topics, Selection{Topic: p.Topic, Partitions: []int32{p.Partition}, To: &to})
	}
	plan, err := NewPlan(ctx, r, req)
	if err != nil {
		return nil, err
	}
	plan.To = "where " + isolated + " stands"
	return plan, nil
}

// Remover deletes groups. A *kadm.Client fits.
type Remover interface {
	Reader
	DeleteGroup(ctx context.Context, group string) (kadm.DeleteGroupResponse, error)
}

// CheckFinish sees that a group can be removed: that it is there, without members,
// and was made by a replay, which its name tells, or its commits do while no consumer
// has made its own.
func CheckFinish(ctx context.Context, r Reader, group string) error {
	groups, err := r.ListGroups(ctx)
	if err != nil {
		return fmt.Errorf("removing group %q: listing groups: %w", group, err)
	}
	g, found := groups[group]
	if !found {
		return notFound(group)
	}
	if g.State != "Empty" && g.State != "Dead" {
		return askedf("stop its members first", "group %q is %s: it has members", group, g.State)
	}
	if _, _, ours := madeBy(group); ours {
		return nil
	}
	if isShare(g) {
		return askedf("Apache's kafka-share-groups.sh --delete removes any share group",
			"share group %q: its name doesn't tell that a replay made it, and nothing else does", group)
	}
	offsets, err := r.FetchOffsets(ctx, group)
	if err != nil {
		return fmt.Errorf("removing group %q: %w", group, err)
	}
	for _, o := range offsets.Sorted() {
		if strings.HasPrefix(o.Metadata, commitNote) && o.Metadata != commitNote+group {
			return nil
		}
	}
	return askedf("Apache's kafka-consumer-groups.sh --delete removes any group",
		"group %q: neither its name nor its commits tell that a replay made it", group)
}

// Finish removes a group that a replay made, once [CheckFinish] finds nothing against
// it. The cluster refuses it, too, while the group has members.
func Finish(ctx context.Context, w Remover, group string) error {
	if err := CheckFinish(ctx, w, group); err != nil {
		return err
	}
	answer, err := w.DeleteGroup(ctx, group)
	if err == nil {
		err = answer.Err
	}
	if err != nil {
		return fmt.Errorf("removing group %q: %w", group, err)
	}
	return nil
}
