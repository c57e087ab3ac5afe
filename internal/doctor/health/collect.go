package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/lag"
)

// DefaultWindow is how long is looked at what a single look can't tell: longer than
// consumers take between two commits by default.
const DefaultWindow = 6 * time.Second

// Letters finds dead-letter topics and reads them, as [*dlq.Reader] does.
type Letters interface {
	Find(context.Context, dlq.FindRequest) (*dlq.Found, error)
	Read(context.Context, dlq.Query, func(*dlq.Letter) error) (*dlq.ReadResult, error)
}

// Sources are what is asked. Their use is only to read.
type Sources struct {
	Client  *kgo.Client
	Letters Letters // nil: dead letters aren't looked for
}

// Config says how to look.
type Config struct {
	// Window is how long to look; zero is one look.
	Window time.Duration
	// History is how far back rebalances and commits are read. Zero is an hour, negative
	// not at all.
	History time.Duration
	// Limits has the windows in which letters are counted; the rest is for [Judge].
	Limits Limits
	// Timeout bounds each question, so that a broker that hangs costs its answers only.
	// Zero is no bound.
	Timeout time.Duration
	// Tally counts the letters from report to report; nil: nobody does.
	Tally *Tally

	Now  func() time.Time   // nil: time.Now
	Word func(error) string // words errors for the report; nil: Kafka's own words
	// Looked is told of each look at the groups that was made. May be nil.
	Looked func(done, of int)
}

// Collect looks at everything. What can't be read is in the report with its reason; the
// verdicts are left to [Judge]. It fails when the cluster can't be asked at all.
func Collect(ctx context.Context, src Sources, c Config) (*Report, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Word == nil {
		c.Word = error.Error
	}
	r := &Report{
		Version: ReportVersion, WindowSeconds: Number(c.Window.Seconds()), Produced: lag.Unknown, limits: c.Limits,
		Groups: []Group{}, Standing: []Standing{}, Queues: []Queue{}, Transactions: []Transaction{}, History: []Sample{}, Notes: []string{},
		Figures: []Figure{}, Replicas: unknownReplicas(), unread: map[source]string{},
	}
	k := &collector{Sources: src, Config: c, adm: kadm.NewClient(src.Client), report: r}
	if err := k.watch(ctx); err != nil {
		return nil, err
	}
	if err := k.lookAround(ctx); err != nil {
		return nil, err
	}
	r.TakenAt = c.Now().UTC()
	k.finish()
	return r, nil
}

type collector struct {
	Sources
	Config
	adm    *kadm.Client
	report *Report

	seen      *observe.Observation // nil when groups could not be read
	latencies map[string]*observe.Latency
	queues    []queue
}

// tell adds notes.
func (k *collector) tell(notes ...string) { k.report.Notes = append(k.report.Notes, notes...) }

// watch looks at groups over the window, and finds dead-letter topics meanwhile.
func (k *collector) watch(ctx context.Context) error {
	found := make(chan struct{})
	go func() { defer close(found); k.findQueues(ctx) }()
	sampling, stop := context.WithCancel(ctx)
	sampled := make(chan struct{})
	go func() { defer close(sampled); k.sampleOn(sampling, found) }()
	seen, err := observe.Groups(ctx, k.Client, observe.Config{
		Window: k.Window, History: k.History, Timeout: k.Timeout, Now: k.Now, Word: k.Word, Looked: k.Looked,
	})
	stop()
	<-sampled
	<-found
	if ctx.Err() != nil {
		return fmt.Errorf("looking at the cluster: %w", ctx.Err())
	}
	if err != nil {
		k.report.unread[ofGroups] = k.Word(err)
		return nil
	}
	k.seen = seen
	for _, r := range []*lag.Report{seen.First, seen.Last} {
		r.Groups = slices.DeleteFunc(r.Groups, func(g lag.Group) bool { return observe.Own(g.Name) })
	}
	return nil
}

// within bounds a part by the time limit, on top of the time that it should take.
func (k *collector) within(ctx context.Context, should time.Duration, part func(context.Context) error) error {
	if k.Timeout <= 0 {
		return part(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, should+k.Timeout)
	defer cancel()
	return part(bounded)
}

// lookAround asks for what is true at the end of the window. A part that can't be read
// is told, and takes nothing from the others. The cluster is not reached when neither
// its groups nor its metadata came.
func (k *collector) lookAround(ctx context.Context) error {
	var replicasErr, latencyErr, transactErr error
	var eg errgroup.Group
	for _, part := range []struct {
		read func(context.Context) error
		err  *error
	}{{k.readReplicas, &replicasErr}, {k.readLatencies, &latencyErr}, {k.countQueues, nil}, {k.readTransactions, &transactErr}} {
		eg.Go(func() error {
			if err := k.within(ctx, 0, part.read); part.err != nil {
				*part.err = err
			}
			return nil
		})
	}
	_ = eg.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("looking at the cluster: %w", err)
	}
	if replicasErr != nil && k.seen == nil {
		return fmt.Errorf("reading the metadata of all topics: %w", replicasErr)
	}
	for of, problem := range map[source]error{ofReplicas: replicasErr, ofLatencies: latencyErr, ofTransactions: transactErr} {
		if problem != nil {
			k.report.unread[of] = k.Word(problem)
		}
	}
	return nil
}

func (k *collector) readLatencies(ctx context.Context) (err error) {
	if k.seen == nil {
		return errors.New(k.report.unread[ofGroups])
	}
	k.latencies, err = k.seen.Latencies(ctx, k.Client)
	return err
}

// finish puts together what was read.
func (k *collector) finish() {
	r := k.report
	k.addGroups()
	k.addQueues()
	k.nameHeld()
	k.lastSample()
	if r.VisibleOnly {
		r.Notes = append(r.Notes, "this user may not describe the cluster: groups, topics and transactions that are hidden from the user are in no figure")
	}
	if r.PastProblem != "" && r.PastProblem != observe.NotAsked {
		r.Notes = append(r.Notes, "rebalances and commits of the last hour: "+string(r.PastProblem))
	}
	switch {
	case r.Replicas.Partitions == 0: // and not unknown
		r.Notes = append(r.Notes, "there are no topics: the cluster is empty, or nothing in it may be seen")
	case r.Lag != nil && len(r.Groups) == 0:
		r.Notes = append(r.Notes, "there are no groups: nobody consumes, or none may be seen")
	case r.Produced == 0 && k.Window > 0:
		r.Notes = append(r.Notes, "nothing was produced in the window into what groups read")
	}
}
