package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// PlanVersion is the version of the JSON form of a [Plan].
const PlanVersion = 1

// Reader is what planning asks of a cluster. It has no way to write. A *kadm.Client
// fits.
type Reader interface {
	BrokerMetadata(ctx context.Context) (kadm.Metadata, error)
	ListGroups(ctx context.Context, states ...string) (kadm.ListedGroups, error)
	FetchOffsets(ctx context.Context, group string) (kadm.OffsetResponses, error)
	DescribeShareGroupOffsets(ctx context.Context, groups ...string) (kadm.DescribedShareGroupsOffsets, error)
	ListTopics(ctx context.Context, topics ...string) (kadm.TopicDetails, error)
	ListStartOffsets(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)
	ListEndOffsets(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)
	ListOffsetsAfterMilli(ctx context.Context, millisecond int64, topics ...string) (kadm.ListedOffsets, error)
}

// Request says which group is to read what again.
type Request struct {
	// From is the group whose topics are read again. It is only looked at, unless
	// InPlace.
	From string
	// Group is the isolated group that reads them; empty: a name is made of From and
	// the time. It must be new, or without members.
	Group string
	// InPlace resets From itself. Group must be empty.
	InPlace bool
	// Topics picks what to read; empty: all that From has committed for.
	Topics []Selection
	// To is where to begin, where a Selection doesn't say otherwise.
	To Position
	// Until is where reading is to stop; nil: it goes on. A group can't be told to
	// stop: the plan counts the records, and names the offsets.
	Until *Position
	Now   time.Time
}

// Selection picks partitions of a topic.
type Selection struct {
	Topic      string
	Partitions []int32   // empty: all
	To         *Position // nil: the request's
}

// Plan is what a reset would do. It is made by functions that can't write.
type Plan struct {
	Version   int       `json:"version"`
	ClusterID string    `json:"cluster_id"`
	PlannedAt time.Time `json:"planned_at"`
	Group     string    `json:"group"`      // whose offsets are set
	From      string    `json:"from_group"` // whose topics these are
	InPlace   bool      `json:"in_place"`
	// Share: they are share groups, and the offsets their start offsets.
	Share bool    `json:"share"`
	To    string  `json:"to"`
	Until *string `json:"until"` // null: no end
	// Replaces is how many commits the isolated group has already. Applying the plan
	// keeps them for [PlanUndo].
	Replaces int      `json:"replaces"`
	Moves    []Move   `json:"moves"` // sorted by topic and partition
	Warnings []string `json:"warnings"`
	// Looked is what [Plan.Look] saw; null: no record was read.
	Looked *Looked `json:"looked"`
}

// Move is one partition's new offset.
type Move struct {
	Topic     string `json:"topic"`
	TopicID   string `json:"topic_id"` // as Kafka writes it, in base64
	Partition int32  `json:"partition"`
	// Partitions is how many the topic has.
	Partitions int `json:"topic_partitions"`
	// PriorOffset is where From stands; null where it has committed nothing.
	PriorOffset *int64 `json:"prior_offset"`
	NewOffset   int64  `json:"new_offset"`
	// NewTime is the time of the record there; null where that isn't known without
	// reading it, or where there is none.
	NewTime *time.Time `json:"new_time"`
	// CutTime is the time that NewOffset was looked up by; null for a position that is
	// no time.
	CutTime *time.Time `json:"cut_time"`
	// UntilOffset is the first offset that isn't to be read; null: no end.
	UntilOffset *int64 `json:"until_offset"`
	// Records is how many offsets are read again up to PriorOffset, or UntilOffset.
	// Negative: so many are skipped. Null where From has no offset. Transaction markers
	// and what compaction removed are in it.
	Records  *int64 `json:"records"`
	LogStart int64  `json:"log_start_offset"`
	LogEnd   int64  `json:"log_end_offset"`
	// AtEnd: there is no record at or behind the position.
	AtEnd bool `json:"at_end"`
	// Moved says why NewOffset isn't what the position says; empty when it is.
	Moved string `json:"moved"`
	// Uncommit takes the group's commit away, as there was none before: NewOffset
	// means nothing then.
	Uncommit bool `json:"uncommit"`
}

// NewPlan works out where each partition begins. One whose newest record is older
// than the position is planned at its end and marked AtEnd, never left out. One that
// can't be read fails the plan: half a plan would skip records.
//
// What is asked wrongly is a [*RequestError].
func NewPlan(ctx context.Context, r Reader, req Request) (*Plan, error) {
	p := &planner{r: r, req: req}
	for _, step := range []func(context.Context) error{p.checkGroups, p.readSource, p.readLogs, p.place} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("planning a replay of group %q: %w", req.From, err)
		}
	}
	return p.plan(), nil
}

// planner gathers what a plan needs.
type planner struct {
	r   Reader
	req Request

	clusterID string
	group     string
	share     bool // they are share groups
	committed map[partition]int64
	replaces  int
	moves     []Move
	logs      logs
	warnings  []string
}

// partition is one of a topic.
type partition struct {
	topic string
	id    int32
}

func (p *planner) plan() *Plan {
	plan := &Plan{
		Version: PlanVersion, ClusterID: p.clusterID, PlannedAt: p.req.Now.UTC(), Group: p.group, From: p.req.From,
		InPlace: p.req.InPlace, Share: p.share, Replaces: p.replaces, To: p.req.To.String(), Moves: p.moves, Warnings: append([]string{}, p.warnings...),
	}
	if p.req.Until != nil {
		until := p.req.Until.String()
		plan.Until = &until
	}
	slices.SortFunc(plan.Moves, compareMoves)
	return plan
}

func compareMoves(a, b Move) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

func (p *planner) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}
