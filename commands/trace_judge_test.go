package commands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
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

func TestNextCommandsThatAreNotShownAreCounted(t *testing.T) {
	for groups, want := range map[int]string{5: "", 6: "and 1 command more, for the rest of what is missing\n", 8: "and 3 commands more, for the rest of what is missing\n"} {
		r := &timeline.Report{Events: []timeline.Event{{}}}
		for i := range groups {
			group := fmt.Sprintf("group-%d", i)
			r.Missing = append(r.Missing, timeline.Missing{What: timeline.NotConsumed, Group: &group})
		}
		var told bytes.Buffer
		env := &Env{Streams: &render.Streams{Out: io.Discard, Err: &told}}
		tellTrace(&traceOptions{Env: env}, r, health.Commands{})
		if got := told.String(); strings.Count(got, "next: ") != 5 || !strings.HasSuffix(got, "group-4\n"+want) {
			t.Errorf("%d groups: %q", groups, got)
		}
	}
}
