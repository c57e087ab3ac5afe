package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
)

// What a [Request] that sets nothing gets.
const (
	// DefaultWindow is longer than the five seconds after which consumers commit by
	// default: a commit that stood still for so long stands still.
	DefaultWindow = 6 * time.Second
	// DefaultRecords is about a second's reading.
	DefaultRecords = 100_000
	// DefaultRebalances is how many an hour are no trouble.
	DefaultRebalances = 3
)

// Request says whom to look at, and how long.
type Request struct {
	Topic, Group string
	// Window is how long groups are looked at; zero is DefaultWindow.
	Window time.Duration
	// Records is how many of the topic's newest are read; zero is DefaultRecords, a
	// negative number is none.
	Records int64
	// Limits say which lag is too much; zero is lag.DefaultLimits.
	Limits lag.Limits
	// Rebalances is how many an hour are no trouble; zero is DefaultRebalances.
	Rebalances int
	// IDHeader has the id of an event; empty: event-id. EntityHeader and EntityField name
	// what an event is about, where its key doesn't: a header, and a field of the value.
	IDHeader, EntityHeader, EntityField string
	// Lifecycle are types of events, as the header event-type has them, in the order in
	// which they happen to an entity; empty: not looked at.
	Lifecycle []string

	// Timeout bounds each question to the cluster, and to the database; zero: none. What is
	// read of records and letters has three times as long.
	Timeout time.Duration

	Now      func() time.Time     // nil: time.Now
	Word     func(error) string   // words errors; nil: Kafka's own words
	Progress func(done, of int64) // may be nil
}

// Sources are where the answers are from. All but the client and the letters may be nil.
type Sources struct {
	Client  *kgo.Client
	Letters *dlq.Reader // its decoder decodes records, too
	Schemas Schemas
	Books   Books
	// Unasked tells of an error of the decoder that the schema registry couldn't be asked,
	// so that nothing is known of the data. Nil: it always could.
	Unasked func(error) bool
}

// Schemas tells what a schema that a record names has broken.
type Schemas interface {
	// Break is nil when the value names no schema, or one that broke nothing.
	Break(ctx context.Context, topic string, headers []kgo.RecordHeader, value []byte) (*Break, error)
}

// Break is a version of a subject that readers of the one before can't read.
type Break struct {
	Subject         string
	Version, Before int
	Problems        []string
}

// Books are an application's database.
type Books interface {
	// Orders gives the ids of all orders to visit.
	Orders(ctx context.Context, visit func(id string) error) error
}

// Diagnose looks for what is wrong. A topic or group that doesn't exist is an error of
// lag's: [*lag.TopicNotFoundError], [*lag.GroupsNotFoundError].
func Diagnose(ctx context.Context, s Sources, req Request) (*Diagnosis, error) {
	e := newExamination(s, req)
	if err := e.within(ctx, 3, e.brokers); err != nil {
		return nil, err
	}
	if err := e.within(ctx, 3, e.topics); err != nil {
		return nil, err
	}
	// Before the window, so that what is on its way has the time to arrive.
	promised := &promised{ids: map[string]bool{}}
	_ = e.within(ctx, 3, func(ctx context.Context) error { e.open(ctx, promised); return nil })
	if err := e.groups(ctx); err != nil {
		return nil, err
	}
	_ = e.within(ctx, 3, func(ctx context.Context) error { e.letters(ctx); return nil })
	_ = e.within(ctx, 3, func(ctx context.Context) error { e.data(ctx, promised); return nil })
	e.lags()
	e.advice()
	e.d.sort()
	return e.d, ctx.Err()
}

