package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
)

// commitInterval is how long consumers take to commit by default, Java's and franz-go's.
const commitInterval = 5 * time.Second

// inTime looks for partitions that a group holds, and of which it has read nothing.
func (e *examination) inTime(ctx context.Context, g *lag.Group) Answer {
	var unread, arrived int64
	partitions := 0
	first := e.before(g.Name)
	for _, p := range g.Partitions {
		if p.Committed.Known() || p.MemberID == "" || !p.Lag.Known() || p.Lag == 0 || p.Error != "" {
			continue
		}
		partitions++
		was := first[lag.Position{Topic: p.Topic, Partition: p.Partition}]
		if was == nil || was.MemberID != p.MemberID || !was.LogEnd.Known() {
			return Answer{InTime, Unsure, fmt.Sprintf("it has committed nothing on %s:%d yet, which a member came to hold just now: look again", p.Topic, p.Partition)}
		}
		unread += int64(was.LogEnd - p.LogStart)
		arrived += int64(p.LogEnd - was.LogEnd)
	}
	window := e.seen.Window()
	switch {
	case partitions == 0:
		if skipped := e.skipped(ctx, g); skipped != "" {
			return Answer{InTime, Unsure, skipped}
		}
		return Answer{InTime, Yes, "it has committed on every partition that it holds and that has records"}
	case window < commitInterval:
		return Answer{InTime, Unsure, fmt.Sprintf("it has committed nothing on %s yet; consumers commit every 5 s by default, and the look took %s: look for longer", count(int64(partitions), "partition", "partitions"), window.Round(100*time.Millisecond))}
	}
	if arrived > 0 || unread <= 0 {
		return Answer{InTime, Unsure, fmt.Sprintf("it has committed nothing over %s, not even for the %s that came meanwhile: it is at work on its first records, or hangs at them", window.Round(100*time.Millisecond), count(arrived, "record", "records"))}
	}
	evidence := fmt.Sprintf("it holds %s with %s, and committed nothing over %s", count(int64(partitions), "partition", "partitions"), count(unread, "record", "records"), window.Round(100*time.Millisecond))
	f := Finding{
		Cause: StartedAtEnd, Verdict: lag.Critical, Groups: []string{g.Name},
		Summary: fmt.Sprintf("group %q began at the end: it never reads the %s that were there before it", g.Name, count(unread, "record", "records")),
		Evidence: []string{
			evidence,
			"a group without commits begins where auto.offset.reset says, and that is the end (latest) by default",
			"a consumer that hangs at its very first record looks the same from here: its log tells",
		},
	}
	f.Commands = []shell.Command{e.lagOf(g)}
	for _, topic := range topicsOf(g, e.req.Topic) {
		f.Commands = append(f.Commands, shell.Command{"replay", "reset", "--from-group", g.Name, "--in-place", "--topic", topic, "--to", "start"})
	}
	e.d.find(f)
	return Answer{InTime, No, evidence}
}

// skipped tells of a group that may have begun at the end though it has committed: some
// consumers, Java's among them, commit where they begin before they have read anything.
// From outside that looks as if they had read all there was, in no time.
func (e *examination) skipped(ctx context.Context, g *lag.Group) string {
	a := e.seen.Activities[g.Name]
	if a.Born.IsZero() {
		return ""
	}
	starts := map[lag.Position]int64{}
	for _, p := range g.Partitions {
		if p.LogStart.Known() {
			starts[lag.Position{Topic: p.Topic, Partition: p.Partition}] = int64(p.LogStart)
		}
	}
	var before int64
	var took time.Duration
	var last []lag.Position // the newest record before each first commit
	for _, c := range a.First {
		start, known := starts[lag.Position{Topic: c.Topic, Partition: c.Partition}]
		if known && c.Offset > start {
			before += c.Offset - start
			took = max(took, c.At.Sub(a.Born))
			last = append(last, lag.Position{Topic: c.Topic, Partition: c.Partition, Offset: c.Offset - 1})
		}
	}
	if before == 0 || took > 2*commitInterval || !e.olderThan(ctx, a.Born, last) {
		return ""
	}
	known := fmt.Sprintf("known: it began at %s, and within %s its first commits were behind %s from before; "+
		"a Java consumer commits where it begins, also where that is the end (auto.offset.reset=latest). Not known: whether it has read them",
		at(a.Born), took.Round(100*time.Millisecond), count(before, "record", "records"))
	return known + ". " + e.settle(ctx, g, last)
}

