package consume

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// Semantics says when a record is committed.
type Semantics int

const (
	AtLeastOnce Semantics = iota // work, then commit: a crash doubles work
	AtMostOnce                   // commit, then work, and never again: a crash loses work
)

// Assignor says who gets which partition.
type Assignor int

const (
	CooperativeSticky Assignor = iota // members keep what they have
	Eager                             // each rebalance takes everything from everyone
	NextGen                           // the broker assigns (KIP-848, Kafka 4.0)
)

// Message is a record with what is in it.
type Message struct {
	Record   *kgo.Record
	Envelope event.Envelope
	Event    event.Event // nil without a Codec

	ctx context.Context
}

// Context carries the record's own trace and correlation id.
func (m Message) Context() context.Context { return m.ctx }

// Config says what a consumer reads and does.
type Config struct {
	// Open connects to the cluster, with these options beside its own.
	Open   func(context.Context, ...kgo.Opt) (*kgo.Client, error)
	Group  string
	Topics []string
	// Codec decodes records before they are handled. Nil leaves them as they are.
	Codec event.Codec

	// Handle does the work for one record; HandleBatch for up to 50 of one
	// partition. One of them is set. The context of a batch has no trace, its
	// messages have. Either may run on several partitions at the same time.
	Handle      func(context.Context, Message) error
	HandleBatch func(context.Context, []Message) error

	Semantics Semantics
	Retries   int           // after the first attempt; 0 means 3, negative none
	Backoff   time.Duration // between attempts; 0 means 1 s
	// Grace is what work under way gets when the consumer ends or loses a partition,
	// before its context does; 0 means 10 s.
	Grace time.Duration
	// NoDeadLetters stops a partition at a record that fails, until the process
	// starts again and fails again.
	NoDeadLetters bool
	// NoBackpressure takes in all that the brokers give.
	NoBackpressure bool

	Assignor   Assignor
	InstanceID string // for static membership, if it isn't empty

	// StartAtEnd makes a group that has committed nothing begin with what is written
	// from now on. What is there already is never read.
	StartAtEnd bool
	// CrashBeforeCommit works and commits nothing, as a process does that is killed
	// between the two.
	CrashBeforeCommit bool

	Tracer *trace.Tracer // may be nil
	Log    *slog.Logger  // may be nil
}

// BatchError tells which message of a batch has failed. Those before it are done;
// without a BatchError the whole batch has failed.
type BatchError struct {
	Index int
	Err   error
}

func (e *BatchError) Error() string { return e.Err.Error() }
func (e *BatchError) Unwrap() error { return e.Err }

func (c *Config) complete() error {
	switch {
	case c.Open == nil || c.Group == "" || len(c.Topics) == 0:
		return errors.New("a consumer needs a cluster, a group and a topic")
	case (c.Handle == nil) == (c.HandleBatch == nil):
		return errors.New("a consumer needs either a handler or a batch handler")
	}
	if c.Retries == 0 {
		c.Retries = 3
	}
	if c.Retries < 0 || c.Semantics == AtMostOnce {
		c.Retries = 0 // trying again could do the work twice
	}
	if c.Backoff == 0 {
		c.Backoff = time.Second
	}
	if c.Grace == 0 {
		c.Grace = grace
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// How long a member may be silent and a rebalance may take. Both are far below
// Kafka's defaults, so that a demo that was killed doesn't keep its partitions for
// long; the brokers set them for NextGen.
const (
	sessionTimeout   = 10 * time.Second
	rebalanceTimeout = 30 * time.Second
	heartbeat        = time.Second
	commitEvery      = 500 * time.Millisecond
)

func (c *Consumer) options() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ClientID(c.Group),
		kgo.ConsumerGroup(c.Group),
		kgo.ConsumeTopics(c.Topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(sessionTimeout),
		kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.HeartbeatInterval(heartbeat),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(commitEvery),
		kgo.OnPartitionsAssigned(c.assigned),
		kgo.OnPartitionsRevoked(c.revoked),
		kgo.OnPartitionsLost(c.lost),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), // a dead letter keeps its partition
		kgo.FetchMaxBytes(1 << 20),
		kgo.FetchMaxPartitionBytes(256 << 10),
		kgo.MaxDecompressBatchBytes(64 << 20),
	}
	if c.StartAtEnd {
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()))
	}
	if c.InstanceID != "" {
		opts = append(opts, kgo.InstanceID(c.InstanceID))
	}
	switch c.Assignor {
	case Eager:
		return append(opts, kgo.Balancers(kgo.RangeBalancer()))
	case NextGen:
		return append(opts, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	return append(opts, kgo.Balancers(kgo.CooperativeStickyBalancer()))
}
