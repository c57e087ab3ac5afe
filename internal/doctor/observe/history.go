package observe

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/lag"
)

// offsetsTopic is where Kafka keeps what groups commit, and their generations.
const offsetsTopic = "__consumer_offsets"

// NotAsked is the problem of a history that nobody asked for.
const NotAsked = "not asked for"

// past is what the topic of commits tells.
type past struct {
	history History
	groups  map[string]*groupPast
}

type groupPast struct {
	generations map[int32]bool
	born        time.Time               // when its first generation was written; zero: before the history
	commits     map[lag.Position]Commit // by partition; the offset of the key is 0
	first       map[lag.Position]Commit // likewise: the oldest within the history
}

// remember hands the past to the activities.
func (o *Observation) remember(p *past) {
	o.History = p.history
	if p.history.Since.IsZero() {
		return
	}
	for name, a := range o.Activities {
		a.Rebalances = 0
		g := p.groups[name]
		if g == nil {
			continue
		}
		a.Rebalances, a.Born = lag.Int(len(g.generations)), g.born
		for _, c := range g.first {
			a.First = append(a.First, c)
		}
		slices.SortFunc(a.First, byPartition)
		for _, c := range g.commits {
			a.Commits = append(a.Commits, c)
		}
		slices.SortFunc(a.Commits, byPartition)
	}
}

func byPartition(a, b Commit) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// reader reads the topic of commits from the beginning of the history on.
type reader struct {
	past
	cl    *kgo.Client // nil where there was nothing to read
	left  int         // records that may still be read
	ended map[int32]int64
}

// readPast reads the topic of commits, back to the beginning of the history, and up to
// where it ends now. What goes wrong is in its history.
func readPast(ctx context.Context, cl *kgo.Client, c Config, r *lag.Report) *reader {
	p := &reader{past: past{groups: map[string]*groupPast{}}, left: c.MaxHistory, ended: map[int32]int64{}}
	if c.History < 0 {
		p.history.Problem = NotAsked
		return p
	}
	since := c.Now().Add(-c.History)
	p.history.Since = since.UTC()
	if err := p.open(ctx, cl, c, r, since); err != nil {
		p.fail(c, err)
	}
	p.readOn(ctx, cl, c)
	return p
}

// fail says that nothing is known of the past: a part of it would look like all.
func (p *reader) fail(c Config, err error) {
	p.history = History{Problem: fmt.Sprintf("%s can't be read: %s", offsetsTopic, word(c, err))}
}

func word(c Config, err error) string {
	if c.Word != nil {
		return c.Word(err)
	}
	return err.Error()
}

