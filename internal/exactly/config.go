package exactly

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The limits of a run that doesn't set its own.
const (
	DefaultMaxRecords         = 12_000
	DefaultMaxBytes           = 20 << 20
	DefaultTransactionTimeout = 10 * time.Second
	// DefaultStall is longer than the election of a new leader takes, by Kafka's own
	// settings.
	DefaultStall = 30 * time.Second
)

// SecondSuffix is appended to the transactional id for a second one: a run needs both,
// see rule 1. One permission for the prefix covers them.
const SecondSuffix = ".2"

// Config says how to write.
type Config struct {
	// Client says how the cluster that is written to is reached: addresses, TLS, SASL.
	Client []kgo.Opt
	// TransactionalID is the mutex: the same for everybody who writes from the same
	// source. See rule 1.
	TransactionalID string
	Ledger          Ledger

	// MaxRecords and MaxBytes bound a transaction. Zero means the default.
	MaxRecords int
	MaxBytes   int
	// Rate bounds the items a second; zero doesn't.
	Rate float64
	// TransactionTimeout is how long a run that crashed can block readers of the
	// target. Zero means the default.
	TransactionTimeout time.Duration
	// Stall is how long the cluster may make no progress before the run ends with a
	// [*StalledError]. Zero means the default.
	Stall time.Duration

	// Hard ends the run at once when it ends: the transaction under way is aborted.
	// Nil never does. (The context of [Run] ends it after that transaction.)
	Hard context.Context
	// Report is told what became of each item, in the order in which that was known,
	// and never from two goroutines at once. Nil is told nothing.
	Report func(Result)
	// Notice is told what the run waits for. Nil is told nothing.
	Notice func(Notice)
}

func (c Config) withDefaults() Config {
	if c.MaxRecords <= 0 {
		c.MaxRecords = DefaultMaxRecords
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.TransactionTimeout <= 0 {
		c.TransactionTimeout = DefaultTransactionTimeout
	}
	if c.Stall <= 0 {
		c.Stall = DefaultStall
	}
	if c.Hard == nil {
		c.Hard = context.Background()
	}
	if c.Report == nil {
		c.Report = func(Result) {}
	}
	if c.Notice == nil {
		c.Notice = func(Notice) {}
	}
	return c
}

// Ledger knows what is done already. Entries may be called beside the others, and so
// may what the [Source] asks of it; the rest comes from one goroutine.
type Ledger interface {
	// Load reads the ledger by [ReadCommitted], and on a later call what was added
	// since. cl is a client of the cluster that is written to, whose producer was
	// initialised before.
	Load(ctx context.Context, cl *kgo.Client, notice func(Notice)) error
	// Holds tells whether the item is done.
	Holds(item Item) (Held, bool)
	// Entries makes the records that say that items are done. Each names its topic
	// and partition.
	Entries(done []Done) ([]*kgo.Record, error)
	// Settle is told of items whose entries have been committed: it holds them from now
	// on.
	Settle(done []Done)
}

// Held says how the ledger holds an item.
type Held struct {
	Why string // in words, for the item's result
	// Mine says that this very run has written the entry.
	Mine bool
}

// Notice is something that a run waits for, or does instead of what was expected.
type Notice struct {
	// Text says it in words, as half a sentence.
	Text string
	// Blocked is set while a foreign transaction holds back the ledger.
	Blocked *Blocked
}

// Blocked is an open transaction that readers of a partition wait for.
type Blocked struct {
	Topic           string
	Partition       int32
	ProducerID      int64  // -1 when it can't be known
	TransactionalID string // empty when it can't be known
	Since           time.Duration
}
