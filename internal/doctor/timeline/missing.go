package timeline

import (
	"slices"
	"strings"
	"unicode"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
)

// missing lists what can be proved to be missing: steps that were expected, groups that
// have not gone past a record, letters that nobody has dealt with, and records that
// letters came from. That a span's parent isn't in Kafka proves nothing: most spans
// aren't.
func (s *search) missing(r *Report) {
	r.Missing = append(r.Missing, steps(r.Events, s.q.Expect)...)
	r.Missing = append(r.Missing, unconsumed(r.Events)...)
	for i := range r.Events {
		e := &r.Events[i]
		if e.Letter == nil || e.Kind != Letters {
			continue
		}
		if s.Dispositions != nil && e.Letter.Disposition == nil && e.Letter.DispositionError == nil {
			r.Missing = append(r.Missing, Missing{What: Undisposed, Coordinates: &e.Coordinates, Group: e.Letter.Origin.Group, Behind: lag.Unknown, Records: 1})
		}
		if m, gone := s.originOf(r, e); gone {
			r.Missing = append(r.Missing, m)
		}
	}
}

// steps are those expected that no event's type has as a word or as a whole.
func steps(events []Event, expected []string) (list []Missing) {
	for _, step := range expected {
		found := slices.ContainsFunc(events, func(e Event) bool { return e.Type != nil && e.Kind == Events && isStep(*e.Type, step) })
		if !found {
			list = append(list, Missing{What: ExpectedStep, Step: &step, Behind: lag.Unknown})
		}
	}
	return list
}

// isStep tells whether "paid" is meant by OrderPaidEvent, order.paid or ORDER_PAID.
func isStep(kind, step string) bool {
	if strings.EqualFold(kind, step) || strings.EqualFold(kind[strings.LastIndexByte(kind, '.')+1:], step) {
		return true
	}
	return slices.ContainsFunc(wordsOf(kind), func(w string) bool { return strings.EqualFold(w, step) })
}

func wordsOf(name string) (words []string) {
	start, runes := 0, []rune(name)
	add := func(end int) {
		if end > start {
			words = append(words, string(runes[start:end]))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			add(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) && !unicode.IsUpper(runes[i-1]):
			add(i)
			start = i
		}
	}
	add(len(runes))
	return words
}

// unconsumed gives for each group and partition the first record that the group has not
// gone past.
func unconsumed(events []Event) (list []Missing) {
	type place struct {
		group, topic string
		partition    int32
	}
	at := map[place]int{}
	for i := range events {
		e := &events[i]
		for _, g := range e.Groups {
			if g.Passed == nil || *g.Passed {
				continue
			}
			p := place{g.Group, e.Topic, e.Partition}
			if n, had := at[p]; had {
				list[n].Records++
				continue
			}
			m := Missing{What: NotConsumed, Coordinates: &e.Coordinates, Group: &g.Group, Behind: g.Behind, Records: 1}
			if !g.Behind.Known() {
				m.What = NeverCommitted
			}
			at[p] = len(list)
			list = append(list, m)
		}
	}
	return list
}

// originOf tells where the record that a letter came from is gone, or left out.
func (s *search) originOf(r *Report, e *Event) (m Missing, gone bool) {
	at, known := origin(e)
	if !known || slices.ContainsFunc(r.Events, func(o Event) bool { return o.Coordinates == at }) {
		return m, false
	}
	t := s.topic(at.Topic)
	if t == nil || int(at.Partition) >= len(t.partitions) || at.Partition < 0 || t.partitions[at.Partition].err != nil {
		return m, false
	}
	m = Missing{Coordinates: &dlq.Coordinates{Topic: at.Topic, Partition: at.Partition, Offset: at.Offset}, Group: e.Letter.Origin.Group, Behind: lag.Unknown, Records: 1}
	switch p := t.partitions[at.Partition]; {
	case at.Offset < p.start:
		m.What = OriginExpired
	case at.Offset < p.from || at.Offset >= p.to:
		m.What = OriginOutside
	default:
		return m, false // it was read, and doesn't carry the id
	}
	return m, true
}
