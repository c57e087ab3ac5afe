package commands

import (
	"errors"
	"testing"

	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/doctor/timeline"
)

func TestWhatCouldNotBeDecodedMattersWhereNothingWasFound(t *testing.T) {
	hidden := timeline.Undecided{Records: 2}
	if err := judgeTrace(&timeline.Report{Undecided: hidden, Events: []timeline.Event{{}}}); err != nil {
		t.Errorf("something was found: %v", err)
	}
	var partial *partialError
	if err := judgeTrace(&timeline.Report{Undecided: hidden}); !errors.As(err, &partial) {
		t.Errorf("nothing was found: %v", err)
	}
}

func TestNextCommandsOfATraceReachTheSameCluster(t *testing.T) {
	group := "payments"
	r := &timeline.Report{ID: "-7", Missing: []timeline.Missing{{What: timeline.NotConsumed, Group: &group}, {What: timeline.OriginOutside}}}
	next := nextSteps(health.Commands{Flags: []string{"-b", "kafka:9092"}}, r)
	if len(next) != 2 || next[0] != "evtctl lag --group payments -b kafka:9092" || next[1] != "evtctl trace --since start -b kafka:9092 -- -7" {
		t.Errorf("%q", next)
	}
}
