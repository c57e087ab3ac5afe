package lag_test

import (
	"context"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// asBob reads as a user who may do nothing that he wasn't allowed.
func asBob(t *testing.T, c *kafkatest.SecuredCluster, req lag.Request) *lag.Report {
	t.Helper()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(c.Listener(kafkatest.SASLPlaintext)),
		kgo.SASL(plain.Auth{User: kafkatest.Bob, Pass: kafkatest.Password(kafkatest.Bob)}.AsMechanism()),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := lag.Collect(ctx, cl, req)
	if err != nil {
		t.Fatal(err)
	}
	lag.Judge(r, lag.DefaultLimits)
	return r
}

func TestWhatAUserMayNotSee(t *testing.T) {
	c := kafkatest.Secured(t)
	topic, group := topicOf(t, c.Cluster, 1), c.Name(t, "group")
	produce(t, c.Cluster, topic, 0, 5)
	c.Commit(t, group, topic, map[int32]int64{0: 2})
	bob := "User:" + kafkatest.Bob

	t.Run("without any permission the listing is empty and says so", func(t *testing.T) {
		r := asBob(t, c, lag.Request{})
		if len(r.Groups) != 0 || !r.VisibleOnly {
			t.Errorf("report = %d groups, visible only %v; want none, and that others may be hidden", len(r.Groups), r.VisibleOnly)
		}
	})
	t.Run("a group by name is not authorized, which is not the same as absent", func(t *testing.T) {
		g := theGroup(t, asBob(t, c, lag.Request{Groups: []string{group}}))
		if g.Verdict != lag.Uncertain || g.Reasons != lag.NotAuthorized || g.Lag.Known() || g.Error == "" {
			t.Errorf("group = %+v, want unknown: not authorized", g)
		}
	})
	t.Run("with the group but not its topic", func(t *testing.T) {
		c.Allow(t, bob, kmsg.ACLResourceTypeGroup, group, kmsg.ACLOperationDescribe)
		r := asBob(t, c, lag.Request{})
		g := theGroup(t, r)
		if !r.VisibleOnly || g.Name != group || g.Lag.Known() || g.Verdict != lag.Uncertain {
			t.Errorf("report = %+v, want the one group that bob may see, unknown: its topic is hidden", r)
		}
	})
	t.Run("with both", func(t *testing.T) {
		c.Allow(t, bob, kmsg.ACLResourceTypeGroup, group, kmsg.ACLOperationDescribe)
		c.Allow(t, bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe)
		p := theGroup(t, asBob(t, c, lag.Request{})).Partitions[0]
		// The lag needs to describe the topic; the record's time needs to read it.
		if p.Lag != 3 || p.TimeLag.Known() {
			t.Errorf("partition = %+v, want a lag of 3 and an unknown time lag", p)
		}
	})
	t.Run("with reading too", func(t *testing.T) {
		c.Allow(t, bob, kmsg.ACLResourceTypeGroup, group, kmsg.ACLOperationDescribe)
		c.Allow(t, bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationRead)
		if p := theGroup(t, asBob(t, c, lag.Request{})).Partitions[0]; p.Lag != 3 || !p.TimeLag.Known() {
			t.Errorf("partition = %+v, want a lag of 3 and a time lag", p)
		}
	})
	t.Run("who may describe the cluster sees all groups, with what is hidden of them", func(t *testing.T) {
		c.Allow(t, bob, kmsg.ACLResourceTypeCluster, "kafka-cluster", kmsg.ACLOperationDescribe)
		r := asBob(t, c, lag.Request{})
		found := false
		for _, g := range r.Groups {
			if g.Name == group {
				found = g.Reasons.Has(lag.NotAuthorized)
			}
		}
		if r.VisibleOnly || !found {
			t.Errorf("report = %+v, want the group listed, not authorized", r)
		}
	})
}
