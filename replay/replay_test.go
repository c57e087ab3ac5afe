package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// orders makes a topic of three partitions: ten records, one a minute from noon, in
// partition 0, five in partition 1, and none in partition 2. A group has read four
// and five of them.
func orders(t *testing.T, c *kafkatest.Cluster) (topic, group string) {
	t.Helper()
	topic, group = c.Topic(t, 3, "retention.ms=-1"), c.Name(t, "group")
	for id, n := range []int{10, 5} {
		for i := range n {
			c.Produce(t, &kgo.Record{
				Topic: topic, Partition: int32(id), Value: fmt.Appendf(nil, "order %d", i), Timestamp: noon.Add(time.Duration(i) * time.Minute),
			})
		}
	}
	c.Commit(t, group, topic, map[int32]int64{0: 4, 1: 5})
	return topic, group
}

func position(t *testing.T, text string) replay.Position {
	t.Helper()
	p, err := replay.ParsePosition(text, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(t *testing.T, group, to string) replay.Request {
	t.Helper()
	return replay.Request{From: group, To: position(t, to), Now: noon.Add(time.Hour)}
}

func plan(t *testing.T, c *kafkatest.Cluster, req replay.Request) *replay.Plan {
	t.Helper()
	p, err := replay.NewPlan(t.Context(), c.Admin(t), req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// moves writes a plan's moves shortly: partition: prior>new records, with ! for what
// was moved and $ for the end.
func moves(p *replay.Plan) string {
	var list []string
	for _, m := range p.Moves {
		text := fmt.Sprintf("%d: -", m.Partition)
		if m.PriorOffset != nil {
			text = fmt.Sprintf("%d: %d", m.Partition, *m.PriorOffset)
		}
		text += fmt.Sprintf(">%d", m.NewOffset)
		if m.Records != nil {
			text += fmt.Sprintf(" %+d", *m.Records)
		}
		if m.AtEnd {
			text += " $"
		}
		if m.Moved != "" {
			text += " !"
		}
		if m.Uncommit {
			text += " x"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func TestEveryPartitionIsPlanned(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		all := func(to string) replay.Request {
			req := request(t, group, to)
			req.Topics = []replay.Selection{{Topic: topic}}
			return req
		}
		for to, want := range map[string]string{
			"start":                 "0: 4>0 +4, 1: 5>0 +5, 2: ->0 $",
			"end":                   "0: 4>10 -6 $, 1: 5>5 +0 $, 2: ->0 $",
			"2":                     "0: 4>2 +2, 1: 5>2 +3, 2: ->0 $ !",
			"+3":                    "0: 4>3 +1, 1: 5>3 +2, 2: ->0 $ !",
			"-3":                    "0: 4>7 -3, 1: 5>2 +3, 2: ->0 $ !",
			"@2026-03-02T12:03:00Z": "0: 4>3 +1, 1: 5>3 +2, 2: ->0 $",
			"@2026-03-02T12:06:30Z": "0: 4>7 -3, 1: 5>5 +0 $, 2: ->0 $",
			"@-55m":                 "0: 4>5 -1, 1: 5>5 +0 $, 2: ->0 $",
			"@2027-01-01T00:00:00Z": "0: 4>10 -6 $, 1: 5>5 +0 $, 2: ->0 $",
		} {
			if got := moves(plan(t, c, all(to))); got != want {
				t.Errorf("to %s: %s; want %s", to, got, want)
			}
		}
		p := plan(t, c, all("@2026-03-02T12:06:30Z"))
		if at := p.Moves[0].NewTime; at == nil || !at.Equal(noon.Add(7*time.Minute)) {
			t.Errorf("the first record is of %v, want the one after the position", at)
		}
		if len(plan(t, c, request(t, group, "start")).Moves) != 3 {
			t.Error("a topic that the group reads is planned as a whole, partitions without a commit included")
		}
	})
}

func TestAnEndIsCounted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		req := request(t, group, "@2026-03-02T12:01:00Z")
		until := position(t, "@2026-03-02T12:04:00Z")
		req.Until, req.Topics = &until, []replay.Selection{{Topic: topic, Partitions: []int32{0, 1}}}
		if got, want := moves(plan(t, c, req)), "0: 4>1 +3, 1: 5>1 +3"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		until = position(t, "@2026-03-02T12:00:00Z")
		wantAsked(t, c, req, "before the beginning")
	})
}

func wantAsked(t *testing.T, c *kafkatest.Cluster, req replay.Request, reason string) {
	t.Helper()
	_, err := replay.NewPlan(t.Context(), c.Admin(t), req)
	var asked *replay.RequestError
	if !errors.As(err, &asked) || !strings.Contains(err.Error(), reason) {
		t.Errorf("error %v, want a *RequestError with %q", err, reason)
	}
}

func TestWhatIsAskedWrongly(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		empty := c.Name(t, "no-commits")
		c.Commit(t, empty, topic, map[int32]int64{0: 0})
		for name, test := range map[string]struct {
			change func(*replay.Request)
			reason string
		}{
			"no source":              {func(r *replay.Request) { r.From = "" }, "empty"},
			"an unknown source":      {func(r *replay.Request) { r.From = "nobody" }, `group "nobody": not found`},
			"source as the target":   {func(r *replay.Request) { r.Group = r.From }, "both the source and the isolated group"},
			"another group in place": {func(r *replay.Request) { r.Group, r.InPlace = "other", true }, "in place"},
			"an unknown topic":       {func(r *replay.Request) { r.Topics = []replay.Selection{{Topic: "no-such"}} }, `topic "no-such": not found`},
			"an unknown partition":   {func(r *replay.Request) { r.Topics = []replay.Selection{{Topic: topic, Partitions: []int32{7}}} }, "partition 7"},
			"a partition named twice": {func(r *replay.Request) {
				r.Topics = []replay.Selection{{Topic: topic}, {Topic: topic, Partitions: []int32{1}}}
			}, "twice"},
		} {
			t.Run(name, func(t *testing.T) {
				req := request(t, group, "start")
				test.change(&req)
				wantAsked(t, c, req, test.reason)
			})
		}
	})
}

