package orderflow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// lookInterval is the pause between two looks at the cluster.
const lookInterval = 100 * time.Millisecond

// reads says which topics each group reads.
func (c *Config) reads() map[string][]string {
	orders, inventory, payments := c.topic(event.OrderTopic), c.topic(event.InventoryTopic), c.topic(event.PaymentTopic)
	return map[string][]string{
		c.group(Inventory, event.InventoryGroup): {orders}, c.group(Payment, event.PaymentGroup): {orders}, c.group(Notification, event.NotificationGroup): {orders},
		c.group(Analytics, event.AnalyticsGroup): {orders}, c.group(Delivery, event.DeliveryGroup): {inventory, payments},
		c.group(Monitor, event.MonitorGroup): {event.DeadLetters(orders), event.DeadLetters(inventory), event.DeadLetters(payments)},
	}
}

// lags asks the cluster for the lag of each group. The committed offsets come first:
// what is written meanwhile is lag, and no group can seem to be ahead of the end.
func (s *shop) lags(ctx context.Context) (map[string]int64, error) {
	var groups []string
	for group := range s.reads() {
		groups = append(groups, group)
	}
	committed, err := committedOffsets(ctx, s.admin, groups...)
	if err != nil {
		return nil, err
	}
	starts, err := s.admin.ListStartOffsets(ctx, s.Config.topics()...)
	if err := firstError(starts, err); err != nil {
		return nil, fmt.Errorf("start offsets: %w", err)
	}
	ends, err := s.admin.ListEndOffsets(ctx, s.Config.topics()...)
	if err := firstError(ends, err); err != nil {
		return nil, fmt.Errorf("end offsets: %w", err)
	}
	lags := make(map[string]int64, len(groups))
	for group, topics := range s.reads() {
		lags[group] = 0
		for _, topic := range topics {
			for partition, end := range ends[topic] {
				at, _ := committed[group].Lookup(topic, partition)
				lags[group] += max(0, end.Offset-max(at.At, starts[topic][partition].Offset))
			}
		}
	}
	return lags, nil
}

func firstError(offsets kadm.ListedOffsets, err error) error {
	if err != nil {
		return err
	}
	return offsets.Error()
}

// committedOffsets returns the groups' committed offsets. What was never committed is
// below 0, or missing. It asks again as long as the coordinators are starting or
// moving and ctx lasts.
func committedOffsets(ctx context.Context, admin *kadm.Client, groups ...string) (map[string]kadm.OffsetResponses, error) {
	for {
		committed, err := fetchCommitted(ctx, admin, groups)
		if err == nil || fatal(err) || rest(ctx) != nil {
			return committed, err
		}
	}
}

func fetchCommitted(ctx context.Context, admin *kadm.Client, groups []string) (map[string]kadm.OffsetResponses, error) {
	fetched := admin.FetchManyOffsets(ctx, groups...)
	committed := make(map[string]kadm.OffsetResponses, len(groups))
	for _, group := range groups {
		response := fetched[group]
		if err := response.Err; err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // nobody has joined yet
			return nil, fmt.Errorf("offsets of group %q: %w", group, err)
		}
		if err := response.Fetched.Error(); err != nil {
			return nil, fmt.Errorf("offsets of group %q: %w", group, err)
		}
		committed[group] = response.Fetched
	}
	return committed, nil
}

// unreachable tells that nobody is there to ask.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, &network)
}
