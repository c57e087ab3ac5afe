package orderflow_test

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

const (
	impatient = 2 * time.Second  // the time limit of a run that is to fail; longer than any answer takes before
	atOnce    = 20 * time.Second // what such a run ends within, even on a busy machine; kgo's own limits are 30 s and more
)

// failing runs a flow that must end with an error, in time.
func failing(t *testing.T, c orderflow.Config) (*orderflow.Summary, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), unhurried)
	defer cancel()
	begin := time.Now()
	summary, err := orderflow.Run(ctx, c)
	if took := time.Since(begin); took > atOnce {
		t.Errorf("it took %s to end", took)
	}
	if err == nil {
		t.Fatalf("it ended without an error: %+v", summary)
	}
	return summary, err
}

// silent takes every request from now on and never answers, as a broker does that
// hangs. The keys are those of kmsg; none are all of them.
func silent(fake *kfake.Cluster, only ...kmsg.Key) {
	if len(only) == 0 {
		only = []kmsg.Key{-1}
	}
	for _, key := range only {
		fake.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			fake.KeepControl()
			return nil, nil, true
		})
	}
}

func TestLosingTheBrokersMidRunIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		lose func(*kfake.Cluster)
		says string
	}{
		{"a broker that is gone", (*kfake.Cluster).Close, "connection refused"},
		{"a broker that hangs", func(fake *kfake.Cluster) { silent(fake) }, "i/o timeout|deadline exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Fake(t)
			config := config(t, c)
			config.Timeout = impatient
			config.Keep, config.Rate = true, 200
			config.Progress, _ = when(func(p orderflow.Progress) bool { return p.Reserved > 20 && p.Notified > 20 },
				func() { tt.lose(c.Kfake()) })
			summary, err := failing(t, config)
			if !errors.Is(err, orderflow.ErrLost) || !regexp.MustCompile(tt.says).MatchString(err.Error()) {
				t.Errorf("got %v, want ErrLost, saying %s", err, tt.says)
			}
			if summary.Placed < 20 || summary.Reserved < 20 {
				t.Errorf("the summary lost count: %+v", summary)
			}
			for _, g := range summary.Groups {
				if g.Lag != nil || g.LagUnknown == "" {
					t.Errorf("the lag of %s is %v (%q), want unknown and why", g.Group, g.Lag, g.LagUnknown)
				}
			}
		})
	}
}

func TestLosingTheBrokersWhileItEndsIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	c := kafkatest.Fake(t)
	config := config(t, c)
	config.Timeout = impatient
	config.Keep, config.Rate = true, 200
	ctx, cancel := context.WithTimeout(t.Context(), unhurried)
	defer cancel()
	config.Progress, _ = when(func(p orderflow.Progress) bool { return p.Reserved > 20 }, func() {
		silent(c.Kfake())
		cancel()
	})
	begin := time.Now()
	_, err := orderflow.Run(ctx, config)
	if !errors.Is(err, orderflow.ErrLost) || time.Since(begin) > atOnce {
		t.Errorf("got %v after %s, want ErrLost within %s", err, time.Since(begin), atOnce)
	}
}

func TestAGroupThatCanNotBeLeftIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	c := kafkatest.Fake(t)
	config := config(t, c)
	config.Timeout = impatient
	silent(c.Kfake(), kmsg.LeaveGroup)
	summary, err := failing(t, config)
	if !errors.Is(err, orderflow.ErrLost) || summary.Reserved != 200 {
		t.Errorf("got %v with %d orders reserved, want ErrLost with all 200", err, summary.Reserved)
	}
}

func TestAStepThatStandsStillIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		silent kmsg.Key
		says   string // after the prefix
	}{
		{"orders that nobody acknowledges", kmsg.Produce, orderflow.OrderTopic},
		{"a group that nobody can join", kmsg.JoinGroup, orderflow.InventoryGroup},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Fake(t)
			config := config(t, c)
			config.Timeout = impatient
			silent(c.Kfake(), tt.silent)
			_, err := failing(t, config)
			if got := err.Error(); !strings.Contains(got, config.Prefix+tt.says) || !strings.Contains(got, "nothing has moved") {
				t.Errorf("got %v, want an error that names %s", err, tt.says)
			}
		})
	}
}

