package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Writer is what applying a plan needs beside a [Reader]. A *kadm.Client fits.
type Writer interface {
	Reader
	CommitOffsets(ctx context.Context, group string, offsets kadm.Offsets) (kadm.OffsetResponses, error)
	DeleteOffsets(ctx context.Context, group string, topics kadm.TopicsSet) (kadm.DeleteOffsetsResponses, error)
	AlterShareGroupOffsets(ctx context.Context, group string, offsets kadm.Offsets) (kadm.AlterShareGroupOffsetsResponses, error)
}

// ReceiptVersion is the version of the JSON form of a [Receipt].
const ReceiptVersion = 1

// Receipt is what was done, partition by partition.
type Receipt struct {
	Version int    `json:"version"`
	Group   string `json:"group"`
	Planned int    `json:"planned"`
	Done    int    `json:"done"`
	Failed  int    `json:"failed"`
	// Undo is the group that keeps what was there before; empty for an isolated group.
	Undo  string `json:"undo"`
	Items []Item `json:"items"`
}

// Item is one partition of a [Receipt].
type Item struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Result    string `json:"result"` // done or failed
	Reason    string `json:"reason"` // empty when done
}

// Fresh tells whether a plan still fits the cluster: it is the same cluster, the
// topics are the same ones with the same partitions, every new offset is there, and
// nobody uses the group. A plan that doesn't is a [*StaleError]; nothing is written.
func (p *Plan) Fresh(ctx context.Context, r Reader) error {
	if p.Group == "" || len(p.Moves) == 0 {
		return &StaleError{"it is for no group, or for no partition"} // brokers accept commits for the group ""
	}
	check := &planner{r: r, req: Request{From: p.From, Group: p.Group, InPlace: p.InPlace}}
	for _, m := range p.Moves {
		check.req.Topics = append(check.req.Topics, Selection{Topic: m.Topic})
	}
	if p.InPlace {
		check.req.Group = ""
	}
	if err := check.checkGroups(ctx); err != nil {
		return fmt.Errorf("applying the plan for group %q: %w", p.Group, err)
	}
	if err := check.readLogs(ctx); err != nil {
		return fmt.Errorf("applying the plan for group %q: %w", p.Group, err)
	}
	if check.share != p.Share {
		return &StaleError{"one of its groups was deleted and made anew as one of another kind"}
	}
	if check.clusterID != p.ClusterID {
		return &StaleError{fmt.Sprintf("it was made for cluster %s, and this is %s", p.ClusterID, check.clusterID)}
	}
	if err := p.fits(&check.logs); err != nil || !p.InPlace {
		return err
	}
	return p.unmoved(ctx, r)
}

// unmoved sees that a group to be reset in place stands where the plan says. A
// partition that stands where it is to go was set by a run that was cut off.
func (p *Plan) unmoved(ctx context.Context, r Reader) error {
	now, err := stands(ctx, r, p.Group, p.Share)
	if err != nil {
		return fmt.Errorf("applying the plan for group %q: %w", p.Group, err)
	}
	for _, m := range p.Moves {
		offset, there := now[partition{m.Topic, m.Partition}]
		was := m.PriorOffset
		switch {
		case there && (!m.Uncommit && offset == m.NewOffset || was != nil && offset == *was):
		case there && p.Share && was != nil && offset < *was: // it was done with all there was, and there is more now
		case !there && (m.Uncommit || was == nil):
		case !there:
			return &StaleError{fmt.Sprintf("group %s has no commit in %s:%d any more", p.Group, m.Topic, m.Partition)}
		default:
			return &StaleError{fmt.Sprintf("group %s has committed offset %d in %s:%d since", p.Group, offset, m.Topic, m.Partition)}
		}
	}
	return nil
}

// fits holds the plan against what the brokers tell now.
func (p *Plan) fits(l *logs) error {
	for _, m := range p.Moves {
		at := partition{m.Topic, m.Partition}
		switch start, there := l.start[at]; {
		case l.ids[m.Topic] != m.TopicID:
			return &StaleError{fmt.Sprintf("topic %s was deleted and made anew", m.Topic)}
		case !there || len(l.partitions[m.Topic]) != m.Partitions:
			return &StaleError{fmt.Sprintf("topic %s has %d partitions now, and had %d", m.Topic, len(l.partitions[m.Topic]), m.Partitions)}
		case m.Uncommit:
		case m.NewOffset < start:
			return &StaleError{fmt.Sprintf("%s:%d begins at offset %d now: what was at offset %d is deleted", m.Topic, m.Partition, start, m.NewOffset)}
		case m.NewOffset > l.end[at]:
			return &StaleError{fmt.Sprintf("%s:%d ends at offset %d, before offset %d: the log was cut off", m.Topic, m.Partition, l.end[at], m.NewOffset)}
		}
	}
	return nil
}

