package commands_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// rights are what bob needs to reset a group of two topics.
type rights struct {
	group, undo          []kmsg.ACLOperation // of the group that is set, and of the one that keeps what it had
	source, topic, other []kmsg.ACLOperation
}

var (
	read     = []kmsg.ACLOperation{kmsg.ACLOperationRead}
	describe = []kmsg.ACLOperation{kmsg.ACLOperationDescribe}
	all      = rights{read, read, read, read, read}
)

// securedReplay is two topics on a secured broker, a group that has read them, and bob.
type securedReplay struct {
	*kafkatest.SecuredCluster
	topic, other, source, isolated string
	as                             []string
}

func newSecuredReplay(t *testing.T) *securedReplay {
	c := kafkatest.Secured(t)
	s := &securedReplay{SecuredCluster: c, topic: c.Topic(t, 1), other: c.Topic(t, 1), source: c.Name(t, "source"), isolated: c.Name(t, "isolated")}
	for _, topic := range []string{s.topic, s.other} {
		c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("1")}, &kgo.Record{Topic: topic, Value: []byte("2")})
		c.Commit(t, s.source, topic, map[int32]int64{0: 2})
	}
	s.as = []string{"-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Bob, kafkatest.Password(kafkatest.Bob))...)}
	return s
}

// allow gives bob rights until the test ends.
func (s *securedReplay) allow(t *testing.T, r rights, set, undo string) {
	t.Helper()
	for _, grant := range []struct {
		kind kmsg.ACLResourceType
		name string
		ops  []kmsg.ACLOperation
	}{
		{kmsg.ACLResourceTypeGroup, set, r.group}, {kmsg.ACLResourceTypeGroup, undo, r.undo}, {kmsg.ACLResourceTypeGroup, s.source, r.source},
		{kmsg.ACLResourceTypeTopic, s.topic, r.topic}, {kmsg.ACLResourceTypeTopic, s.other, r.other},
	} {
		if grant.name != "" && len(grant.ops) > 0 {
			s.Allow(t, kafkatest.Bob, grant.kind, grant.name, grant.ops...)
		}
	}
}

func (s *securedReplay) commits(t *testing.T, group string) (text string) {
	t.Helper()
	offsets, err := s.Admin(t).FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{s.topic, s.other} {
		if o, ok := offsets.Lookup(topic, 0); ok {
			text += fmt.Sprintf("%d ", o.At)
		} else {
			text += "- "
		}
	}
	return strings.TrimSpace(text)
}

func TestARightThatIsTakenAwayBetweenPlanAndApplyIsToldAndNothingIsHalfDone(t *testing.T) {
	s := newSecuredReplay(t)
	for name, test := range map[string]struct {
		left rights
		code int
		says string
		then string // what the isolated group has
	}{
		"nothing is taken":   {all, 0, "", "0 0"},
		"the isolated group": {rights{nil, read, read, read, read}, 1, "not authorized for the group", "- -"},
		"only to look at it": {rights{describe, read, read, read, read}, 1, "not authorized for the group", "- -"},
		"the source group":   {rights{read, read, nil, read, read}, 2, "not found", "- -"},
		"a topic":            {rights{read, read, read, read, nil}, 1, "not authorized for the topic", "- -"},
		"to read a topic":    {rights{read, read, read, read, describe}, 4, "not authorized for the topic", "0 -"},
		"to read both":       {rights{read, read, read, describe, describe}, 1, "not authorized for the topic", "- -"},
	} {
		t.Run(name, func(t *testing.T) {
			isolated := s.Name(t, "isolated")
			file := filepath.Join(t.TempDir(), "plan.json")
			t.Run("plan", func(t *testing.T) {
				s.allow(t, all, isolated, "")
				r := run(t, nil, append([]string{"replay", "reset", "--from-group", s.source, "--group", isolated, "--to", "start", "--plan-out", file}, s.as...)...)
				if r.code != 0 {
					t.Fatalf("%+v", r)
				}
			})
			s.allow(t, test.left, isolated, "")
			r := run(t, nil, append([]string{"replay", "reset", "--plan", file, "--yes", "-o", "json"}, s.as...)...)
			if r.code != test.code || !strings.Contains(r.stderr, test.says) {
				t.Errorf("exit code %d, stderr %q; want %d and %q", r.code, r.stderr, test.code, test.says)
			}
			if got := s.commits(t, isolated); got != test.then {
				t.Errorf("the isolated group has %q, want %q", got, test.then)
			}
			if got := s.commits(t, s.source); got != "2 2" {
				t.Errorf("the source has %q", got)
			}
			toldInReceipt(t, r, test.then)
		})
	}
}

// toldInReceipt sees that the receipt, if there is one, says of each partition what
// became of it.
func toldInReceipt(t *testing.T, r result, then string) {
	t.Helper()
	var receipt struct {
		Planned, Done, Failed int
		Items                 []struct{ Result, Reason string }
	}
	if r.stdout == "" {
		if then != "- -" {
			t.Errorf("something was set, and no receipt says so")
		}
		return
	}
	if err := json.Unmarshal([]byte(r.stdout), &receipt); err != nil {
		t.Fatalf("%v in %q", err, r.stdout)
	}
	done := strings.Count(then, "0")
	if receipt.Planned != 2 || receipt.Done != done || receipt.Failed != 2-done || len(receipt.Items) != 2 {
		t.Errorf("receipt %+v; %d were set", receipt, done)
	}
	for _, i := range receipt.Items {
		if i.Result == "failed" && i.Reason == "" {
			t.Errorf("no reason in %+v", receipt)
		}
	}
}

func TestAShareGroupThatIsNotPermittedIsNamed(t *testing.T) {
	s := newSecuredReplay(t)
	share, isolated := s.Name(t, "share"), s.Name(t, "isolated")
	var at kadm.Offsets
	at.Add(kadm.Offset{Topic: s.topic, At: 2})
	if answers, err := s.Admin(t).AlterShareGroupOffsets(t.Context(), share, at); err != nil || answers.Error() != nil {
		t.Fatal(answers, err)
	}
	s.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeGroup, share, kmsg.ACLOperationDescribe)
	s.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, s.topic, kmsg.ACLOperationRead)
	s.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeGroup, isolated, kmsg.ACLOperationDescribe)
	reset := append([]string{"replay", "reset", "--from-group", share, "--group", isolated, "--to", "start", "--yes"}, s.as...)
	if r := run(t, nil, reset...); r.code != 1 || !strings.Contains(r.stderr, "not authorized for the group") {
		t.Errorf("%+v", r)
	}
	s.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeGroup, isolated, kmsg.ACLOperationRead)
	if r := run(t, nil, reset...); r.code != 0 {
		t.Errorf("%+v", r)
	}
}

func TestAResetInPlaceThatCannotKeepWhatWasThereSetsNothing(t *testing.T) {
	s := newSecuredReplay(t)
	s.allow(t, rights{source: read, topic: read, other: read}, "", "")
	r := run(t, nil, append([]string{"replay", "reset", "--from-group", s.source, "--in-place", "--to", "start", "--yes"}, s.as...)...)
	if r.code != 1 || !strings.Contains(r.stderr, ".undo.") || r.stdout != "" {
		t.Errorf("%+v", r)
	}
	if got := s.commits(t, s.source); got != "2 2" {
		t.Errorf("and yet the group has %q", got)
	}
}