// member keeps a group in use until the test ends.
func member(t *testing.T, c *kafkatest.Cluster, group, topic string) {
	t.Helper()
	cl := c.Client(t, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cl.PollFetches(ctx)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	adm := c.Admin(t)
	kafkatest.Eventually(t, 30*time.Second, "a member of "+group, func() (bool, string) {
		groups, err := adm.ListGroups(ctx)
		return err == nil && groups[group].State == "Stable", fmt.Sprint(groups, err)
	})
}

func TestGroupsWithMembersAreLeftAlone(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := orders(t, c)
		isolated := c.Name(t, "isolated")
		req := request(t, group, "start")
		req.Group = isolated
		made := plan(t, c, req)
		member(t, c, isolated, topic)
		wantAsked(t, c, req, "in use")
		var asked *replay.RequestError
		if _, err := made.Apply(t.Context(), c.Admin(t)); !errors.As(err, &asked) {
			t.Errorf("a plan whose group got members since: %v, want a *RequestError", err)
		}
		member(t, c, group, topic) // the source may be at work: it is only looked at
		req.Group = c.Name(t, "another")
		plan(t, c, req)
		req.Group, req.InPlace = "", true
		wantAsked(t, c, req, "it has members")
	})
}

// commits writes what a group has committed.
func commits(t *testing.T, c *kafkatest.Cluster, group string) string {
	t.Helper()
	offsets, err := c.Admin(t).FetchOffsets(t.Context(), group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		t.Fatal(err)
	}
	var list []string
	for _, o := range offsets.Sorted() {
		if o.At >= 0 {
			list = append(list, fmt.Sprintf("%d:%d", o.Partition, o.At))
		}
	}
	return strings.Join(list, " ")
}

func apply(t *testing.T, c *kafkatest.Cluster, p *replay.Plan) *replay.Receipt {
	t.Helper()
	receipt, err := p.Apply(t.Context(), c.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Done != len(p.Moves) || receipt.Failed != 0 || len(receipt.Items) != len(p.Moves) {
		t.Fatalf("receipt %+v", receipt)
	}
	return receipt
}

func TestAnIsolatedGroupGetsTheOffsetsAndTheSourceKeepsItsOwn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		_, group := orders(t, c)
		before := commits(t, c, group)
		p := plan(t, c, request(t, group, "@2026-03-02T12:03:00Z"))
		if want := group + ".replay.20260302T130000"; p.Group != want {
			t.Errorf("the isolated group is %s, want %s", p.Group, want)
		}
		apply(t, c, p)
		if got := commits(t, c, p.Group); got != "0:3 1:3 2:0" {
			t.Errorf("the isolated group stands at %s", got)
		}
		if got := commits(t, c, group); got != before {
			t.Errorf("the source stands at %s, and stood at %s", got, before)
		}
	})
}

