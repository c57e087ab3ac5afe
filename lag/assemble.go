package lag

import (
	"errors"
	"slices"
	"sort"
)

var (
	errNoPartition = errors.New("the topic has no such partition: it was deleted, or made anew with fewer")
	errNoRecord    = errors.New("the record there is larger than what is read for a time stamp")
)

// assemble puts together a group's partitions: all those of every topic that the
// group has a commit in or a member on, so that a partition nobody committed for
// is seen too.
func (s *groupState) assemble(logs map[string]*topicLog) Group {
	topics := map[string]bool{}
	for t := range s.commits {
		topics[t] = true
	}
	for t := range s.holders {
		if logs[t] != nil { // nil: not asked for
			topics[t] = true
		}
	}
	sorted := make([]string, 0, len(topics))
	for t := range topics {
		sorted = append(sorted, t)
	}
	sort.Strings(sorted)
	size := 0
	for _, t := range sorted {
		size += len(logs[t].partitions)
	}
	g := s.Group
	g.Partitions = make([]Partition, 0, size)
	for _, t := range sorted {
		g.Partitions = s.appendPartitions(g.Partitions, t, logs[t])
	}
	return g
}

func (s *groupState) appendPartitions(list []Partition, topic string, log *topicLog) []Partition {
	for n := range log.partitions {
		list = append(list, s.partition(topic, int32(n), log))
	}
	// A commit for a partition that isn't there: the topic was deleted, or made anew
	// with fewer partitions.
	var extra []int32
	for n := range s.commits[topic] {
		if int(n) >= len(log.partitions) {
			extra = append(extra, n)
		}
	}
	for n := range s.holders[topic] {
		if int(n) >= len(log.partitions) {
			extra = append(extra, n)
		}
	}
	slices.Sort(extra)
	for _, n := range slices.Compact(extra) {
		list = append(list, s.partition(topic, n, log))
	}
	return list
}

func (s *groupState) partition(topic string, n int32, log *topicLog) Partition {
	p := Partition{
		Topic: topic, Partition: n,
		LogStart: Unknown, Committed: Unknown, LogEnd: Unknown, Lag: Unknown, Lost: Unknown,
		TimeLag: UnknownSeconds(), nextRecord: Unknown,
	}
	if h := s.holders[topic][n]; h != nil {
		p.MemberID, p.ClientID, p.Host = Text(h.memberID), Text(h.clientID), Text(h.host)
	}
	com, hasCommit := s.commits[topic][n]
	switch {
	case com.err != nil:
		p.fail(s.word, com.err)
	case hasCommit:
		p.Committed = Int(com.offset)
	case s.Error != "": // its commits are unknown, which is not the same as none
		p.Error, p.notAuthorized = s.Error, s.notAuthorized
	}
	switch {
	case log.err != nil:
		p.fail(s.word, log.err)
		return p
	case int(n) >= len(log.partitions):
		p.fail(s.word, errNoPartition)
		return p
	case log.partitions[n].err != nil:
		p.fail(s.word, log.partitions[n].err)
		return p
	}
	at := log.partitions[n]
	p.LogStart, p.LogEnd, p.lastStable = Int(at.start), Int(at.end), at.stable
	if s.Type == Share && !hasCommit {
		return p // where it begins is up to the group's settings: nobody has read here yet
	}
	p.measure(com.lag, hasCommit && com.err == nil)
	return p
}

// measure works out the lag in records from the offsets.
func (p *Partition) measure(counted Int, hasCommit bool) {
	if p.Error != "" {
		return
	}
	switch {
	case !hasCommit:
		p.Lag, p.Lost = p.LogEnd-p.LogStart, 0
	case p.Committed > p.LogEnd: // no lag: see [BeyondEnd]
		p.Lost = 0
	case counted.Known():
		p.Lag, p.Lost = counted, max(0, p.LogStart-max(0, p.Committed))
	default:
		from := max(0, p.Committed) // brokers take negative commits, and no log has such offsets
		p.Lag, p.Lost = p.LogEnd-from, max(0, p.LogStart-from)
	}
	if p.Lag == 0 {
		p.TimeLag = 0
	}
}

func (p *Partition) fail(word func(error) string, err error) {
	if p.Error == "" {
		p.Error = Text(word(err))
	}
	p.notAuthorized = p.notAuthorized || isAuthError(err)
}

// sum works out the group's figures from its partitions'.
func (g *Group) sum() {
	g.Lag, g.MaxPartitionLag, g.TimeLag = Unknown, Unknown, UnknownSeconds()
	unknownTime := false
	for i := range g.Partitions {
		p := &g.Partitions[i]
		if !p.Committed.Known() && p.Error == "" {
			g.NeverCommitted++
		}
		switch {
		case !p.Lag.Known() || !p.TimeLag.Known():
			unknownTime = true
		case p.TimeLag.Known() && !(g.TimeLag >= p.TimeLag): // also true while the group's is unknown
			g.TimeLag = p.TimeLag
		}
		if !p.Lag.Known() {
			g.UnknownPartitions++
			continue
		}
		if !g.Lag.Known() {
			g.Lag, g.MaxPartitionLag = 0, 0
		}
		g.Lag += p.Lag
		g.MaxPartitionLag = max(g.MaxPartitionLag, p.Lag)
	}
	if unknownTime {
		g.TimeLag = UnknownSeconds()
	}
}
