package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAnIsolatedGroupIsFollowedPromotedAndFinished(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		adm := c.Admin(t)
		p := plan(t, c, request(t, group, "start"))
		apply(t, c, p)
		list, err := replay.List(t.Context(), adm)
		if err != nil || !strings.Contains(fmt.Sprintf("%+v", list), fmt.Sprintf("{Group:%s From:%s Kind:isolated State:Empty}", p.Group, group)) {
			t.Errorf("listed %+v, %v", list, err)
		}
		before, err := replay.Follow(t.Context(), adm, p.Group, replay.Source(p.Group))
		if err != nil || before.Left != 9 || before.CaughtUp {
			t.Fatalf("status %+v, %v", before, err)
		}
		var asked *replay.RequestError
		promotion := replay.Request{From: group, Now: noon.Add(2 * time.Hour)}
		if _, err := replay.PlanPromotion(t.Context(), adm, p.Group, promotion); !errors.As(err, &asked) {
			t.Errorf("promoted before it caught up: %v", err)
		}
		c.Commit(t, p.Group, topic, map[int32]int64{0: 6, 1: 5, 2: 0})
		now, err := replay.Follow(t.Context(), adm, p.Group, group)
		if err != nil || !now.CaughtUp {
			t.Fatalf("status %+v, %v", now, err)
		}
		if now.Since(before, 2*time.Second); *now.Rate != 5.5 || *now.TimeLeft != 0 {
			t.Errorf("rate %v, time left %v; want 5.5 and 0", *now.Rate, *now.TimeLeft)
		}
		promoted, err := replay.PlanPromotion(t.Context(), adm, p.Group, promotion)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, c, promoted)
		if got := commits(t, c, group); got != "0:6 1:5 2:0" {
			t.Errorf("the source stands at %s", got)
		}
		if err := replay.Finish(t.Context(), adm, group); !errors.As(err, &asked) {
			t.Errorf("the source group was removed: %v", err)
		}
		if err := replay.Finish(t.Context(), adm, p.Group); err != nil {
			t.Error(err)
		}
		if err := replay.Finish(t.Context(), adm, p.Group); !errors.As(err, &asked) {
			t.Errorf("removed twice: %v", err)
		}
	})
}

func TestAGroupThatWasNamedIsKnownByItsCommits(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		req := request(t, group, "start")
		req.Group = c.Name(t, "named")
		apply(t, c, plan(t, c, req))
		member(t, c, group, topic) // the source may be at work
		if err := replay.Finish(t.Context(), c.Admin(t), req.Group); err != nil {
			t.Error(err)
		}
		var asked *replay.RequestError
		if err := replay.Finish(t.Context(), c.Admin(t), group); !errors.As(err, &asked) || !strings.Contains(err.Error(), "has members") {
			t.Errorf("a group with members: %v", err)
		}
	})
}

func TestWhatAnExistingGroupHadIsKept(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		req := request(t, group, "start")
		req.Group = c.Name(t, "other")
		c.Commit(t, req.Group, topic, map[int32]int64{0: 7})
		p := plan(t, c, req)
		if p.Replaces != 1 || !strings.Contains(strings.Join(p.Warnings, ";"), "1 commits already") {
			t.Errorf("replaces %d, warnings %q", p.Replaces, p.Warnings)
		}
		apply(t, c, p)
		receipt := apply(t, c, p) // once more: what was there first is still kept
		undo, err := replay.PlanUndo(t.Context(), c.Admin(t), req.Group, replay.Request{Now: noon.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		apply(t, c, undo)
		if got := commits(t, c, req.Group); got != "0:7" || receipt.Undo == "" {
			t.Errorf("undone: %s, undo in %q; want 0:7", got, receipt.Undo)
		}
	})
}

func TestAResetInPlaceIsRefusedWhenTheGroupHasMovedOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		req := request(t, group, "start")
		req.InPlace = true
		p := plan(t, c, req)
		c.Commit(t, group, topic, map[int32]int64{0: 8})
		var stale *replay.StaleError
		if _, err := p.Apply(t.Context(), c.Admin(t)); !errors.As(err, &stale) || !strings.Contains(err.Error(), "committed offset 8") {
			t.Errorf("error %v", err)
		}
		if got := commits(t, c, group); got != "0:8 1:5" {
			t.Errorf("and yet the group stands at %s", got)
		}
	})
}

// Undos of a group are found by the group's name, which another group's may begin with.
func TestTheUndoOfAnotherGroupIsNotTaken(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		other := group + ".undo.zzz"
		c.Commit(t, other, topic, map[int32]int64{0: 1})
		req := request(t, other, "start")
		req.InPlace = true
		apply(t, c, plan(t, c, req))
		var asked *replay.RequestError
		if _, err := replay.PlanUndo(t.Context(), c.Admin(t), group, replay.Request{Now: noon}); !errors.As(err, &asked) {
			t.Errorf("error %v, want that nothing is kept", err)
		}
	})
}

func TestOffsetsGoThroughACSV(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		exported, err := replay.ExportGroup(t.Context(), c.Admin(t), group)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := exported.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s,0,4\n%s,1,5\n", topic, topic); file.String() != want {
			t.Errorf("written %q, want %q", file.String(), want)
		}
		req := request(t, group, "end")
		if req.Topics, err = replay.ReadCSV(&file); err != nil {
			t.Fatal(err)
		}
		if got := moves(plan(t, c, req)); got != "0: 4>4 +0, 1: 5>5 +0 $" {
			t.Errorf("planned %s", got)
		}
		var asked *replay.RequestError
		if _, err := replay.ExportGroup(t.Context(), c.Admin(t), "nobody"); !errors.As(err, &asked) {
			t.Errorf("an unknown group: %v", err)
		}
	})
}

func TestFilesThatAreNoOffsets(t *testing.T) {
	for text, reason := range map[string]string{
		"":                                   "no line",
		"orders,0":                           "wrong number of fields",
		"orders,0,1\norders,x,1":             `line 2: "x" is no partition`,
		"orders,0,-1":                        `"-1" is no offset`,
		"orders,0,9223372036854775808":       "is no offset",
		",0,1":                               "names no topic",
		"orders,0,1\norders,1,1\norders,0,2": "line 3: partition 0 of topic \"orders\" is there twice",
	} {
		_, err := replay.ReadCSV(strings.NewReader(text))
		var asked *replay.RequestError
		if !errors.As(err, &asked) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, want %q", text, err, reason)
		}
	}
}

func TestGroupsOfTheNewProtocolAreReset(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, _ := orders(t, c)
		group := c.Name(t, "kip848")
		cl := c.Client(t, kgo.ConsumerGroup(group), kgo.ServerSideBalancer(), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
			kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
		for read := 0; read < 15; {
			read += cl.PollFetches(t.Context()).NumRecords()
		}
		if err := cl.CommitUncommittedOffsets(t.Context()); err != nil {
			t.Fatal(err)
		}
		req := request(t, group, "2")
		req.InPlace = true
		wantAsked(t, c, req, "it has members")
		if err := cl.LeaveGroupContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		kafkatest.Eventually(t, 30*time.Second, "the group without members", func() (bool, string) {
			groups, err := c.Admin(t).ListGroups(t.Context())
			return groups[group].State == "Empty", fmt.Sprint(groups[group], err)
		})
		apply(t, c, plan(t, c, req))
		if got := commits(t, c, group); !strings.HasPrefix(got, "0:2 1:2") {
			t.Errorf("reset to %s", got)
		}
	})
}

var _ replay.Remover = (*kadm.Client)(nil)