// settle words what would tell whether a group has read the records before some, and
// keeps the commands for it.
func (e *examination) settle(ctx context.Context, g *lag.Group, last []lag.Position) string {
	newest := last[0]
	text := fmt.Sprintf("Its own log settles it (\"Resetting offset for partition %s-%d\" and to which position), or whether it did its work for %s:%d:%d, the newest of them",
		newest.Topic, newest.Partition, newest.Topic, newest.Partition, newest.Offset)
	var commands []shell.Command
	if key := e.keyAt(ctx, newest); key != "" {
		commands = append(commands, shell.Command{"trace", key, "--since", "start"})
		text += ": trace shows what came of its key"
	}
	var topics []string
	for _, p := range last {
		if !slices.Contains(topics, p.Topic) {
			topics = append(topics, p.Topic)
			commands = append(commands, shell.Command{"replay", "reset", "--from-group", g.Name, "--in-place", "--topic", p.Topic, "--to", "start"})
		}
	}
	e.settling[g.Name] = commands
	return text + ". If it hasn't, replay reset has it read them; if it has, it would read them twice"
}

// keyAt gives the key of a record, where that is text that can be looked for.
func (e *examination) keyAt(ctx context.Context, at lag.Position) (key string) {
	from := replay.AtOffset(at.Offset)
	_, _ = replay.CheckIdempotent(ctx, e.Client, e.adm, replay.CheckRequest{
		Topic: at.Topic, Partitions: []int32{at.Partition}, From: &from, Now: e.req.Now(),
		Visit: func(r *kgo.Record) error {
			if r.Offset == at.Offset {
				key = string(r.Key)
			}
			return errEnough
		},
	})
	if len(key) > maxTraced || strings.TrimSpace(key) == "" || key[0] == '-' || strings.ContainsFunc(key, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return ""
	}
	return key
}

// maxTraced is the longest key that is put into a command.
const maxTraced = 100

// olderThan tells whether all records at positions were written before a time.
func (e *examination) olderThan(ctx context.Context, born time.Time, positions []lag.Position) bool {
	stamps, err := lag.Times(ctx, e.Client, positions)
	if err != nil {
		return false
	}
	for _, s := range stamps {
		if s.Err != nil || s.None || !s.Time.Before(born) {
			return false
		}
	}
	return true
}

// before are the partitions of a group at the beginning of the window.
func (e *examination) before(group string) map[lag.Position]*lag.Partition {
	before := map[lag.Position]*lag.Partition{}
	for i := range e.seen.First.Groups {
		if e.seen.First.Groups[i].Name != group {
			continue
		}
		for j := range e.seen.First.Groups[i].Partitions {
			p := &e.seen.First.Groups[i].Partitions[j]
			before[lag.Position{Topic: p.Topic, Partition: p.Partition}] = p
		}
	}
	return before
}

// topicsOf lists the topics of which a group holds partitions without a commit.
func topicsOf(g *lag.Group, only string) (topics []string) {
	for _, p := range g.Partitions {
		if !p.Committed.Known() && p.MemberID != "" && p.Lag.Known() && p.Lag > 0 && (only == "" || p.Topic == only) {
			if len(topics) == 0 || topics[len(topics)-1] != p.Topic {
				topics = append(topics, p.Topic)
			}
		}
	}
	return topics
}
