package orderflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// pollRecords bounds the work between two polls.
	pollRecords = 50
	// sessionTimeout is when the brokers give up a member they don't hear from.
	// It is far below Kafka's 45 s, so that a demo that was killed doesn't keep
	// its partitions from the next one for long.
	sessionTimeout = 10 * time.Second
	// heartbeat is also how soon a member learns of another that joins or leaves.
	heartbeat = time.Second
)

// member is one service's membership of its consumer group.
type member struct {
	group    string
	clientID string
	client   *kgo.Client
	close    func() // leaves the group
	log      *slog.Logger

	handled atomic.Int64 // orders the service has done its work for
	skipped atomic.Int64 // records that are no orders
}

// memberOptions are those of a consumer that decides itself when to commit: it is
// given no partition, and loses none, while it works on a batch.
func memberOptions(group, clientID, topic string) []kgo.Opt {
	return []kgo.Opt{
		kgo.ClientID(clientID),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.BlockRebalanceOnPoll(),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(sessionTimeout),
		kgo.RebalanceTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeat),
		kgo.FetchMaxBytes(1 << 20),
		kgo.FetchMaxPartitionBytes(256 << 10),
		kgo.MaxDecompressBatchBytes(64 << 20),
	}
}

// consume hands batches to the service until ctx ends, which is the usual end and
// no error, and leaves the group then. A batch that couldn't be
// committed, because the group was rebalancing or the brokers were gone, comes
// again, here or at another member.
func (m *member) consume(ctx context.Context, handle func(context.Context, []*kgo.Record) error) error {
	// A poll blocks rebalances even when it returns nothing but the end of its
	// ctx, and closing waits for rebalances. Whoever closes first, allow them here.
	defer m.close()
	defer m.client.AllowRebalance()
	for {
		fetches := m.client.PollRecords(ctx, pollRecords)
		if ctx.Err() != nil {
			return nil
		}
		for _, fetched := range fetches.Errors() {
			if fatal(fetched.Err) {
				return fmt.Errorf("%s: read topic %q: %w", m.group, fetched.Topic, fetched.Err)
			}
			m.log.Debug("reading again", "group", m.group, "topic", fetched.Topic, "error", fetched.Err)
		}
		if batch := fetches.Records(); len(batch) > 0 {
			if err := handle(ctx, batch); fatal(err) {
				return fmt.Errorf("%s: %w", m.group, err)
			} else if err != nil {
				m.log.Debug("doing a batch again", "group", m.group, "error", err)
				m.client.SetOffsets(beginnings(batch)) // of those partitions that are still this member's
			}
		}
		m.client.AllowRebalance()
	}
}

// beginnings returns where a batch begins in each of its partitions.
func beginnings(batch []*kgo.Record) map[string]map[int32]kgo.EpochOffset {
	first := make(map[int32]kgo.EpochOffset)
	for _, r := range batch {
		if _, ok := first[r.Partition]; !ok {
			first[r.Partition] = kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset}
		}
	}
	return map[string]map[int32]kgo.EpochOffset{batch[0].Topic: first}
}

// commit tells the group that these records are done with.
func (m *member) commit(ctx context.Context, done []*kgo.Record) error {
	if len(done) == 0 {
		return nil
	}
	if err := m.client.CommitRecords(ctx, done...); err != nil {
		return fmt.Errorf("commit offsets of topic %q: %w", done[0].Topic, err)
	}
	return nil
}

// skip counts a record that the service has no use for.
func (m *member) skip(r *kgo.Record, why error) {
	m.skipped.Add(1)
	m.log.Warn("record passed over", "group", m.group,
		"record", fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset), "why", why)
}

// fatal tells what trying again won't change, such as a missing permission, from
// groups that rebalance and brokers that are busy, moving or gone: those are for
// the watcher to judge, who knows how long it has been.
func fatal(err error) bool {
	switch {
	case errors.Is(err, kerr.RebalanceInProgress), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.UnknownMemberID):
		return false // the member rejoins by itself
	case errors.Is(err, kgo.ErrClientClosed):
		return true
	}
	var kafka *kerr.Error
	return errors.As(err, &kafka) && !kafka.Retriable
}
