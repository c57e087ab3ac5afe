package lag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/hedge"
)

// DefaultMaxPositions bounds the records read for time lags in one report: about
// a second's work. A position is one offset of one partition, however many groups
// stand there.
const DefaultMaxPositions = 2000

// Request says what to collect.
type Request struct {
	Groups []string // empty: every group of the cluster
	Topics []string // empty: every topic of those groups
	// MaxPositions bounds how many records are looked up for time lags. Zero means
	// DefaultMaxPositions, a negative number none. Where more would be needed, none
	// is read and the report says so.
	MaxPositions int
	// MembersOnly leaves out everything about partitions but who holds them: a look at
	// groups that costs two requests.
	MembersOnly bool
	Now         func() time.Time // nil: time.Now
	// Word words an error for the report's error fields; nil: in Kafka's own words.
	Word func(error) string
}

// GroupsNotFoundError tells of groups that the cluster does not have.
type GroupsNotFoundError struct {
	Groups []string
	Near   []string // existing names that look alike
}

func (e *GroupsNotFoundError) Error() string {
	noun := "group"
	if len(e.Groups) > 1 {
		noun = "groups"
	}
	quoted := make([]string, len(e.Groups))
	for i, g := range e.Groups {
		quoted[i] = fmt.Sprintf("%q", g)
	}
	return fmt.Sprintf("%s %s: not found in this cluster", noun, strings.Join(quoted, ", "))
}

// TopicNotFoundError tells of a topic that the cluster does not have.
type TopicNotFoundError struct{ Topic string }

func (e *TopicNotFoundError) Error() string {
	return fmt.Sprintf("topic %q: not found in this cluster", e.Topic)
}

// Collect reads groups, their commits, the ends of their partitions and the time
// stamps of the records they stand at. The verdicts are left to [Judge].
//
// A group or partition that can't be read is in the report with its error. Collect
// itself fails when the cluster can't be asked at all, and with a
// [*GroupsNotFoundError] when a group that was asked for doesn't exist.
func Collect(ctx context.Context, cl *kgo.Client, req Request) (*Report, error) {
	if req.MaxPositions == 0 {
		req.MaxPositions = DefaultMaxPositions
	}
	if req.Now == nil {
		req.Now = time.Now
	}
	if req.Word == nil {
		req.Word = kafkasWords
	}
	c := &collector{cl: cl, adm: kadm.NewClient(cl), req: req}
	report := &Report{Version: ReportVersion, Problems: []string{}, Groups: []Group{}}
	states, err := c.open(ctx, report)
	if err != nil {
		return nil, err
	}
	if req.MembersOnly {
		return c.lookAtMembers(ctx, report, states)
	}
	c.step(ctx, func(ctx context.Context) { c.readGroups(ctx, states) })
	c.step(ctx, func(ctx context.Context) { c.logs = c.readLogs(ctx, states) })
	for _, s := range states {
		g := s.assemble(c.logs)
		if len(g.Partitions) == 0 && len(req.Topics) > 0 && len(req.Groups) == 0 && g.Error == "" {
			continue // it has nothing to do with the topics asked for
		}
		report.Groups = append(report.Groups, g)
	}
	c.step(ctx, func(ctx context.Context) { report.UnmeasuredPositions = c.measureTime(ctx, report) })
	c.step(ctx, func(ctx context.Context) { c.nameTransactions(ctx, report) })
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading %d groups: %w", len(states), err)
	}
	for i := range report.Groups {
		report.Groups[i].sum()
	}
	report.taken = req.Now()
	report.TakenAt = report.taken.UTC()
	return report, nil
}

// lookAtMembers fills in what the describe calls tell.
func (c *collector) lookAtMembers(ctx context.Context, report *Report, states []*groupState) (*Report, error) {
	c.step(ctx, func(ctx context.Context) { c.describe(ctx, states) })
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading %d groups: %w", len(states), err)
	}
	for _, s := range states {
		g := s.Group
		g.Lag, g.MaxPartitionLag, g.TimeLag, g.Partitions = Unknown, Unknown, UnknownSeconds(), []Partition{}
		report.Groups = append(report.Groups, g)
	}
	report.taken = c.req.Now()
	report.TakenAt = report.taken.UTC()
	return report, nil
}

