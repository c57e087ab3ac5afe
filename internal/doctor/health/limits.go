package health

import (
	"time"

	"github.com/evtctl/evtctl/lag"
)

// Limits is what is acceptable.
type Limits struct {
	Lag lag.Limits // of a partition

	// More letters than WarnLetters in its window are a warning; as many as
	// MaxLetters, or more, are critical. Of one topic.
	WarnLetters, MaxLetters Rate
	// More rebalances of a group in an hour are a warning. Negative: no limit.
	Rebalances int64
	// Of the slowest partition of a group. Zero: no limit.
	WarnLatency, MaxLatency time.Duration
	// Undisposed letters that retention may delete sooner.
	WarnExpiry, CriticalExpiry time.Duration
	// A transaction that is open for longer is a warning. Beyond its own timeout (see
	// [Overdue]) it is critical.
	Transaction time.Duration
}

// Rate is a number of letters in a time; none is no limit.
type Rate struct {
	Letters int64
	Window  time.Duration
	None    bool
}

// DefaultLimits are those of the order flow's service levels. Latency has none: what is
// slow, its user knows.
var DefaultLimits = Limits{
	Lag:         lag.DefaultLimits,
	WarnLetters: Rate{Letters: 1, Window: time.Minute},
	MaxLetters:  Rate{Letters: 10, Window: 5 * time.Minute},
	Rebalances:  3,
	WarnExpiry:  24 * time.Hour, CriticalExpiry: time.Hour,
	Transaction: time.Minute,
}

// Overdue is how long after its timeout a transaction is taken to hang: brokers look
// for those to abort every ten seconds (transaction.abort.timed.out.transaction.
// cleanup.interval.ms).
const Overdue = 30 * time.Second
