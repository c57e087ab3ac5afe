package replay_test

import (
	"context"
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

// sharing makes a share group without members that is done with what is before its
// start offsets, 4 and 5.
func sharing(t *testing.T, c *kafkatest.Cluster) (topic, share string) {
	t.Helper()
	topic, _ = orders(t, c)
	share = c.Name(t, "share")
	var starts kadm.Offsets
	starts.Add(kadm.Offset{Topic: topic, Partition: 0, At: 4})
	starts.Add(kadm.Offset{Topic: topic, Partition: 1, At: 5})
	starts.Add(kadm.Offset{Topic: topic, Partition: 2, At: 0})
	answers, err := c.Admin(t).AlterShareGroupOffsets(t.Context(), share, starts)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	return topic, share
}

// starts writes where a share group begins.
func starts(t *testing.T, c *kafkatest.Cluster, group string) string {
	t.Helper()
	all, err := c.Admin(t).DescribeShareGroupOffsets(t.Context(), group)
	if err == nil {
		err = all[group].Err
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, partitions := range all[group].Offsets {
		for id := range int32(3) {
			list = append(list, fmt.Sprintf("%d:%d", id, partitions[id].StartOffset))
		}
	}
	return strings.Join(list, " ")
}

// shared reads with a member of a share group until it has so many records, acknowledges
// them, and leaves.
func shared(t *testing.T, c *kafkatest.Cluster, group, topic string, want int) (read map[string]bool) {
	t.Helper()
	cl := c.Client(t, kgo.ShareGroup(group), kgo.ConsumeTopics(topic))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	read = map[string]bool{}
	for len(read) < want {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("%d of %d records: %v", len(read), want, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read[fmt.Sprintf("%d:%d", r.Partition, r.Offset)] = true
		})
		cl.MarkAcks(kgo.AckAccept)
	}
	if err := cl.FlushAcks(ctx); err != nil {
		t.Fatal(err)
	}
	if err := cl.LeaveGroupContext(ctx); err != nil {
		t.Fatal(err)
	}
	without(t, c, group)
	return read
}

// without waits until a group has no members.
func without(t *testing.T, c *kafkatest.Cluster, group string) {
	t.Helper()
	kafkatest.Eventually(t, time.Minute, "the group without members", func() (bool, string) {
		groups, err := c.Admin(t).ListGroups(t.Context())
		return groups[group].State == "Empty", fmt.Sprint(groups[group], err)
	})
}

func TestAnIsolatedShareGroupReadsAgainAndItsSourceStaysWhereItIs(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, share := sharing(t, c)
		p := plan(t, c, request(t, share, "@2026-03-02T12:03:00Z"))
		if got, want := moves(p), "0: 4>3 +1, 1: 5>3 +2, 2: 0>0 +0 $"; got != want || !p.Share {
			t.Errorf("planned %s, share %t; want %s", got, p.Share, want)
		}
		apply(t, c, p)
		if got := starts(t, c, p.Group); got != "0:3 1:3 2:0" {
			t.Errorf("the isolated group begins at %s", got)
		}
		status, err := replay.Follow(t.Context(), c.Admin(t), p.Group, share)
		if err != nil || status.Left != 3 {
			t.Errorf("status %+v, %v; want 3 left", status, err)
		}
		read := shared(t, c, p.Group, topic, 9) // 3 to 9 of partition 0, and 3 and 4 of partition 1
		for _, at := range strings.Fields("0:3 0:4 0:5 0:6 0:7 0:8 0:9 1:3 1:4") {
			if !read[at] {
				t.Errorf("%s wasn't read, but %v", at, read)
			}
		}
		if got := starts(t, c, share); got != "0:4 1:5 2:0" {
			t.Errorf("the source begins at %s now", got)
		}
		kafkatest.Eventually(t, time.Minute, "what was acknowledged", func() (bool, string) {
			// The start offset alone may be old, as the cluster writes it with the next change.
			now, err := replay.Follow(t.Context(), c.Admin(t), p.Group, "")
			return err == nil && now.CaughtUp, fmt.Sprintf("%+v %v", now, err)
		})
		promoted, err := replay.PlanPromotion(t.Context(), c.Admin(t), p.Group, replay.Request{From: share, Now: noon.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		apply(t, c, promoted)
		if got := starts(t, c, share); got != "0:10 1:5 2:0" {
			t.Errorf("promoted, the source begins at %s", got)
		}
		if err := replay.Finish(t.Context(), c.Admin(t), p.Group); err != nil {
			t.Error(err)
		}
		var asked *replay.RequestError
		if err := replay.Finish(t.Context(), c.Admin(t), share); !errors.As(err, &asked) {
			t.Errorf("the source was removed: %v", err)
		}
	})
}

func TestAShareGroupIsResetInPlaceAndThatIsUndone(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, share := sharing(t, c)
		req := request(t, share, "2")
		req.InPlace, req.Topics = true, []replay.Selection{{Topic: topic, Partitions: []int32{0, 1}}}
		p := plan(t, c, req)
		if !strings.Contains(strings.Join(p.Warnings, ";"), "it forgets which single records") {
			t.Errorf("warnings %q", p.Warnings)
		}
		receipt := apply(t, c, p)
		if got := starts(t, c, share); got != "0:2 1:2 2:0" || receipt.Undo == "" {
			t.Errorf("begins at %s, undo in %q", got, receipt.Undo)
		}
		undo, err := replay.PlanUndo(t.Context(), c.Admin(t), share, replay.Request{Now: noon.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		apply(t, c, undo)
		if got := starts(t, c, share); got != "0:4 1:5 2:0" {
			t.Errorf("undone: begins at %s", got)
		}
	})
}

func TestAShareGroupKeepsTheStartOffsetsThatItHadNone(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, _ := orders(t, c)
		share := c.Name(t, "share")
		var one kadm.Offsets
		one.Add(kadm.Offset{Topic: topic, Partition: 1, At: 5})
		if _, err := c.Admin(t).AlterShareGroupOffsets(t.Context(), share, one); err != nil {
			t.Fatal(err)
		}
		req := request(t, share, "start")
		req.InPlace, req.Topics = true, []replay.Selection{{Topic: topic}}
		apply(t, c, plan(t, c, req))
		undo, err := replay.PlanUndo(t.Context(), c.Admin(t), share, replay.Request{Now: noon.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if got := moves(undo); got != "1: 0>5 -5 $" || strings.Count(strings.Join(undo.Warnings, ";"), "keeps its start offset") != 2 {
			t.Errorf("undo %s, warnings %q", got, undo.Warnings)
		}
		apply(t, c, undo)
		if got := starts(t, c, share); got != "0:0 1:5 2:0" {
			t.Errorf("undone: begins at %s", got)
		}
	})
}

func TestAShareGroupWithMembersIsLeftAlone(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, share := sharing(t, c)
		req := request(t, share, "start")
		req.InPlace = true
		p := plan(t, c, req)
		cl := c.Client(t, kgo.ShareGroup(share), kgo.ConsumeTopics(topic))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				cl.PollFetches(ctx)
			}
		}()
		t.Cleanup(func() { stop(); <-done })
		kafkatest.Eventually(t, time.Minute, "the member", func() (bool, string) {
			groups, err := c.Admin(t).ListGroups(t.Context())
			return groups[share].State == "Stable", fmt.Sprint(groups, err)
		})
		wantAsked(t, c, req, "it has members")
		var asked *replay.RequestError
		if _, err := p.Apply(t.Context(), c.Admin(t)); !errors.As(err, &asked) {
			t.Errorf("applied: %v", err)
		}
		// A member that comes between the last look and the write is refused by the broker.
		receipt, err := p.Apply(t.Context(), blind{c.Admin(t)})
		if err == nil || receipt.Done != 0 || !strings.Contains(err.Error(), "the group has members") {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
	})
}

// blind sees no members.
type blind struct{ *kadm.Client }

func (b blind) ListGroups(ctx context.Context, states ...string) (kadm.ListedGroups, error) {
	groups, err := b.Client.ListGroups(ctx, states...)
	for name, g := range groups {
		g.State = "Empty"
		groups[name] = g
	}
	return groups, err
}

func (b blind) DescribeShareGroupOffsets(ctx context.Context, groups ...string) (kadm.DescribedShareGroupsOffsets, error) {
	all, err := b.Client.DescribeShareGroupOffsets(ctx, groups...)
	for _, g := range all { // they move on with the member
		for _, partitions := range g.Offsets {
			for id, o := range partitions {
				o.StartOffset, o.Lag = map[int32]int64{0: 4, 1: 5, 2: 0}[id], -1
				partitions[id] = o
			}
		}
	}
	return all, err
}

func TestKindsOfGroupsAreNotMixed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, share := sharing(t, c)
		group := c.Name(t, "consumer")
		c.Commit(t, group, topic, map[int32]int64{0: 1})
		req := request(t, group, "start")
		req.Group = share
		wantAsked(t, c, req, "is a share group, and group")
		req.From, req.Group = share, group
		wantAsked(t, c, req, "is a share group, and group")
	})
}
