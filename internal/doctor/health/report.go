package health

import (
	"math"
	"strconv"
	"time"

	"github.com/evtctl/evtctl/lag"
)

// ReportVersion is the version of the JSON form of a [Report]. It changes when a field
// changes its meaning or goes, not when one is added.
const ReportVersion = 1

// Report is what was seen of a cluster in a window. Its JSON form is what scripts read.
type Report struct {
	Version   int       `json:"version"`
	ClusterID string    `json:"cluster_id"`
	TakenAt   time.Time `json:"taken_at"` // the end of the window
	// WindowSeconds is how long was looked.
	WindowSeconds Number `json:"window_seconds"`
	// VisibleOnly is true when the user may not describe the cluster: groups, topics and
	// transactions that are hidden from the user are not in any figure then.
	VisibleOnly bool        `json:"visible_only"`
	Verdict     lag.Verdict `json:"verdict"`
	// Figures are filled in by [Judge], the most urgent first.
	Figures []Figure `json:"figures"`
	Groups  []Group  `json:"groups"` // sorted by name
	// Standing are partitions in which a commit stands still while records wait.
	Standing []Standing `json:"standing_still"`
	Queues   []Queue    `json:"queues"` // dead-letter topics, sorted
	Replicas Replicas   `json:"replicas"`
	// Transactions are those that are open, the oldest first.
	Transactions []Transaction `json:"open_transactions"`
	// History is the window from its beginning to its end.
	History []Sample `json:"history"`
	// Produced is how many offsets the partitions that groups read grew by in the window.
	Produced lag.Int `json:"produced"`
	// Past says since when rebalances and commits are known; null: they aren't.
	Past *time.Time `json:"past_since"`
	// PastProblem says why the past is not known, or not whole.
	PastProblem lag.Text `json:"past_problem"`
	// Notes are what can't be said, and what a reader should know; never null.
	Notes []string `json:"notes"`

	// Lag is the report at the end of the window, with every partition; nil when groups
	// could not be read.
	Lag *lag.Report `json:"-"`

	limits Limits
	// unread says of each source that could not be read why.
	unread map[source]string
}

// source is a part of the answer that can fail alone.
type source int

const (
	ofGroups source = iota
	ofLatencies
	ofLetters
	ofReplicas
	ofTransactions
)

// Group is what one group did.
type Group struct {
	Name    string      `json:"group"`
	Type    lag.Type    `json:"type"`
	State   lag.Text    `json:"state"`
	Members lag.Int     `json:"members"`
	Lag     lag.Int     `json:"lag"`
	MaxLag  lag.Int     `json:"max_partition_lag"`
	TimeLag lag.Seconds `json:"time_lag_seconds"`
	// Rebalances are those since Report.Past; unknown where the past is.
	Rebalances lag.Int `json:"rebalances"`
	// Changes are those seen in the window.
	Changes int      `json:"rebalances_in_window"`
	Joined  int      `json:"joined_in_window"`
	Left    int      `json:"left_in_window"`
	Latency Latency  `json:"latency"`
	Error   lag.Text `json:"error"`
}

// Latency is the time from producing to consuming; see Figure.Measured.
type Latency struct {
	// Source is "commits", or "looks": too long by up to the time of the window then.
	Source  lag.Text `json:"source"`
	Samples int      `json:"samples"`
	Median  Number   `json:"median_seconds"`
	Max     Number   `json:"max_seconds"`
	Topic   lag.Text `json:"slowest_topic"`
	// Partition is unknown without a Topic.
	Partition lag.Int `json:"slowest_partition"`
	// Ahead counts records with a time stamp later than their commit: clocks differ, by
	// as much as ClocksDiffer. They are no samples.
	Ahead        int    `json:"records_from_the_future"`
	ClocksDiffer Number `json:"clocks_differ_by_seconds"`
}

