package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestExplainLeavesAlone(t *testing.T) {
	s := resolve(t, Flags{})
	own := fmt.Errorf("wrapped: %w", usagef("", "own"))
	for _, err := range []error{nil, context.Canceled, fmt.Errorf("x: %w", context.Canceled), errors.New("a plan's checksum is wrong"),
		own, &ConnectError{}, &RequestError{Code: kerr.NotController}, kgo.ErrClientClosed} {
		if got := s.Explain(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestExplainCodes(t *testing.T) {
	s := inContext(t, "b", []string{"sasl: {mechanism: PLAIN, user: alice, password: {env: P}}"}, "P", "x")
	for _, test := range []struct {
		err        error
		want, hint string
	}{
		{fmt.Errorf("offsets of topic %q: %w", "orders", kerr.TopicAuthorizationFailed),
			`offsets of topic "orders": not authorized for the topic`, `user "alice"`},
		{fmt.Errorf("commit for group %q: %w", "g", kerr.UnknownMemberID),
			`commit for group "g": the group still has live members`, "choose another group"},
		{kerr.ClusterAuthorizationFailed, "not authorized for this on the cluster", `user "alice"`},
		{&kadm.AuthError{Err: kerr.GroupAuthorizationFailed}, "not authorized for the group", "ACL"},
		{&kadm.ShardErrors{Name: "ListGroups", Errs: []kadm.ShardError{{Err: kerr.CoordinatorLoadInProgress}}},
			"ListGroups: the group's coordinator is still loading", "few seconds"},
		{fmt.Errorf("x: %w: said the broker", kerr.PolicyViolation), "x: a policy of the brokers forbids it: said the broker", "those who run"},
		{fmt.Errorf("x: %w", kerr.RequestTimedOut), "x: the broker couldn't do it in time", "10s"},
		{fmt.Errorf("x: %w", kerr.FeatureUpdateFailed), "x: unable to update finalized features due to an unexpected server error (FEATURE_UPDATE_FAILED)", ""},
		{fmt.Errorf("x: %w: \x1b[31mred\u202e", kerr.PolicyViolation), `x: a policy of the brokers forbids it: \x1b[31mred\u202e`, "those who run"},
		{errors.Join(errors.New("one"), kerr.NotController), "one\nthe cluster's controller has just moved", "few seconds"},
	} {
		got := s.Explain(test.err)
		var request *RequestError
		if !errors.As(got, &request) || got.Error() != test.want || !strings.Contains(request.Hint(), test.hint) {
			t.Errorf("%v:\n got %q\nwant %q", test.err, got, test.want)
		}
		if request != nil && (!errors.Is(got, request.Code) || strings.Contains(request.Hint(), "{")) {
			t.Errorf("%v: code %v, hint %q", test.err, request.Code, request.Hint())
		}
	}
}

func TestEveryWordForACodeIsWhole(t *testing.T) {
	for code, words := range codeWords {
		if kerr.ErrorForCode(code) == nil || words.problem == "" || words.hint == "" {
			t.Errorf("code %d: %+v", code, words)
		}
		if first := words.problem[:1]; strings.ToLower(first) != first || strings.HasSuffix(words.problem, ".") {
			t.Errorf("code %d: %q isn't in the house style", code, words.problem)
		}
	}
}

// connectError asserts that Explain made one.
func connectError(t *testing.T, err error, cause Cause, words ...string) *ConnectError {
	t.Helper()
	var connect *ConnectError
	if !errors.As(err, &connect) {
		t.Fatalf("error is %T (%v), want a *ConnectError", err, err)
	}
	if connect.Cause != cause {
		t.Errorf("cause is %q, want %q: %v", connect.Cause, cause, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q doesn't say %q", err, word)
		}
	}
	if connect.Hint() == "" {
		t.Errorf("no hint with %v", err)
	}
	return connect
}

func TestExplainKeepsWhatWasAttempted(t *testing.T) {
	s := resolve(t, Flags{})
	dialed := &dialError{addr: "kafka:9092", stage: stageDial, err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "kafka", IsNotFound: true}}}
	err := s.Explain(fmt.Errorf("offsets of topic %q: %w", "orders", fmt.Errorf("unable to dial: %w", dialed)))
	if want := `offsets of topic "orders": broker kafka:9092: the host name "kafka" has no address`; err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
	connectError(t, err, CauseUnresolved)
	err = s.Explain(fmt.Errorf("list groups: %w", io.EOF))
	connectError(t, err, CauseClosed, "list groups: broker localhost:9092: the connection was closed")
	err = s.Explain(fmt.Errorf("list groups: %w", context.DeadlineExceeded))
	connectError(t, err, CauseSilent, "list groups: broker localhost:9092: no answer in time")
}

func TestExplainABrokerThatWentAway(t *testing.T) {
	broker := kafkatest.Fake(t, kfake.NumBrokers(1))
	s := resolve(t, Flags{Brokers: broker.Brokers(), Timeout: time.Second})
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	broker.Kfake().Close()
	for range 2 { // the connection that was open, and a new one
		_, err = kadm.NewClient(client).ListGroups(t.Context())
	}
	connectError(t, s.Explain(err), CauseRefused, broker.Brokers()[0], "connection refused")
}

func TestExplainARequestThatIsNeverAnswered(t *testing.T) {
	broker := kafkatest.Fake(t, kfake.NumBrokers(1))
	s := resolve(t, Flags{Brokers: broker.Brokers(), Timeout: limit})
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	hang(t, broker, kmsg.ListGroups, 0)
	started := time.Now()
	_, err = kadm.NewClient(client).ListGroups(t.Context())
	if took := time.Since(started); took > 4*limit {
		t.Errorf("it took %s", took)
	}
	connectError(t, s.Explain(err), CauseSilent)
}

func TestExplainADeadlineByWhatTheClientWaitsFor(t *testing.T) {
	// A broker that only later requests go to, such as a group's coordinator.
	s := resolve(t, Flags{Timeout: time.Second})
	gone := closedPort(t)
	_, err := s.dial(t.Context(), "tcp", gone)
	if err == nil {
		t.Fatal("a closed port answered")
	}
	got := s.Explain(fmt.Errorf("describe group %q: %w", "g", context.DeadlineExceeded))
	e := connectError(t, got, CauseRefused, `describe group "g"`, gone)
	if e.Broker != gone || !strings.Contains(e.Hint(), "advertised.listeners") {
		t.Errorf("Broker is %q, hint %q", e.Broker, e.Hint())
	}
}