func TestAFlowThatCanNotBeginIsAnErrorInTime(t *testing.T) {
	for _, tt := range []struct {
		name string
		addr func(t *testing.T) string
	}{
		{"a closed port", closedPort},
		{"a broker that never answers", listener(func(conn net.Conn) { io.Copy(io.Discard, conn) })},
		{"not Kafka at all", listener(func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			summary, err := failing(t, orderflow.Config{Open: opener(tt.addr(t)), Orders: 1, Timeout: impatient})
			if !strings.Contains(err.Error(), "connect to the brokers") || summary.Placed != 0 {
				t.Errorf("got %v with %+v, want an error that the brokers can't be connected to", err, summary)
			}
		})
	}
}

func closedPort(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// listener returns what starts a server that does this with each connection.
func listener(serve func(net.Conn)) func(*testing.T) string {
	return func(t *testing.T) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					serve(conn)
				}()
			}
		}()
		return ln.Addr().String()
	}
}

func TestAPermissionThatIsMissingIsNamed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault kfake.Fault
		says  []string
	}{
		{"to create a topic", kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.TopicAuthorizationFailed},
			[]string{"create topic", orderflow.OrderTopic, "TOPIC_AUTHORIZATION_FAILED"}},
		{"to write orders", kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: orderflow.OrderTopic, Err: kerr.TopicAuthorizationFailed},
			[]string{"write to topic", orderflow.OrderTopic, "TOPIC_AUTHORIZATION_FAILED"}},
		{"to write reservations", kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: orderflow.InventoryTopic, Err: kerr.TopicAuthorizationFailed},
			[]string{orderflow.InventoryGroup, "write to topic", orderflow.InventoryTopic, "TOPIC_AUTHORIZATION_FAILED"}},
		{"to join a group", kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Group: orderflow.AnalyticsGroup, Err: kerr.GroupAuthorizationFailed},
			[]string{orderflow.AnalyticsGroup, "GROUP_AUTHORIZATION_FAILED"}},
		{"to see a group", kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Group: orderflow.InventoryGroup, Err: kerr.GroupAuthorizationFailed},
			[]string{orderflow.InventoryGroup, "GROUP_AUTHORIZATION_FAILED"}},
		{"to commit", kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: orderflow.NotificationGroup, Err: kerr.GroupAuthorizationFailed},
			[]string{orderflow.NotificationGroup, "commit", orderflow.OrderTopic, "GROUP_AUTHORIZATION_FAILED"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := kafkatest.Fake(t)
			config := config(t, c)
			config.Prefix = "" // the cluster is this test's alone
			config.Keep, config.Rate = true, 200
			tt.fault.Count = -1
			c.Kfake().Fault(tt.fault)
			_, err := failing(t, config)
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q doesn't say %q", err, says)
				}
			}
			if errors.Is(err, orderflow.ErrLost) {
				t.Errorf("%q says that the brokers are lost", err)
			}
		})
	}
}

func TestABrokerThatIsBrieflyBusyIsNoError(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	for _, starting := range []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator} {
		c.Kfake().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch, kmsg.JoinGroup}, Err: starting, Count: 3})
	}
	unstableOffsets(t, c, config.Prefix+orderflow.OrderTopic, 3)
	if summary := run(t, config); summary.Reserved != 200 {
		t.Errorf("%d orders are reserved, want 200", summary.Reserved)
	}
}

// unstableOffsets answers the watcher's first questions for committed offsets with
// an error in one partition, which no client tries again by itself.
func unstableOffsets(t *testing.T, c *kafkatest.Cluster, name string, times int) {
	t.Helper()
	created, err := c.Admin(t).CreateTopic(t.Context(), 6, -1, nil, name)
	if err != nil {
		t.Fatal(err)
	}
	unstable := kmsg.NewOffsetFetchResponseGroupTopic()
	unstable.Topic, unstable.TopicID = name, created.ID
	partition := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	partition.Offset, partition.ErrorCode = -1, kerr.UnstableOffsetCommit.Code
	unstable.Partitions = append(unstable.Partitions, partition)
	c.Kfake().ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		req := r.(*kmsg.OffsetFetchRequest)
		if req.RequireStable || times == 0 { // the services do require it
			return nil, nil, false
		}
		times--
		c.Kfake().KeepControl()
		resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		for _, asked := range req.Groups {
			group := kmsg.NewOffsetFetchResponseGroup()
			group.Group, group.Topics = asked.Group, []kmsg.OffsetFetchResponseGroupTopic{unstable}
			resp.Groups = append(resp.Groups, group)
		}
		return resp, nil, true
	})
}

func TestNothingIsLeftRunning(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	var open atomic.Int64
	config.Open = countingOpener(c.Brokers(), &open)
	run(t, config)
	if n := open.Load(); n != 0 {
		t.Errorf("%d clients are left open", n)
	}
}
