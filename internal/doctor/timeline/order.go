package timeline

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
)

func byPlace(a, b *Event) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
}

// arrange puts events, sorted by place, into the order in which they came about: by
// their time stamps, but within a partition by offsets, and a letter after the record
// that it came from, whatever the clocks say.
func arrange(events []*Event) []Event {
	queues, here := split(events), map[dlq.Coordinates]bool{}
	for _, e := range events {
		here[e.Coordinates] = true
	}
	story := make([]Event, 0, len(events))
	for len(queues) > 0 {
		best := earliest(queues, here)
		e := queues[best].events[0]
		delete(here, e.Coordinates)
		story = append(story, *e)
		queues[best].pop()
		if len(queues[best].events) == 0 {
			queues = append(queues[:best], queues[best+1:]...)
		}
	}
	measure(story)
	return story
}

// queue is what is left of a partition.
type queue struct {
	events []*Event
	at     int64 // the time of the first; where it has none, of the one before it
}

func (q *queue) pop() {
	q.events = q.events[1:]
	q.look()
}

func (q *queue) look() {
	if len(q.events) > 0 && q.events[0].Timestamp != nil {
		q.at = q.events[0].Timestamp.UnixMilli()
	}
}

func split(events []*Event) (queues []*queue) {
	for i, e := range events {
		if i == 0 || e.Topic != events[i-1].Topic || e.Partition != events[i-1].Partition {
			queues = append(queues, &queue{at: math.MinInt64})
		}
		q := queues[len(queues)-1]
		q.events = append(q.events, e)
	}
	for _, q := range queues {
		q.look()
	}
	return queues
}

// earliest chooses the queue to go on with. here are the events that are still in one.
func earliest(queues []*queue, here map[dlq.Coordinates]bool) (best int) {
	waits := func(q *queue) bool {
		at, known := origin(q.events[0])
		return known && here[at]
	}
	for i, q := range queues {
		b := queues[best]
		if i == 0 || waits(q) && !waits(b) {
			continue
		}
		if waits(b) && !waits(q) || q.at < b.at {
			best = i
		}
	}
	return best
}

// origin is where a letter came from, if it says so completely.
func origin(e *Event) (at dlq.Coordinates, known bool) {
	if e.Letter == nil {
		return at, false
	}
	o := e.Letter.Origin
	if o.Topic == nil || o.Partition == nil || o.Offset == nil {
		return at, false
	}
	return dlq.Coordinates{Topic: *o.Topic, Partition: *o.Partition, Offset: *o.Offset}, true
}

// measure says how long each took after the one before.
func measure(story []Event) {
	var before *time.Time
	for i := range story {
		e := &story[i]
		e.SincePrevious = lag.UnknownSeconds()
		switch {
		case e.Timestamp == nil:
			continue
		case before == nil:
		case e.Timestamp.Before(*before):
			e.ClocksDiffer = true
		default:
			e.SincePrevious = lag.Seconds(e.Timestamp.Sub(*before).Seconds())
		}
		before = e.Timestamp
	}
}
