package lag

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// ReportVersion is the version of the JSON form of a [Report]. It changes when a
// field changes its meaning or goes, not when one is added.
const ReportVersion = 1

// Report is the state of groups at one moment. Its JSON form is what scripts read.
type Report struct {
	Version   int       `json:"version"`
	ClusterID string    `json:"cluster_id"`
	TakenAt   time.Time `json:"taken_at"`
	// VisibleOnly is true when the user may not describe the cluster, so that the
	// broker lists only the groups this user may see.
	VisibleOnly bool `json:"visible_only"`
	// UnmeasuredPositions is the number of positions whose time lag was left out
	// because there were more than [Request.MaxPositions].
	UnmeasuredPositions int `json:"unmeasured_positions"`
	// Problems are what could not be read beyond a single group, such as a broker
	// that did not list its groups. A report with problems is not complete.
	Problems []string `json:"problems"`
	Groups   []Group  `json:"groups"` // sorted by name

	taken time.Time // TakenAt as this machine's monotonic clock has it
}

// Group is one group and every partition it has to do with.
type Group struct {
	Name  string `json:"group"`
	Type  Type   `json:"type"`
	State Text   `json:"state"`
	// ProtocolType is "consumer" for groups that read topics; Kafka Connect's workers
	// and others use groups too, without reading any.
	ProtocolType Text `json:"protocol_type"`
	Assignor     Text `json:"assignor"`
	Coordinator  Text `json:"coordinator"` // host:port (node id)
	Members      Int  `json:"members"`
	// Lag is the sum over the partitions whose lag is known; UnknownPartitions is
	// the number of those that are not in it.
	Lag             Int `json:"lag"`
	MaxPartitionLag Int `json:"max_partition_lag"`
	// TimeLag is that of the partition furthest behind in time; unknown as long as
	// one that is behind has an unknown one.
	TimeLag Seconds `json:"time_lag_seconds"`
	Verdict Verdict `json:"verdict"`
	Reasons Reasons `json:"reasons"`
	// NeverCommitted is the number of partitions the group has no commit for.
	NeverCommitted    int         `json:"never_committed_partitions"`
	UnknownPartitions int         `json:"unknown_partitions"`
	Error             Text        `json:"error"`      // why the group as a whole could not be read
	Partitions        []Partition `json:"partitions"` // sorted by topic and partition

	// Epoch counts the group's rebalances where the broker tells it, which it doesn't
	// of classic groups.
	Epoch Int `json:"-"`
	// Roster are the members, also those that hold no partition, in the broker's order.
	Roster []Member `json:"-"`

	notAuthorized bool // Error is an authorization error
}

// Member is a member of a group.
type Member struct {
	ID, InstanceID, ClientID, Host string
	// Topics are those it is subscribed to, as far as the broker tells them: of classic
	// groups of consumers, and of consumer and share groups.
	Topics []string
	// Classic says that it follows the classic protocol.
	Classic bool
}

// Partition is one partition as one group sees it.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	LogStart  Int    `json:"log_start_offset"`
	// Committed is the next offset the group will read. For a share group it is
	// the share-partition start offset.
	Committed Int `json:"committed_offset"`
	LogEnd    Int `json:"log_end_offset"` // the high watermark
	// Lag counts offsets, so transaction markers and compaction holes are in it: it
	// is an upper bound of the records. A partition without a commit counts from
	// its log start. A commit beyond the end has no lag.
	Lag Int `json:"lag"`
	// Lost is the number of offsets that were deleted before the group read them.
	Lost         Int     `json:"lost_records"`
	TimeLag      Seconds `json:"time_lag_seconds"`
	TimeLagError Text    `json:"time_lag_error"` // why the time lag is unknown
	Verdict      Verdict `json:"verdict"`
	Reasons      Reasons `json:"reasons"`

	MemberID Text `json:"member_id"`
	ClientID Text `json:"client_id"`
	Host     Text `json:"host"`

	// Transaction is the open transaction that holds read_committed readers here.
	Transaction *Transaction `json:"open_transaction"`
	Error       Text         `json:"error"`

	notAuthorized bool
	stalled       bool
	sustained     Verdict // the least bad of the looks so far; see Sustain
	looked        bool    // there was a look at which it could be read
	lastStable    int64   // only while a report is being collected, as is nextRecord
	nextRecord    Int     // the first record that is not read yet, past markers and holes
}

// Transaction is an open transaction, as far as the user may see it.
type Transaction struct {
	ID         Text `json:"transactional_id"` // unknown without the permission to describe it
	ProducerID Int  `json:"producer_id"`
	// Age is the time since it began or, without the permission to describe it,
	// since its newest record here, which is less.
	Age Seconds `json:"age_seconds"`
}

