package orderflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// lookInterval is the pause between two looks at the cluster.
const lookInterval = 100 * time.Millisecond

// Progress is how far a run has come. The counts are of this run's own services.
type Progress struct {
	Placed, Reserved, Notified, Counted int
	Elapsed                             time.Duration
}

// standing is how far one step of the flow has come with this run's orders.
type standing struct {
	step   string // for people
	done   int64
	behind int64
	moved  time.Time // when it last did, or had nothing to do
}

// watch looks on until the orders have been placed and dealt with, or ctx ends;
// both are no error. It is the one that judges when the cluster is lost: the
// services' clients would go on trying for ever.
func (f *flow) watch(ctx context.Context, placed <-chan struct{}) error {
	var last []standing
	for {
		allPlaced := closed(placed) // before looking: nothing is sent afterwards
		steps, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return f.lost(ctx, err)
		}
		f.Progress(f.progress())
		behind := false
		for i := range steps {
			step := &steps[i]
			behind = behind || step.behind > 0
			if step.behind > 0 && last != nil && step.done == last[i].done {
				step.moved = last[i].moved
			}
			// Enough time for a member that died to be given up and replaced.
			if limit := 3 * f.Timeout; time.Since(step.moved) > limit {
				return fmt.Errorf("%s: nothing has moved for %s with %d orders to go", step.step, limit, step.behind)
			}
		}
		if allPlaced && !behind {
			return nil
		}
		last = steps
		if rest(ctx) != nil {
			return nil
		}
	}
}

// look says how far the steps are that every order must go through. The services'
// own counts won't do: another run's services may share the groups.
func (f *flow) look(ctx context.Context) ([]standing, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	now, orders := time.Now(), f.orders.published()
	steps := []standing{{
		step: fmt.Sprintf("write to topic %q", f.orders.topic), moved: now,
		done: int64(orders.placed), behind: int64(orders.sent - orders.placed),
	}}
	inventory, notification := f.inventory.group, f.notification.group
	committed, err := committedOffsets(ctx, f.admin, f.orders.topic, inventory, notification)
	if err != nil {
		return nil, err
	}
	for _, group := range []string{inventory, notification} {
		step := standing{step: group, moved: now}
		for partition, end := range orders.ends {
			at := committed[group][partition]
			step.done += at
			step.behind += max(0, end-at)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// lost says why the brokers don't answer. What a request reports after the time
// limit is mostly that the limit is over; a ping tells what is in the way.
func (f *flow) lost(ctx context.Context, err error) error {
	if fatal(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if ping := f.client.Ping(ctx); ping != nil && ctx.Err() == nil {
		err = ping
	}
	return fmt.Errorf("%w for %s: %w", ErrLost, f.Timeout, err)
}

// committedOffsets returns the groups' committed offsets in a topic, by group and
// partition. What was never committed isn't in it. It asks again as long as the
// coordinators are starting or moving and ctx lasts.
func committedOffsets(ctx context.Context, admin *kadm.Client, topic string, groups ...string) (map[string]map[int32]int64, error) {
	for {
		committed, err := fetchCommitted(ctx, admin, topic, groups)
		if err == nil || fatal(err) || rest(ctx) != nil {
			return committed, err
		}
	}
}

func fetchCommitted(ctx context.Context, admin *kadm.Client, topic string, groups []string) (map[string]map[int32]int64, error) {
	fetched := admin.FetchManyOffsets(ctx, groups...)
	committed := make(map[string]map[int32]int64, len(groups))
	for _, group := range groups {
		response := fetched[group]
		if err := response.Err; err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // nobody has joined yet
			return nil, fmt.Errorf("offsets of group %q: %w", group, err)
		}
		committed[group] = make(map[int32]int64)
		for partition, offset := range response.Fetched[topic] {
			if offset.Err != nil {
				return nil, fmt.Errorf("offset of group %q in %s:%d: %w", group, topic, partition, offset.Err)
			}
			if offset.At >= 0 { // -1 stands for never committed
				committed[group][partition] = offset.At
			}
		}
	}
	return committed, nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
