package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// standstill is a record at which groups stand.
type standstill struct {
	at     dlq.Coordinates
	groups []string
	lag    lag.Int
	shape  shape
	since  time.Time // zero: not known
	// committed is where the groups stand: at the record, or before it.
	committed lag.Int
	ahead     []string // of groups whose commits are further
}

// moving looks at the partitions in which a group stood still over the window.
func (e *examination) moving(ctx context.Context, g *lag.Group) Answer {
	var stuck, held, slow, unread []string
	still := e.seen.Still(g.Name)
	for i := range still {
		p := &still[i]
		if p.MemberID == "" && g.Type != lag.Share {
			unread = append(unread, fmt.Sprintf("no member holds %s:%d", p.Topic, p.Partition))
			continue
		}
		if p.Transaction != nil {
			held = append(held, e.held(g, p))
			continue
		}
		at, s, ok, err := e.standsAt(ctx, g, p)
		switch {
		case err != nil:
			e.unknown(at, err)
			unread = append(unread, at+" can't be read")
		case ok && s.problem == "" && e.mayBeAtWork(g.Name, p):
			slow = append(slow, at) // it may be at work there, and commit later
		case ok:
			stuck = append(stuck, at)
			e.stuckAt(g, p, s)
		}
	}
	window := e.seen.Window().Round(100 * time.Millisecond)
	switch {
	case len(held) > 0:
		return Answer{Moving, No, "an open transaction holds it: " + strings.Join(some(held, shown), ", ")}
	case len(stuck) > 0:
		return Answer{Moving, No, fmt.Sprintf("it stands still over %s at %s", window, strings.Join(some(stuck, shown), ", "))}
	case len(slow) > 0:
		return Answer{Moving, Unsure, fmt.Sprintf("no commit over %s at %s, where records can be decoded: it may be at work on them; look for longer", window, strings.Join(some(slow, shown), ", "))}
	case len(unread) > 0:
		return Answer{Moving, Unsure, fmt.Sprintf("no commit over %s, and nobody can say why: %s", window, strings.Join(some(unread, shown), ", "))}
	case !g.Lag.Known():
		return Answer{Moving, Unsure, "how far it is behind isn't known"}
	case g.Lag == 0:
		return Answer{Moving, Yes, "it has read everything"}
	}
	return Answer{Moving, Yes, fmt.Sprintf("%s behind, and no partition stood still over %s", g.Lag, window)}
}

// held is a partition that an open transaction holds.
func (e *examination) held(g *lag.Group, p *lag.Partition) string {
	name := fmt.Sprintf("%s:%d", p.Topic, p.Partition)
	t := p.Transaction
	who := "an unknown producer"
	if t.ID != "" {
		who = fmt.Sprintf("transactional id %q", t.ID)
	}
	age := ""
	if t.Age.Known() {
		age = ", open for " + t.Age.Duration().Round(time.Second).String()
	}
	e.merge(Finding{
		Cause: OpenTransaction, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary:  fmt.Sprintf("an open transaction of %s holds what is read of %s", who, name),
		Evidence: []string{fmt.Sprintf("%s stands at offset %s, which is where the transaction begins%s", name, p.Committed, age)},
		Commands: []shell.Command{{"lag", "--group", g.Name, "--topic", p.Topic}},
	})
	return name
}

// standsAt finds out whether there is a record where a partition stands still, and
// what it is.
func (e *examination) standsAt(ctx context.Context, g *lag.Group, p *lag.Partition) (name string, s shape, ok bool, err error) {
	from := p.LogStart
	if p.Committed.Known() {
		from = max(p.Committed, p.LogStart)
	}
	s, err = e.shapeAt(ctx, p.Topic, p.Partition, int64(from))
	switch {
	case err != nil:
		return fmt.Sprintf("%s:%d:%s", p.Topic, p.Partition, from), s, false, err
	case s.record == nil:
		return "", s, false, nil // a transaction's marker is all there is
	case !p.Committed.Known() && (s.problem == "" || !committedAny(g)):
		return "", s, false, nil // it may have begun at the end: that is asked next
	}
	return fmt.Sprintf("%s:%d:%d", p.Topic, p.Partition, s.record.Offset), s, true, nil
}

// committedAny tells a group that reads from one that never has.
func committedAny(g *lag.Group) bool {
	return slices.ContainsFunc(g.Partitions, func(p lag.Partition) bool { return p.Committed.Known() })
}

func (e *examination) stuckAt(g *lag.Group, p *lag.Partition, s shape) {
	at := dlq.Coordinates{Topic: p.Topic, Partition: p.Partition, Offset: s.record.Offset}
	for i := range e.stuck {
		if e.stuck[i].at == at {
			e.stuck[i].groups = append(e.stuck[i].groups, g.Name)
			return
		}
	}
	stand := standstill{at: at, groups: []string{g.Name}, lag: p.Lag, shape: s, committed: p.Committed}
	stand.since = e.seen.Activities[g.Name].Since(p.Topic, p.Partition, p.Committed)
	e.stuck = append(e.stuck, stand)
}

