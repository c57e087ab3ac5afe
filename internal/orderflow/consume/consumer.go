package consume

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	pollRecords = 50
	pauseAt     = 1000 // records in flight
	resumeAt    = 200
	// grace is what work under way gets when the consumer ends.
	grace = 10 * time.Second
)

// Stats counts records since the start.
type Stats struct {
	Handled      int64 // work done
	Failed       int64 // attempts that failed
	Retried      int64 // attempts after the first
	DeadLettered int64
	InFlight     int64 // fetched and not yet done with, now
	Peak         int64 // the most that were in flight
	Pauses       int64 // times that fetching was paused
	Rebalances   int64 // times that partitions came or went
}

// Consumer is one member of a group.
type Consumer struct {
	Config
	client *kgo.Client

	mu      sync.Mutex
	workers map[partition]*worker

	drained chan struct{} // told when few enough are in flight to go on

	handled, failed, retried, deadLettered, inFlight, peak, pauses, rebalances atomic.Int64
}

type partition struct {
	topic  string
	number int32
}

// New returns a consumer that has not joined its group yet.
func New(c Config) (*Consumer, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	return &Consumer{Config: c, workers: make(map[partition]*worker), drained: make(chan struct{}, 1)}, nil
}

// Stats may be called at any time.
func (c *Consumer) Stats() Stats {
	return Stats{
		Handled: c.handled.Load(), Failed: c.failed.Load(), Retried: c.retried.Load(),
		DeadLettered: c.deadLettered.Load(), InFlight: c.inFlight.Load(), Peak: c.peak.Load(), Pauses: c.pauses.Load(),
		Rebalances: c.rebalances.Load(),
	}
}

// Run reads until ctx ends, which is the usual end and no error. What is under way
// then is finished, for 10 s at most, and committed before the member leaves. A
// static member doesn't leave: it is expected back. Run may be called once.
func (c *Consumer) Run(ctx context.Context) error {
	client, err := c.Open(ctx, c.options()...)
	if err != nil {
		return fmt.Errorf("%s: connect: %w", c.Group, err)
	}
	c.client = client
	err = c.poll(ctx)
	c.end()
	return err
}

func (c *Consumer) poll(ctx context.Context) error {
	for {
		fetches := c.client.PollRecords(ctx, pollRecords)
		if ctx.Err() != nil {
			return nil
		}
		for _, f := range fetches.Errors() {
			if fatal(f.Err) {
				return fmt.Errorf("%s: read topic %q: %w", c.Group, f.Topic, f.Err)
			}
			c.Log.Debug("reading again", "group", c.Group, "topic", f.Topic, "error", f.Err)
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) { c.hand(p) })
		c.client.AllowRebalance()
		if !c.breathe(ctx) {
			return nil
		}
	}
}

// hand gives fetched records to their partition's worker. Rebalances are blocked
// meanwhile, so that it is there.
func (c *Consumer) hand(p kgo.FetchTopicPartition) {
	if len(p.Records) == 0 {
		return
	}
	c.mu.Lock()
	w := c.workers[partition{p.Topic, p.Partition}]
	c.mu.Unlock()
	if w != nil {
		c.peak.Store(max(c.peak.Load(), c.inFlight.Add(int64(len(p.Records))))) // one goroutine hands
		w.add(p.Records)
	}
}

// breathe pauses fetching while too much is in flight. It says false when ctx ended.
func (c *Consumer) breathe(ctx context.Context) bool {
	if c.NoBackpressure || c.inFlight.Load() < pauseAt {
		return true
	}
	c.pauses.Add(1)
	c.Log.Debug("fetching paused", "group", c.Group, "in flight", c.inFlight.Load())
	c.client.PauseFetchTopics(c.Topics...)
	defer c.client.ResumeFetchTopics(c.Topics...)
	for c.inFlight.Load() > resumeAt {
		select {
		case <-c.drained:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// landed counts records that are no longer in flight.
func (c *Consumer) landed(n int) {
	if c.inFlight.Add(-int64(n)) <= resumeAt {
		select {
		case c.drained <- struct{}{}:
		default:
		}
	}
}

// end finishes, commits and leaves. A poll blocks rebalances even when it returns
// nothing but the end of its context, and leaving waits for them.
func (c *Consumer) end() {
	c.client.AllowRebalance()
	c.stop(c.all())
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := c.client.CommitMarkedOffsets(ctx); err != nil {
		c.Log.Warn("the last commit failed: its records come again", "group", c.Group, "error", err)
	}
	c.client.CloseAllowingRebalance()
}

func (c *Consumer) all() map[string][]int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := make(map[string][]int32)
	for p := range c.workers {
		held[p.topic] = append(held[p.topic], p.number)
	}
	return held
}

func (c *Consumer) assigned(_ context.Context, client *kgo.Client, got map[string][]int32) {
	c.rebalances.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	// One that stood still on a record may come back after others had it.
	client.ResumeFetchPartitions(got)
	for topic, numbers := range got {
		for _, n := range numbers {
			p := partition{topic, n}
			c.workers[p] = c.newWorker(client, p)
		}
	}
}

// revoked lets the work under way end, and commits it, before another member gets
// the partitions.
func (c *Consumer) revoked(ctx context.Context, client *kgo.Client, gone map[string][]int32) {
	c.rebalances.Add(1)
	c.stop(gone)
	if err := client.CommitMarkedOffsets(ctx); err != nil {
		c.Log.Warn("commit failed: records come again elsewhere", "group", c.Group, "error", err)
	}
}

// lost is told when others have the partitions already: there is nothing to commit.
func (c *Consumer) lost(_ context.Context, _ *kgo.Client, gone map[string][]int32) { c.stop(gone) }

func (c *Consumer) stop(gone map[string][]int32) {
	var stopped []*worker
	c.mu.Lock()
	for topic, numbers := range gone {
		for _, n := range numbers {
			p := partition{topic, n}
			if w := c.workers[p]; w != nil {
				delete(c.workers, p)
				stopped = append(stopped, w)
				w.stop()
			}
		}
	}
	c.mu.Unlock()
	for _, w := range stopped {
		<-w.done
	}
}

// fatal tells what trying again won't change, such as a missing permission, from
// groups that rebalance and brokers that are busy, moving or gone.
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
