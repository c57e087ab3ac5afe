package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// place works out each partition's new offset.
func (p *planner) place(context.Context) error {
	selections := p.req.Topics
	if len(selections) == 0 {
		for _, topic := range p.topics() {
			selections = append(selections, Selection{Topic: topic})
		}
	}
	taken := map[partition]bool{}
	for _, s := range selections {
		if err := p.placeTopic(s, taken); err != nil {
			return err
		}
	}
	if len(p.moves) == 0 {
		return askedf("name topics that have partitions", "the selection has no partition")
	}
	return nil
}

func (p *planner) placeTopic(s Selection, taken map[partition]bool) error {
	there := p.logs.partitions[s.Topic]
	ids := s.Partitions
	if len(ids) == 0 {
		ids = there
	}
	to := p.req.To
	if s.To != nil {
		to = *s.To
	}
	atEnd := 0
	for _, id := range ids {
		at := partition{s.Topic, id}
		if !slices.Contains(there, id) {
			return askedf(fmt.Sprintf("topic %s has the partitions %s", s.Topic, ranges(there)), "partition %d of topic %q: not found", id, s.Topic)
		}
		if taken[at] {
			return askedf("name each partition once", "partition %d of topic %q is selected twice", id, s.Topic)
		}
		taken[at] = true
		m, err := p.move(at, to)
		if err != nil {
			return err
		}
		if m.AtEnd {
			atEnd++
		}
		p.moves = append(p.moves, m)
	}
	if t, ok := to.Time(); ok && atEnd == len(ids) {
		p.warn("topic %s: no record is from %s or later: every partition begins at its end", s.Topic, t.UTC().Format(time.RFC3339))
		if t.After(p.req.Now) {
			p.warn("topic %s: %s is in the future", s.Topic, t.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// move is the plan for one partition.
func (p *planner) move(at partition, to Position) (Move, error) {
	start, end := p.logs.start[at], p.logs.end[at]
	m := Move{Topic: at.topic, TopicID: p.logs.ids[at.topic], Partition: at.id, Partitions: len(p.logs.partitions[at.topic]), LogStart: start, LogEnd: end}
	if prior, ok := p.committed[at]; ok {
		m.PriorOffset = &prior
	}
	var millis int64
	m.NewOffset, millis, m.Moved = p.logs.resolve(at, to)
	if millis >= 0 {
		t := time.UnixMilli(millis).UTC()
		m.NewTime = &t
	}
	if t, ok := to.Time(); ok {
		t = t.UTC()
		m.CutTime = &t
	}
	m.AtEnd = m.NewOffset >= end
	stop := m.PriorOffset
	if p.req.Until != nil {
		began, timed := to.Time()
		ended, timedToo := p.req.Until.Time()
		if timed && timedToo && ended.Before(began) { // in an empty stretch both are one offset
			return m, askedf("give an end that is later than the beginning", "the end %s is before the beginning %s", p.req.Until, to)
		}
		until, _, _ := p.logs.resolve(at, *p.req.Until)
		if until < m.NewOffset {
			return m, askedf("give an end that is later than the beginning",
				"%s:%d: the end %s is offset %d, before the beginning %s at offset %d", at.topic, at.id, p.req.Until, until, to, m.NewOffset)
		}
		m.UntilOffset, stop = &until, &until
	}
	if stop != nil {
		records := *stop - m.NewOffset
		m.Records = &records
	}
	return m, nil
}

// resolve finds a position's offset in a partition, and that record's time, or -1.
// An offset that isn't there any more, or yet, is moved to the nearest that is, and
// the third result says so.
func (l *logs) resolve(at partition, to Position) (offset, millis int64, moved string) {
	start, end := l.start[at], l.end[at]
	switch to.kind {
	case atTime:
		f, ok := l.at[millisOf(to.time)][at]
		if !ok || f.millis < 0 { // behind the newest record
			return end, -1, ""
		}
		return f.offset, f.millis, ""
	case afterStart:
		offset = start + to.offset
	case beforeEnd:
		offset = end - to.offset
	default:
		offset = to.offset
	}
	switch {
	case offset < start && to.kind == atOffset:
		return start, -1, fmt.Sprintf("offset %d is below the log's start: what was there is deleted", offset)
	case offset < start:
		return start, -1, fmt.Sprintf("the partition has fewer than %d records left", to.offset)
	case offset > end || offset < 0: // below 0 when the sum was too large
		return end, -1, fmt.Sprintf("%s is beyond the log's end", to)
	}
	return offset, -1, ""
}

// ranges writes numbers shortly: 0-5,7.
func ranges(ids []int32) string {
	var parts []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(ids[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", ids[i], ids[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