// Apply sees that the plan is [Plan.Fresh] and commits its offsets, for the plan's
// own group and no other. What the group has committed before, it first keeps for
// [PlanUndo]. The receipt
// has every partition, also beside an error, which is a [*PartialError] then.
func (p *Plan) Apply(ctx context.Context, w Writer) (*Receipt, error) {
	if err := p.Fresh(ctx, w); err != nil {
		return nil, err
	}
	undo, err := p.keepUndo(ctx, w)
	if err != nil {
		return nil, err
	}
	set := p.commit
	if p.Share {
		set = p.alter
	}
	refused := set(ctx, w)
	receipt := p.receipt(refused)
	receipt.Undo = undo
	if receipt.Failed == 0 {
		return receipt, nil
	}
	reasons := map[string]bool{}
	for _, err := range refused {
		reasons[err.Error()] = true
	}
	err = fmt.Errorf("committing %d offsets for group %q: %s", receipt.Failed, p.Group, strings.Join(slices.Sorted(maps.Keys(reasons)), "; "))
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", err, ctx.Err())
	}
	return receipt, &PartialError{receipt, err}
}

// commit sets a group's offsets and returns what was refused, by partition. The call
// as a whole succeeds although partitions were refused, so that each is looked at.
func (p *Plan) commit(ctx context.Context, w Writer) map[partition]error {
	var offsets kadm.Offsets
	gone := kadm.TopicsSet{}
	for _, m := range p.Moves {
		if m.Uncommit {
			gone.Add(m.Topic, m.Partition)
			continue
		}
		offsets.Add(kadm.Offset{Topic: m.Topic, Partition: m.Partition, At: m.NewOffset, LeaderEpoch: -1, Metadata: p.note()})
	}
	refused := map[partition]error{}
	if len(offsets) > 0 {
		answers, err := w.CommitOffsets(ctx, p.Group, offsets)
		offsets.Each(func(o kadm.Offset) {
			answer, answered := answers.Lookup(o.Topic, o.Partition)
			if reason := refusal(answered, answer.Err, err); reason != nil {
				refused[partition{o.Topic, o.Partition}] = reason
			}
		})
	}
	if len(gone) > 0 {
		answers, err := w.DeleteOffsets(ctx, p.Group, gone)
		gone.Each(func(topic string, id int32) {
			answer, answered := answers.Lookup(topic, id)
			if reason := refusal(answered, answer, err); reason != nil {
				refused[partition{topic, id}] = reason
			}
		})
	}
	return refused
}

// refusal is why a partition was refused; nil when it wasn't.
func refusal(answered bool, answer, call error) error {
	switch {
	case errors.Is(call, context.Canceled), errors.Is(call, context.DeadlineExceeded):
		return fmt.Errorf("the broker's answer wasn't waited for, so that it may be set: %w", call)
	case errors.Is(call, kerr.NonEmptyGroup):
		return errMembers
	case errors.Is(call, kerr.GroupAuthorizationFailed), errors.Is(answer, kerr.GroupAuthorizationFailed):
		return errors.New("not authorized for the group: setting its offsets needs READ on it")
	case errors.Is(answer, kerr.TopicAuthorizationFailed):
		return errors.New("not authorized for the topic: setting a group's offsets needs READ on it")
	case call != nil:
		return call
	case !answered:
		return errors.New("the broker didn't answer for it")
	case errors.Is(answer, kerr.UnknownMemberID), errors.Is(answer, kerr.GroupSubscribedToTopic):
		return errMembers
	}
	return answer
}

var errMembers = errors.New("the group has members: stop them, or choose another group")

// note is kept with each commit, until a consumer makes its own.
func (p *Plan) note() string { return commitNote + p.From }

const commitNote = "evtctl replay of "

// receipt lists every partition.
func (p *Plan) receipt(refused map[partition]error) *Receipt {
	r := &Receipt{Version: ReceiptVersion, Group: p.Group, Planned: len(p.Moves), Items: []Item{}}
	for _, m := range p.Moves {
		item := Item{Topic: m.Topic, Partition: m.Partition, Offset: m.NewOffset, Result: "done"}
		if err := refused[partition{m.Topic, m.Partition}]; err != nil {
			item.Result, item.Reason = "failed", err.Error()
			r.Failed++
		} else {
			r.Done++
		}
		r.Items = append(r.Items, item)
	}
	return r
}

// PartialError is a plan of which not everything could be applied. Receipt says what
// was.
type PartialError struct {
	Receipt *Receipt
	Err     error
}

func (e *PartialError) Error() string { return e.Err.Error() }
func (e *PartialError) Unwrap() error { return e.Err }
