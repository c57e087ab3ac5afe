package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/lag"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at makes an event so many seconds after noon; a negative number is no time stamp.
func at(topic string, offset int64, seconds int) *Event {
	e := &Event{Coordinates: dlq.Coordinates{Topic: topic, Offset: offset}, Topic: topic, Offset: offset, Kind: Events}
	if seconds >= 0 {
		t := noon.Add(time.Duration(seconds) * time.Second)
		e.Timestamp = &t
	}
	return e
}

// from makes an event a letter of a record.
func from(e *Event, topic string, offset int64) *Event {
	partition := int32(0)
	e.Kind, e.Letter = Letters, &Letter{Origin: dlq.Origin{Topic: &topic, Partition: &partition, Offset: &offset}}
	return e
}

func TestEventsAreArrangedByTimeButOffsetsAndCausesComeFirst(t *testing.T) {
	for name, c := range map[string]struct {
		events []*Event
		want   string
	}{
		"by time across topics":                    {[]*Event{at("a", 0, 1), at("a", 1, 5), at("b", 0, 3)}, "a0 b0+2 a1+2"},
		"by offset within a partition":             {[]*Event{at("a", 0, 10), at("a", 1, 5), at("b", 0, 7)}, "b0 a0+3 a1!"},
		"at the same time by name":                 {[]*Event{at("a", 0, 1), at("b", 0, 1)}, "a0 b0+0"},
		"without a time after the one before it":   {[]*Event{at("a", 0, 1), at("a", 1, -1), at("a", 2, 4), at("b", 0, 3)}, "a0 a1 b0+2 a2+1"},
		"a letter after its source, whatever time": {[]*Event{from(at("a.DLQ", 0, 1), "b", 0), at("b", 0, 3)}, "b0 a.DLQ0!"},
		"letters of each other end too":            {[]*Event{from(at("a", 0, 1), "b", 0), from(at("b", 0, 2), "a", 0)}, "a0 b0+1"},
	} {
		slices.SortFunc(c.events, byPlace)
		var got []string
		for _, e := range arrange(c.events) {
			text := fmt.Sprintf("%s%d", e.Topic, e.Offset)
			if e.SincePrevious.Known() {
				text += fmt.Sprintf("+%v", float64(e.SincePrevious))
			}
			if e.ClocksDiffer {
				text += "!"
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAStepIsAWordOfAType(t *testing.T) {
	for _, c := range []struct {
		kind, step string
		want       bool
	}{
		{"OrderPaidEvent", "paid", true}, {"com.example.events.OrderPaidEvent", "OrderPaidEvent", true},
		{"order.paid", "Paid", true}, {"ORDER_PAID", "paid", true}, {"order-paid-v2", "paid", true},
		{"OrderUnpaidEvent", "paid", false}, {"OrderPrepaid", "paid", false}, {"", "paid", false},
	} {
		if got := isStep(c.kind, c.step); got != c.want {
			t.Errorf("%q in %q: %v", c.step, c.kind, got)
		}
	}
}

func TestOfAGroupAndPartitionOnlyTheFirstUnreadIsMissing(t *testing.T) {
	no, yes := false, true
	events := []Event{*at("a", 4, 1), *at("a", 7, 2), *at("b", 0, 3)}
	events[0].Groups = []Passage{{Group: "g", Passed: &no, Behind: 3}, {Group: "h", Passed: &yes}}
	events[1].Groups = []Passage{{Group: "g", Passed: &no, Behind: 6}, {Group: "h", Passed: nil}}
	events[2].Groups = []Passage{{Group: "g", Passed: &no, Behind: lag.Unknown}}
	var got []string
	for _, m := range unconsumed(events) {
		got = append(got, fmt.Sprintf("%s %s %s %d", m.What, *m.Group, m.Coordinates, m.Records))
	}
	want := []string{"not-consumed g a:0:4 2", "never-committed g b:0:0 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
