package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// watched stands in for a test that is expected to end early.
type watched struct {
	testing.TB
	fatal, skip string
}

func (w *watched) Helper()                   {}
func (w *watched) Fatal(args ...any)         { w.fatal = fmt.Sprint(args...); runtime.Goexit() }
func (w *watched) Fatalf(f string, a ...any) { w.fatal = fmt.Sprintf(f, a...); runtime.Goexit() }
func (w *watched) Skipf(f string, a ...any)  { w.skip = fmt.Sprintf(f, a...); runtime.Goexit() }

// watch runs fn as a test of its own and tells how it ended.
func watch(t *testing.T, fn func(t testing.TB)) *watched {
	t.Helper()
	w := &watched{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(w)
	}()
	<-done
	return w
}

func TestWithoutKafkaATestIsLeftOutOrFails(t *testing.T) {
	none := fmt.Errorf("%w: %w", errUnavailable, errNoJava)
	for _, test := range []struct {
		name, required string
		err            error
		fatal, skip    string
	}{
		{"nothing to run it with leaves it out, loudly", "", none, "", LeftOut},
		{"and says how to get it", "", none, "", "apt install openjdk-17-jdk-headless maven"},
		{"where it is demanded it fails", "1", none, "EVTCTL_REQUIRE_REAL=1", ""},
		{"and says how to get it, too", "1", none, "apt install openjdk-17-jdk-headless maven", ""},
		{"what should have worked fails in any case", "", errors.New("disk full"), "disk full", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("EVTCTL_REQUIRE_REAL", test.required)
			w := watch(t, func(t testing.TB) { demand(t, test.err) })
			if !strings.Contains(w.fatal, test.fatal) || (w.fatal == "") != (test.fatal == "") {
				t.Errorf("it fails with %q, want %q", w.fatal, test.fatal)
			}
			if !strings.Contains(w.skip, test.skip) || (w.skip == "") != (test.skip == "") {
				t.Errorf("it is skipped with %q, want %q", w.skip, test.skip)
			}
		})
	}
}

func TestEventuallyFailsWithWhatItSawLast(t *testing.T) {
	looks := 0
	w := watch(t, func(t testing.TB) {
		Eventually(t, 3*pollEvery, "rain", func() (bool, string) {
			looks++
			return false, fmt.Sprintf("look %d: sun", looks)
		})
	})
	if want := fmt.Sprintf("for rain; last seen: look %d: sun", looks); looks < 2 || !strings.Contains(w.fatal, want) {
		t.Errorf("it failed with %q, want %q", w.fatal, want)
	}
	w = watch(t, func(t testing.TB) {
		Eventually(t, time.Nanosecond, "rain", func() (bool, string) { return true, "" })
	})
	if w.fatal != "" {
		t.Errorf("it failed with %q though the first look was good", w.fatal)
	}
}

func TestTheUsersOwnClusterIsUsedAndLeftStanding(t *testing.T) {
	theirs := Fake(t)
	t.Setenv("EVTCTL_TEST_BROKERS", strings.Join(theirs.Brokers(), ", "))
	c := Real(t)
	if !c.IsReal() || fmt.Sprint(c.Brokers()) != fmt.Sprint(theirs.Brokers()) {
		t.Errorf("Real gives %v, want the cluster that was named, %v", c.Brokers(), theirs.Brokers())
	}
	c.Topic(t, 1)
	if w := watch(t, func(t testing.TB) { c.KillNode(t, 0) }); w.fatal == "" {
		t.Error("a node of the user's own cluster could be killed")
	}
	if w := watch(t, func(t testing.TB) { Secured(t) }); !strings.Contains(w.skip, LeftOut) {
		t.Errorf("a test of security isn't left out there, but: skip %q, failure %q", w.skip, w.fatal)
	}
}

func TestNamesAreUniqueReadableAndPermitted(t *testing.T) {
	t.Run("of a test with spaces, dots.and_more: "+strings.Repeat("very ", 50)+"long", func(t *testing.T) {
		c := &Cluster{}
		first, second := c.Name(t, "my.group"), c.Name(t, "my.group")
		if first == second {
			t.Errorf("two names are both %q", first)
		}
		if len(first) > 120 || plainName(first) != first {
			t.Errorf("%q is too long or has signs that not everything permits", first)
		}
		if !strings.HasPrefix(first, "NamesAreUnique") || !strings.Contains(first, "my-group") {
			t.Errorf("%q tells neither the test nor the purpose", first)
		}
	})
}

func TestSetUpThatCannotBeDoneEndsTheTest(t *testing.T) {
	c := Fake(t)
	topic, busy := c.Topic(t, 1), c.Name(t, "busy")
	member := c.Client(t, kgo.ConsumerGroup(busy), kgo.ConsumeTopics(topic))
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("x")})
	if fetches := member.PollFetches(context.Background()); fetches.Err() != nil {
		t.Fatal(fetches.Err())
	}
	for _, test := range []struct {
		name string
		do   func(t testing.TB)
		want string
	}{
		{"committing for a group with members", func(t testing.TB) { c.Commit(t, busy, topic, map[int32]int64{0: 0}) }, "UNKNOWN_MEMBER_ID"},
		{"a config without a value", func(t testing.TB) { c.Topic(t, 1, "retention.ms") }, "want key=value"},
		{"a topic of no partitions", func(t testing.TB) { c.Topic(t, 0) }, "INVALID_PARTITIONS"},
		{"a record for a partition that isn't there", func(t testing.TB) { c.Produce(t, &kgo.Record{Topic: topic, Partition: 7}) }, "partition"},
		{"stopping a node that isn't this test's own", func(t testing.TB) { c.StopNode(t, 0) }, "no node 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if w := watch(t, test.do); !strings.Contains(w.fatal, test.want) {
				t.Errorf("it failed with %q, want %q", w.fatal, test.want)
			}
		})
	}
}

func TestTheFakeTakesOptions(t *testing.T) {
	c := Fake(t, kfake.NumBrokers(1))
	if len(c.Brokers()) != 1 || c.IsReal() || c.Kfake() == nil {
		t.Errorf("brokers %v, real: %t", c.Brokers(), c.IsReal())
	}
}
