package replay_test

import (
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
)

func TestStreamsGroupsAreResetWhenTheyHaveNoMembers(t *testing.T) {
	c := kafkatest.Real(t)
	topic, _ := orders(t, c)
	group := c.Name(t, "streams")
	member := c.StreamsMember(t, group, topic)
	kafkatest.Eventually(t, time.Minute, "commits of the streams group", func() (bool, string) {
		got := commits(t, c, group)
		return strings.HasPrefix(got, "0:10 1:5"), got
	})
	req := request(t, group, "2")
	req.InPlace = true
	wantAsked(t, c, req, "it has members")
	isolated := plan(t, c, request(t, group, "2")) // the source is only looked at
	apply(t, c, isolated)
	if got := commits(t, c, isolated.Group); !strings.HasPrefix(got, "0:2 1:2") {
		t.Errorf("the isolated group stands at %s", got)
	}
	if err := member.Stop(); err != nil {
		t.Fatal(err)
	}
	without(t, c, group)
	apply(t, c, plan(t, c, req))
	if got := commits(t, c, group); !strings.HasPrefix(got, "0:2 1:2") {
		t.Errorf("reset to %s", got)
	}
	undo, err := replay.PlanUndo(t.Context(), c.Admin(t), group, replay.Request{Now: noon.Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, c, undo)
	if got := commits(t, c, group); !strings.HasPrefix(got, "0:10 1:5") {
		t.Errorf("undone: %s", got)
	}
}