// Type is the protocol that a group follows.
type Type string

// The four types of groups.
const (
	Classic  Type = "classic"
	Consumer Type = "consumer" // KIP-848
	Share    Type = "share"    // KIP-932
	Streams  Type = "streams"  // KIP-1071
)

// MarshalJSON implements [json.Marshaler].
func (t Type) MarshalJSON() ([]byte, error) { return Text(t).MarshalJSON() }

// Int is a number that may be unknown. In JSON an unknown number is null.
type Int int64

// Unknown is the value of an [Int] that could not be learnt. It is not -1, since
// brokers store negative commits too.
const Unknown Int = math.MinInt64

// Known tells whether the number is known.
func (i Int) Known() bool { return i != Unknown }

// String gives the digits, or an empty string for an unknown number.
func (i Int) String() string {
	if !i.Known() {
		return ""
	}
	return strconv.FormatInt(int64(i), 10)
}

// MarshalJSON implements [json.Marshaler].
func (i Int) MarshalJSON() ([]byte, error) {
	if !i.Known() {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(i), 10), nil
}

// Seconds is a duration that may be unknown (NaN). JSON has it to the millisecond.
type Seconds float64

// UnknownSeconds gives the unknown duration.
func UnknownSeconds() Seconds { return Seconds(math.NaN()) }

// Known tells whether the duration is known.
func (s Seconds) Known() bool { return !math.IsNaN(float64(s)) }

// Duration gives the duration; of an unknown one it is zero.
func (s Seconds) Duration() time.Duration {
	if !s.Known() {
		return 0
	}
	return time.Duration(float64(s) * float64(time.Second))
}

// String gives seconds to the millisecond, or an empty string for an unknown duration.
func (s Seconds) String() string {
	if !s.Known() {
		return ""
	}
	return strconv.FormatFloat(math.Round(float64(s)*1000)/1000, 'f', -1, 64)
}

// MarshalJSON implements [json.Marshaler].
func (s Seconds) MarshalJSON() ([]byte, error) {
	if !s.Known() {
		return []byte("null"), nil
	}
	return []byte(s.String()), nil
}

// Text is a string that JSON shows as null when it is empty.
type Text string

// MarshalJSON implements [json.Marshaler].
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// Verdict tells whether a lag is acceptable. Verdicts are ordered: the greater
// one is the one to look at first.
type Verdict uint8

// The verdicts, in their order.
const (
	OK        Verdict = iota
	Uncertain         // something needed for the answer could not be read
	Warning
	Critical
)

var verdictNames = [...]string{OK: "ok", Uncertain: "unknown", Warning: "warning", Critical: "critical"}

// String gives the verdict's word: ok, unknown, warning or critical.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText implements [encoding.TextMarshaler].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ParseVerdict reads "warning" or "critical".
func ParseVerdict(s string) (Verdict, error) {
	for _, v := range []Verdict{Warning, Critical} {
		if s == v.String() {
			return v, nil
		}
	}
	return OK, fmt.Errorf("verdict %q is neither warning nor critical", s)
}

// Reasons is a set of what was found, and why a verdict is what it is.
type Reasons uint16

// What can be found of a partition or a group.
const (
	OverWarning     Reasons = 1 << iota // lag over the warning limit
	OverCritical                        // lag over the critical limit
	OverTimeLag                         // time lag over its limit
	NeverCommitted                      // no commit: where the group starts is up to its consumers
	BeyondEnd                           // committed beyond the end of the log
	BelowStart                          // committed before the start of the log: records were lost
	NoMember                            // records wait and no member of the group holds the partition
	Stalled                             // the commit stands still while the end moves
	OpenTransaction                     // an open transaction holds read_committed readers
	NotAuthorized                       // the user may not read what the answer needs
	Failed                              // reading failed otherwise
)

var reasonNames = [...]string{
	"over-warning", "over-critical", "over-time-lag", "never-committed", "beyond-end", "below-start",
	"no-member", "stalled", "open-transaction", "not-authorized", "error",
}

// Has tells whether all of want are in the set.
func (r Reasons) Has(want Reasons) bool { return r&want == want }

// Names lists the set in the order of the constants; it is never nil.
func (r Reasons) Names() []string {
	names := []string{}
	for i, name := range reasonNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// MarshalJSON implements [json.Marshaler]: an array of names.
func (r Reasons) MarshalJSON() ([]byte, error) { return json.Marshal(r.Names()) }