// step gives a part of the work two thirds of the time that is left, so that one
// broker that doesn't answer costs what only it could tell, and not the answer.
func (c *collector) step(ctx context.Context, work func(context.Context)) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*2/3)
		defer cancel()
	}
	work(ctx)
}

type collector struct {
	cl  *kgo.Client
	adm *kadm.Client
	req Request

	logs map[string]*topicLog // set once the groups are known
}

// open asks in one go for the cluster's identity and for its groups.
func (c *collector) open(ctx context.Context, r *Report) ([]*groupState, error) {
	var (
		id      clusterIdentity
		listing listedGroups
	)
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) { id, err = hedge.Read(egctx, c.identity); return err })
	eg.Go(func() (err error) {
		c.step(egctx, func(ctx context.Context) { listing, err = c.list(ctx) })
		return err
	})
	eg.Go(func() error { return c.checkTopics(egctx) })
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	r.ClusterID, r.VisibleOnly = id.id, !id.mayDescribe
	if len(c.req.Groups) == 0 { // of groups asked for by name it is known that they are all there
		r.Problems = append(r.Problems, listing.problems...)
	}
	return c.choose(ctx, listing)
}

// checkTopics fails when a topic that was asked for doesn't exist.
func (c *collector) checkTopics(ctx context.Context) error {
	if len(c.req.Topics) == 0 {
		return nil
	}
	details, err := c.topics(ctx, c.req.Topics...)
	if err != nil {
		return fmt.Errorf("looking for topic %q: %w", c.req.Topics[0], err)
	}
	for _, t := range c.req.Topics {
		if errors.Is(details[t].Err, kerr.UnknownTopicOrPartition) {
			return &TopicNotFoundError{t}
		}
	}
	return nil
}

// choose gives the states of the groups that were asked for, sorted by name.
func (c *collector) choose(ctx context.Context, l listedGroups) ([]*groupState, error) {
	if len(c.req.Groups) == 0 {
		return l.groups, nil
	}
	names := slices.Clone(c.req.Groups)
	sort.Strings(names)
	var chosen []*groupState
	var missing []string
	for _, name := range slices.Compact(names) {
		i, found := slices.BinarySearchFunc(l.groups, name, func(s *groupState, n string) int { return strings.Compare(s.Name, n) })
		if found {
			chosen = append(chosen, l.groups[i])
			continue
		}
		missing = append(missing, name)
	}
	if len(missing) == 0 {
		return chosen, nil
	}
	hidden, err := c.hidden(ctx, missing)
	if err != nil {
		return nil, err
	}
	if absent := without(missing, hidden); len(absent) > 0 {
		if len(l.problems) > 0 {
			return nil, fmt.Errorf("group %q: not among the groups of the brokers that answered: %s", absent[0], strings.Join(l.problems, "; "))
		}
		return nil, &GroupsNotFoundError{Groups: absent, Near: near(absent, l.groups)}
	}
	chosen = append(chosen, hidden...)
	sort.Slice(chosen, func(i, j int) bool { return chosen[i].Name < chosen[j].Name })
	return chosen, nil
}

func without(names []string, states []*groupState) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.ContainsFunc(states, func(s *groupState) bool { return s.Name == n })
	})
}

// near gives up to three existing groups that share a word or a beginning with
// one of names.
func near(names []string, groups []*groupState) []string {
	var found []string
	for _, n := range names {
		word := strings.ToLower(strings.FieldsFunc(n+"-", func(r rune) bool { return strings.ContainsRune("-_. ", r) })[0])
		for _, g := range groups {
			if len(found) < 3 && len(word) > 2 && strings.Contains(strings.ToLower(g.Name), word[:max(3, len(word)*2/3)]) && !slices.Contains(found, g.Name) {
				found = append(found, g.Name)
			}
		}
	}
	return found
}

// wanted tells whether a topic was asked for.
func (c *collector) wanted(topic string) bool {
	return len(c.req.Topics) == 0 || slices.Contains(c.req.Topics, topic)
}