// batch is how many records a consumer takes at once, by Java's default.
const batch = 500

// ahead tells whether a group stands where it does since it commits before it works: it
// has a batch in its hands in which there is a record at which another group stands, and
// that nobody can decode.
func (e *examination) ahead(s standstill) *standstill {
	for i := range e.stuck {
		other := &e.stuck[i]
		between := s.at.Offset - other.at.Offset
		if s.shape.problem == "" && other.shape.problem != "" && other.at.Topic == s.at.Topic && other.at.Partition == s.at.Partition && between > 0 && between <= batch {
			return other
		}
	}
	return nil
}

// gather puts groups that are ahead of what they stand at to the others.
func (e *examination) gather() {
	var kept []standstill
	for _, s := range e.stuck {
		if cause := e.ahead(s); cause != nil {
			cause.groups = append(cause.groups, s.groups...)
			cause.ahead = append(cause.ahead, fmt.Sprintf("%s has committed up to %d already: it commits before it works, and has this record in its hands", list(s.groups), s.at.Offset))
		}
	}
	for _, s := range e.stuck {
		if e.ahead(s) == nil {
			kept = append(kept, s)
		}
	}
	e.stuck = kept
}

// How long a group may take for what it has in its hands before it seems to hang: in one
// partition, and when others of its partitions get on meanwhile. Records that nobody can
// decode need no such time.
const (
	atWork          = 3 * commitInterval
	atWorkElsewhere = 2 * time.Minute
)

// mayBeAtWork tells that a group hasn't stood where it does for so long that it hangs. How
// long it has stood there is known from its commits, else from the window only.
func (e *examination) mayBeAtWork(group string, p *lag.Partition) bool {
	stood, most := e.seen.Window(), commitInterval
	if since := e.seen.Activities[group].Since(p.Topic, p.Partition, p.Committed); !since.IsZero() {
		stood, most = e.seen.Last.TakenAt.Sub(since), atWork
	}
	if e.seen.Moved(group) {
		most = atWorkElsewhere
	}
	return stood < most
}

// tellStuck makes a finding of each record that groups stand at.
func (e *examination) tellStuck() {
	e.gather()
	for _, s := range e.stuck {
		f := Finding{
			Cause: StuckRecord, Verdict: lag.Critical, Groups: s.groups,
			Summary: fmt.Sprintf("%d groups stand still at record %s", len(s.groups), s.at),
		}
		if len(s.groups) == 1 {
			f.Summary = fmt.Sprintf("group %q stands still at record %s", s.groups[0], s.at)
		}
		stood := fmt.Sprintf("the commit didn't move over %s, though %s wait", e.seen.Window().Round(100*time.Millisecond), count(int64(s.lag), "record", "records"))
		switch {
		case !s.committed.Known():
			stood = fmt.Sprintf("nothing was ever committed there, nor over %s, though %s wait", e.seen.Window().Round(100*time.Millisecond), count(int64(s.lag), "record", "records"))
		case int64(s.committed) < s.at.Offset:
			stood += fmt.Sprintf("; it is at %s: this is the first record from there on that can't be decoded", s.committed)
		}
		if !s.since.IsZero() {
			stood += "; it has stood there since " + at(s.since)
		}
		f.Evidence = append(append([]string{stood}, s.shape.evidence()...), s.ahead...)
		where := fmt.Sprintf("%s:%d", s.at.Topic, s.at.Partition)
		f.Commands = []shell.Command{{"dlq", "show", s.at.String()}}
		for _, g := range s.groups {
			f.Commands = append(f.Commands, shell.Command{"replay", "reset", "--from-group", g, "--in-place", "--topic", where, "--to", strconv.FormatInt(s.at.Offset+1, 10)})
		}
		f.Evidence = append(f.Evidence, s.passedOver())
		e.d.find(f)
	}
}

// passedOver says what the reset leaves out.
func (s standstill) passedOver() string {
	text := "the reset passes over this one record"
	if s.committed.Known() && int64(s.committed) < s.at.Offset {
		text = fmt.Sprintf("the reset passes over this record and the %d before it that aren't committed; they may have been worked on", s.at.Offset-int64(s.committed))
	}
	return text + ", once the group's consumers are stopped; keep the record first if somebody needs it"
}

// merge adds a finding, or its groups and evidence to one that says the same.
func (e *examination) merge(f Finding) {
	for i := range e.d.Findings {
		if old := &e.d.Findings[i]; old.Cause == f.Cause && old.Summary == f.Summary {
			old.Groups = append(old.Groups, f.Groups...)
			old.Commands = append(old.Commands, f.Commands...)
			return
		}
	}
	e.d.find(f)
}