// open finds out where to begin. Of groups that are known, the partitions are, too.
func (p *reader) open(ctx context.Context, cl *kgo.Client, c Config, r *lag.Report, since time.Time) error {
	starts, err := starts(ctx, kadm.NewClient(cl), since)
	if err != nil {
		return err
	}
	only := map[int32]bool{}
	for _, g := range r.Groups {
		only[partitionOf(g.Name, int32(len(starts)))] = true
	}
	from := map[int32]kgo.Offset{}
	for partition, start := range starts {
		if start.Err == nil && (len(c.Groups) == 0 || only[partition]) {
			from[partition], p.ended[partition] = kgo.NewOffset().At(start.Offset), start.Offset
		}
	}
	if len(from) == 0 {
		return nil
	}
	p.cl, err = kgo.NewClient(append(cl.Opts(), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{offsetsTopic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	return err
}

// readOn reads up to where the topic ends now.
func (p *reader) readOn(ctx context.Context, cl *kgo.Client, c Config) {
	if p.cl == nil || p.history.Problem != "" {
		return
	}
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, offsetsTopic)
	if err != nil {
		p.fail(c, err)
		return
	}
	open := map[int32]int64{}
	for partition, at := range p.ended {
		if end := ends[offsetsTopic][partition]; end.Err == nil && end.Offset > at {
			open[partition] = end.Offset
		}
	}
	if err := p.drain(ctx, open); err != nil {
		p.fail(c, err)
	}
}

func (p *reader) close() {
	if p.cl != nil {
		p.cl.Close()
	}
}

// starts gives where each partition is at a time.
func starts(ctx context.Context, adm *kadm.Client, since time.Time) (map[int32]kadm.ListedOffset, error) {
	listed, err := adm.ListOffsetsAfterMilli(ctx, since.UnixMilli(), offsetsTopic)
	if err != nil {
		return nil, err
	}
	starts := listed[offsetsTopic]
	if len(starts) == 0 {
		return nil, errors.New("there is no such topic")
	}
	for _, start := range starts {
		if errors.Is(start.Err, kerr.UnknownTopicOrPartition) {
			return nil, errors.New("there is no such topic, or it may not be seen")
		}
		if start.Err != nil && !errors.Is(start.Err, kerr.LeaderNotAvailable) {
			return nil, start.Err
		}
	}
	return starts, nil
}

// idle is how long nothing may come before what was read has to do.
const idle = 3 * time.Second

// drain reads until every open partition is at its end.
func (p *reader) drain(ctx context.Context, open map[int32]int64) error {
	for len(open) > 0 {
		waiting, cancel := context.WithTimeout(ctx, idle)
		fetches := p.cl.PollRecords(waiting, p.left)
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
		if waiting.Err() != nil && fetches.NumRecords() == 0 {
			return errors.New("its end can't be reached")
		}
		for _, e := range fetches.Errors() {
			return e.Err
		}
		fetches.EachPartition(func(t kgo.FetchTopicPartition) {
			for _, rec := range t.Records {
				p.take(rec)
				p.left--
			}
			if n := len(t.Records); n > 0 {
				p.ended[t.Partition] = t.Records[n-1].Offset + 1
			}
			if p.ended[t.Partition] >= open[t.Partition] {
				delete(open, t.Partition)
			}
		})
		if p.left <= 0 && len(open) > 0 {
			return errors.New("there is more in it than is read at a time")
		}
	}
	return nil
}

// partitionOf is where Kafka keeps a group: by Java's hash of its name.
func partitionOf(group string, partitions int32) int32 {
	var hash int32
	for _, unit := range group { // group names are nearly always ASCII; beyond the BMP Java has two units
		if unit > 0xffff {
			hi, lo := 0xd800+(unit-0x10000)>>10, 0xdc00+(unit-0x10000)&0x3ff
			hash = (hash*31+int32(hi))*31 + int32(lo)
			continue
		}
		hash = hash*31 + int32(unit)
	}
	return int32(max(int64(hash), -int64(hash)) % (1 << 31) % int64(partitions)) // of the least number, Kafka takes 0
}

// The kinds of records in the topic, by the number that their keys begin with.
const (
	commitV0, commitV1 = 0, 1
	classicGroup       = 2
	consumerGroup      = 3
	shareGroup         = 11
	streamsGroup       = 17
)

// take takes in one record. Those that tell nothing here, and those that a newer Kafka
// writes otherwise, are passed over.
func (p *past) take(rec *kgo.Record) {
	if rec.Attrs.IsControl() || len(rec.Key) < 4 || len(rec.Value) < 6 {
		return
	}
	switch binary.BigEndian.Uint16(rec.Key) {
	case commitV0, commitV1:
		p.commit(rec)
	case classicGroup:
		var value kmsg.GroupMetadataValue
		group, ok := groupName(rec.Key)
		if ok && value.ReadFrom(rec.Value) == nil && len(value.Members) > 0 {
			p.group(group).rebalanced(value.Generation, rec.Timestamp)
		}
	case consumerGroup, shareGroup, streamsGroup:
		// The value begins with its version and the epoch, whatever tagged fields follow.
		if group, ok := groupName(rec.Key); ok {
			p.group(group).rebalanced(int32(binary.BigEndian.Uint32(rec.Value[2:])), rec.Timestamp)
		}
	}
}

func (p *past) commit(rec *kgo.Record) {
	var key kmsg.OffsetCommitKey
	var value kmsg.OffsetCommitValue
	if key.ReadFrom(rec.Key) != nil || value.ReadFrom(rec.Value) != nil {
		return
	}
	commits, at := p.group(key.Group).commits, lag.Position{Topic: key.Topic, Partition: key.Partition}
	if before, again := commits[at]; again && before.Offset == value.Offset {
		return // consumers commit what they have committed already; the first time counts
	}
	made := Commit{key.Topic, key.Partition, value.Offset, time.UnixMilli(value.CommitTimestamp).UTC()}
	if first := p.group(key.Group).first; first[at] == (Commit{}) {
		first[at] = made
	}
	commits[at] = made
}

// groupName reads the name that follows the number in the key of a group's record.
func groupName(key []byte) (string, bool) {
	n := int(binary.BigEndian.Uint16(key[2:]))
	if len(key) < 4+n {
		return "", false
	}
	return string(key[4 : 4+n]), true
}

func (p *past) group(name string) *groupPast {
	g := p.groups[name]
	if g == nil {
		g = &groupPast{generations: map[int32]bool{}, commits: map[lag.Position]Commit{}, first: map[lag.Position]Commit{}}
		p.groups[name] = g
	}
	return g
}

// rebalanced notes a generation, which is an epoch for the newer protocols. A group
// begins with the number 1.
func (g *groupPast) rebalanced(generation int32, at time.Time) {
	if generation == 1 && g.born.IsZero() {
		g.born = at.UTC()
	}
	g.generations[generation] = true
}
