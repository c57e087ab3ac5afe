package doctor

import (
	"cmp"
	"slices"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// DiagnosisVersion is the version of the JSON form of a [Diagnosis].
const DiagnosisVersion = 1

// Diagnosis is what was found. Its JSON form is what scripts read.
type Diagnosis struct {
	Version   int       `json:"version"`
	ClusterID string    `json:"cluster_id"`
	Topic     lag.Text  `json:"topic"` // null: all that groups read
	Group     lag.Text  `json:"group"` // null: all
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	// Patients are the groups that were asked the questions, sorted by name.
	Patients []Patient `json:"groups"`
	// Findings are sorted: the first is the one to mend first.
	Findings []Finding `json:"findings"`
	// Advice is what could be better, and harms nobody now.
	Advice []Finding `json:"advice"`
	// Unknown is what couldn't be looked at, and why.
	Unknown []string `json:"unknown"`
	// Incomplete: something that should have been looked at couldn't be, so that no finding
	// doesn't mean that all is well. What Kafka keeps of the past isn't part of it.
	Incomplete bool `json:"incomplete"`
	// Records is how many records of the topic were looked at.
	Records int64 `json:"records"`
}

// Patient is a group, and its answers to the questions. They end with the first "no".
type Patient struct {
	Group   string   `json:"group"`
	Answers []Answer `json:"answers"`
	// Commands are those of evtctl that help to settle what is unknown, in the form of
	// Finding.Commands; never null.
	Commands []shell.Command `json:"commands"`
}

// Answer answers one of the questions.
type Answer struct {
	Question Question `json:"question"`
	Says     Says     `json:"answer"`
	Evidence string   `json:"evidence"`
}

// Says is an answer in a word.
type Says string

// The words.
const (
	Yes    Says = "yes"
	No     Says = "no"
	Unsure Says = "unknown"
)

// Question is one of the six that "produced but never consumed" is asked.
type Question string

// The questions, in their order.
const (
	Running    Question = "is a consumer running?"
	Subscribed Question = "is it subscribed to this topic?"
	AtRest     Question = "is the group at rest, not rebalancing over and over?"
	Moving     Question = "does every partition get on?"
	InTime     Question = "did the group begin before the records were written?"
	Reachable  Question = "can every broker be reached from here?"
)

// Cause is a kind of finding.
type Cause string

// The causes, in the order in which they are to be mended: what is further up makes
// more of what is further down.
const (
	Unreachable     Cause = "unreachable-broker"
	Offline         Cause = "offline-partitions"
	UnderReplicated Cause = "under-replicated"
	OpenTransaction Cause = "open-transaction"
	NoConsumer      Cause = "no-consumer"
	OtherTopic      Cause = "other-topic"
	RebalanceLoop   Cause = "rebalance-loop"
	StuckRecord     Cause = "stuck-record"
	StartedAtEnd    Cause = "started-at-end"
	SchemaBreak     Cause = "schema-break"
	DeadLetters     Cause = "dead-letters"
	LostRecords     Cause = "lost-records"
	DualWrite       Cause = "dual-write"
	ScatteredKeys   Cause = "scattered-keys"
	NullKeys        Cause = "null-keys"
	OutOfOrder      Cause = "out-of-order"
	DuplicateEvents Cause = "duplicate-events"
	FallingBehind   Cause = "falling-behind"
	ExpiringLag     Cause = "retention-shorter-than-lag"
	UnreadLetters   Cause = "unread-dead-letters"
	ThinWrites      Cause = "replication-risk"
	// The following are advice.
	EagerAssignor   Cause = "eager-assignor"
	OftenRebalanced Cause = "rebalances-often"
	NewProtocol     Cause = "kip-848"
	NothingWritten  Cause = "nothing-produced"
)

var order = []Cause{
	Unreachable, Offline, UnderReplicated, OpenTransaction, NoConsumer, OtherTopic, RebalanceLoop, StuckRecord, StartedAtEnd, SchemaBreak, DeadLetters,
	LostRecords, DualWrite, ScatteredKeys, NullKeys, OutOfOrder, DuplicateEvents, FallingBehind, ExpiringLag, UnreadLetters, ThinWrites,
	OftenRebalanced, EagerAssignor, NewProtocol, NothingWritten,
}

// Finding is a cause, what shows it and what mends it.
type Finding struct {
	Cause   Cause       `json:"cause"`
	Verdict lag.Verdict `json:"verdict"`
	Summary string      `json:"summary"`
	// Groups are those that it is about; none where it is about records or brokers.
	Groups   []string `json:"groups"`
	Evidence []string `json:"evidence"`
	// Commands are evtctl commands that show or mend it, without the program's name and
	// the flags that say which cluster.
	Commands []shell.Command `json:"commands"`
}

// Verdict is the worst of the findings'.
func (d *Diagnosis) Verdict() lag.Verdict {
	worst := lag.OK
	for _, f := range d.Findings {
		worst = max(worst, f.Verdict)
	}
	return worst
}

// find adds a finding.
func (d *Diagnosis) find(f Finding) { d.Findings = append(d.Findings, complete(f)) }

func (d *Diagnosis) advise(f Finding) { d.Advice = append(d.Advice, complete(f)) }

// complete makes lists of a finding that are never null.
func complete(f Finding) Finding {
	f.Groups, f.Evidence, f.Commands = append([]string{}, f.Groups...), append([]string{}, f.Evidence...), append([]shell.Command{}, f.Commands...)
	return f
}

// sort puts the findings into the order of mending.
func (d *Diagnosis) sort() {
	rank := func(f Finding) int { return slices.Index(order, f.Cause) }
	slices.SortStableFunc(d.Findings, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	slices.SortStableFunc(d.Advice, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	slices.Sort(d.Unknown)
	d.Unknown = slices.Compact(d.Unknown)
}

// has tells whether a group, or the topic as a whole, has a finding already.
func (d *Diagnosis) has(group string, causes ...Cause) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool {
		return slices.Contains(causes, f.Cause) && (group == "" || slices.Contains(f.Groups, group))
	})
}