// Queue is a dead-letter topic.
type Queue struct {
	Topic string `json:"topic"`
	// Letters and Undisposed are unknown where they could not be read. Unless Exact is
	// true they count offsets, and so markers of transactions, and are upper bounds.
	Letters    lag.Int `json:"letters"`
	Undisposed lag.Int `json:"undisposed"`
	Exact      bool    `json:"exact"`
	// Written is the sum of the partitions' ends: letters ever written, markers included.
	Written lag.Int `json:"written"`
	// Arrived is how many came in the window.
	Arrived lag.Int `json:"arrived_in_window"`
	Recent  []Count `json:"recent"` // for each of the limits' windows, the shorter first
	// Counted says that Arrived and Recent are numbers of records; else they are of offsets,
	// and upper bounds.
	Counted  bool    `json:"counted"`
	LastHour lag.Int `json:"last_hour"`
	// Tallied is how many arrived since the Tally of the Config began.
	Tallied lag.Int `json:"-"`

	Oldest *time.Time `json:"oldest"`
	// FirstExpiry is when retention may delete the first letter. Null: never by time, or,
	// where ExpiryKnown is false, unknown.
	FirstExpiry    *time.Time `json:"first_expiry"`
	ExpiryKnown    bool       `json:"expiry_known"`
	RetentionBytes *int64     `json:"retention_bytes"`
	Error          lag.Text   `json:"error"`
}

// Count is how many letters have time stamps in the last seconds.
type Count struct {
	Seconds float64 `json:"seconds"`
	Letters lag.Int `json:"letters"`
}

// Replicas tells of the partitions of all topics, Kafka's own included.
type Replicas struct {
	Brokers    lag.Int `json:"brokers"` // unknown, as the others, where metadata could not be read
	Partitions lag.Int `json:"partitions"`
	// UnderReplicated partitions have a leader and not all of their replicas in sync;
	// Offline ones have no leader.
	UnderReplicated lag.Int        `json:"under_replicated"`
	Offline         lag.Int        `json:"offline"`
	Topics          []TopicReplica `json:"topics"` // those with any such, sorted
}

// TopicReplica is a topic with partitions that lack replicas.
type TopicReplica struct {
	Topic           string  `json:"topic"`
	UnderReplicated []int32 `json:"under_replicated"`
	Offline         []int32 `json:"offline"`
	// Missing are the brokers that should have a replica and don't, or not up to date.
	Missing []int32 `json:"missing_brokers"`
}

// Transaction is an open one. What the user may not see is unknown.
type Transaction struct {
	ID         lag.Text `json:"transactional_id"`
	ProducerID lag.Int  `json:"producer_id"`
	Age        Number   `json:"age_seconds"`
	// Timeout is after how long the broker aborts it.
	Timeout Number   `json:"timeout_seconds"`
	Topics  []string `json:"topics"`
	// Holds are groups that are held by it.
	Holds []string `json:"holds_groups"`
}

// Sample is a moment of the window.
type Sample struct {
	At              time.Time `json:"at"`
	Lag             lag.Int   `json:"lag"`     // of all groups
	Letters         lag.Int   `json:"letters"` // written to all dead-letter topics ever
	UnderReplicated lag.Int   `json:"under_replicated"`
	Rebalancing     lag.Int   `json:"rebalancing_groups"`
}

// Number is a number that may be unknown (NaN). JSON has it with three decimals.
type Number float64

// Unknown gives the unknown number.
func Unknown() Number { return Number(math.NaN()) }

// Known tells whether the number is known.
func (n Number) Known() bool { return !math.IsNaN(float64(n)) }

// String gives the number with up to three decimals, or an empty string.
func (n Number) String() string {
	if !n.Known() {
		return ""
	}
	return strconv.FormatFloat(math.Round(float64(n)*1000)/1000, 'f', -1, 64)
}

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known() {
		return []byte("null"), nil
	}
	return []byte(n.String()), nil
}

// Seconds gives the duration of a number of seconds; of an unknown one it is zero.
func (n Number) Seconds() time.Duration { return lag.Seconds(n).Duration() }

func number(n lag.Int) Number {
	if !n.Known() {
		return Unknown()
	}
	return Number(n)
}