func TestAResetInPlaceCanBeUndoneAndThatAgain(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		_, group := orders(t, c)
		before := commits(t, c, group)
		req := request(t, group, "start")
		req.InPlace = true
		receipt := apply(t, c, plan(t, c, req))
		if got := commits(t, c, group); got != "0:0 1:0 2:0" || receipt.Undo == "" {
			t.Fatalf("after the reset: %s, undo in %q", got, receipt.Undo)
		}
		for i, want := range []string{before, "0:0 1:0 2:0"} {
			undo, err := replay.PlanUndo(t.Context(), c.Admin(t), group, replay.Request{Now: noon.Add(time.Duration(i+2) * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			apply(t, c, undo)
			if got := commits(t, c, group); got != want {
				t.Errorf("undone %d times: %s, want %s", i+1, got, want)
			}
		}
		_, err := replay.PlanUndo(t.Context(), c.Admin(t), receipt.Undo, replay.Request{Now: noon})
		var asked *replay.RequestError
		if !errors.As(err, &asked) {
			t.Errorf("nothing to undo: %v", err)
		}
	})
}

func TestAPlanThatNoLongerHoldsIsRefused(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		adm := c.Admin(t)
		for name, test := range map[string]struct {
			change func(topic string, p *replay.Plan)
			reason string
		}{
			"another cluster": {func(_ string, p *replay.Plan) { p.ClusterID = "another" }, "made for cluster another"},
			"more partitions": {func(topic string, _ *replay.Plan) {
				if _, err := adm.CreatePartitions(t.Context(), 1, topic); err != nil {
					t.Fatal(err)
				}
			}, "4 partitions now"},
			"records deleted": {func(topic string, _ *replay.Plan) {
				var offsets kadm.Offsets
				offsets.Add(kadm.Offset{Topic: topic, At: 5})
				if _, err := adm.DeleteRecords(t.Context(), offsets); err != nil {
					t.Fatal(err)
				}
			}, "is deleted"},
			"a topic made anew": {func(topic string, _ *replay.Plan) { recreate(t, c, topic) }, "made anew"},
			"a topic deleted": {func(topic string, _ *replay.Plan) {
				if _, err := adm.DeleteTopic(t.Context(), topic); err != nil {
					t.Fatal(err)
				}
			}, "not found in this cluster"},
		} {
			for _, inPlace := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, in place %t", name, inPlace), func(t *testing.T) {
					topic, group := orders(t, c)
					req := request(t, group, "2")
					req.InPlace = inPlace
					p := plan(t, c, req)
					test.change(topic, p)
					wantRefused(t, c, p, test.reason)
				})
			}
		}
	})
}

// wantRefused applies a plan that a change, once it is seen, keeps from being applied.
func wantRefused(t *testing.T, c *kafkatest.Cluster, p *replay.Plan, reason string) {
	t.Helper()
	adm := c.Admin(t)
	refused := func(err error) bool {
		var stale *replay.StaleError
		var asked *replay.RequestError
		return (errors.As(err, &stale) || errors.As(err, &asked)) && strings.Contains(err.Error(), reason)
	}
	kafkatest.Eventually(t, 30*time.Second, "the change is seen", func() (bool, string) {
		err := p.Fresh(t.Context(), adm)
		return refused(err), fmt.Sprint(err)
	})
	before := commits(t, c, p.Group)
	if receipt, err := p.Apply(t.Context(), adm); !refused(err) || receipt != nil {
		t.Errorf("applied: %+v, %v", receipt, err)
	}
	if got := commits(t, c, p.Group); got != before || !p.InPlace && got != "" {
		t.Errorf("and yet the group has %q, and had %q", got, before)
	}
	groups, err := adm.ListGroups(t.Context())
	if _, kept := groups[p.UndoName()]; err != nil || kept {
		t.Errorf("something is kept to undo what wasn't done: %v, %v", groups.Groups(), err)
	}
}

// recreate deletes a topic and makes one of the same name and size.
func recreate(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	adm := c.Admin(t)
	if _, err := adm.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, 30*time.Second, "the topic again", func() (bool, string) {
		_, err := adm.CreateTopic(t.Context(), 3, 1, nil, topic)
		return err == nil, fmt.Sprint(err)
	})
	c.AwaitTopic(t, topic, 3)
}

func TestPlansAreKeptInFilesThatCannotBeEdited(t *testing.T) {
	c := kafkatest.Fake(t)
	_, group := orders(t, c)
	path := filepath.Join(t.TempDir(), "plan.json")
	made := plan(t, c, request(t, group, "@2026-03-02T12:03:00Z"))
	if err := made.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := replay.Load(path)
	if err != nil || moves(loaded) != moves(made) || loaded.ClusterID != made.ClusterID || !loaded.PlannedAt.Equal(made.PlannedAt) {
		t.Fatalf("loaded %+v, %v; want %+v", loaded, err, made)
	}
	apply(t, c, loaded)
	if err := made.Save(path); err == nil {
		t.Error("a plan was written over another")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, edited := range map[string]string{
		"an offset changed": strings.Replace(string(text), `"new_offset": 3`, `"new_offset": 2`, 1),
		"cut off":           string(text[:len(text)/2]),
		"no plan":           "{}",
		"empty":             "",
	} {
		if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
		var asked *replay.RequestError
		if _, err := replay.Load(path); !errors.As(err, &asked) {
			t.Errorf("%s: %v, want a *RequestError", name, err)
		}
	}
}