// examination is a diagnosis that is being made.
type examination struct {
	Sources
	req       Request
	adm       *kadm.Client
	d         *Diagnosis
	seen      *observe.Observation
	logs      kadm.TopicDetails
	nodes     kadm.BrokerDetails
	away      []string // brokers that can't be reached
	set       settings // of the topic
	stuck     []standstill
	slow      []Finding                  // groups that are behind
	settling  map[string][]shell.Command // by group: what helps to settle what is unknown
	span      int64                      // offsets between the first and the last of the topic
	spanKnown bool
	// nextGeneration: the brokers know the protocol of KIP-848.
	nextGeneration bool
}

func newExamination(s Sources, req Request) *examination {
	if req.Window <= 0 {
		req.Window = DefaultWindow
	}
	if req.Records == 0 {
		req.Records = DefaultRecords
	}
	if req.Limits == (lag.Limits{}) {
		req.Limits = lag.DefaultLimits
	}
	if req.Rebalances == 0 {
		req.Rebalances = DefaultRebalances
	}
	if req.IDHeader == "" {
		req.IDHeader = replay.DefaultIDHeader
	}
	if req.Now == nil {
		req.Now = time.Now
	}
	if req.Word == nil {
		req.Word = func(err error) string { return err.Error() }
	}
	if req.Progress == nil {
		req.Progress = func(int64, int64) {}
	}
	d := &Diagnosis{
		Version: DiagnosisVersion, Topic: lag.Text(req.Topic), Group: lag.Text(req.Group),
		Patients: []Patient{}, Findings: []Finding{}, Advice: []Finding{}, Unknown: []string{}, From: req.Now().UTC(),
	}
	return &examination{Sources: s, req: req, adm: kadm.NewClient(s.Client), d: d, settling: map[string][]shell.Command{}}
}

// within gives a part of the work some times the time limit.
func (e *examination) within(ctx context.Context, times int, work func(context.Context) error) error {
	if e.req.Timeout <= 0 {
		return work(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(times)*e.req.Timeout)
	defer cancel()
	return work(bounded)
}

// unknown notes what couldn't be asked. The diagnosis isn't whole then.
func (e *examination) unknown(what string, err error) {
	e.unseen(fmt.Sprintf("%s: %s", what, e.req.Word(err)))
}

func (e *examination) unseen(what string) {
	e.d.Unknown, e.d.Incomplete = append(e.d.Unknown, what), true
}

// groups looks at the groups for the window and asks the questions.
func (e *examination) groups(ctx context.Context) error {
	config := observe.Config{Window: e.req.Window, Timeout: e.req.Timeout, Now: e.req.Now, Word: e.req.Word}
	config.Looked = func(done, of int) { e.req.Progress(int64(done), int64(of)) }
	if e.req.Group != "" {
		config.Groups = []string{e.req.Group}
	}
	if e.req.Topic != "" {
		config.Topics = []string{e.req.Topic}
	}
	seen, err := observe.Groups(ctx, e.Client, config)
	var missing *lag.GroupsNotFoundError
	switch {
	case errors.As(err, &missing) && e.req.Topic != "":
		e.noGroup(missing)
		e.d.To = e.req.Now().UTC()
		return nil
	case err != nil && len(e.away) > 0: // which says why
		e.unknown("consumer groups", err)
		e.d.To = e.req.Now().UTC()
		return ctx.Err()
	case err != nil:
		return err
	}
	e.seen = seen
	e.d.ClusterID, e.d.To = seen.Last.ClusterID, seen.Last.TakenAt
	for _, problem := range seen.Last.Problems {
		e.unseen(problem)
	}
	if seen.History.Problem != "" {
		e.d.Unknown = append(e.d.Unknown, "rebalances and commits before this look: "+seen.History.Problem)
	}
	_ = e.within(ctx, 3, func(ctx context.Context) error {
		for i := range seen.Last.Groups {
			e.ask(ctx, &seen.Last.Groups[i])
		}
		return nil
	})
	e.tellStuck()
	if e.req.Topic != "" && len(e.d.Patients) == 0 {
		e.nobody()
	}
	return nil
}

// count words a number with its noun.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// at words a time of this examination.
func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }
