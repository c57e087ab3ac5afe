package timeline_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/timeline"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestABrokerThatIsLostCostsItsPartitionsOnly(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	topic := c.Topic(t, 3)
	for p := range 3 {
		c.Produce(t, record(topic, int32(p), "ord-1", p, "{}"))
	}
	c.KillNode(t, 2)
	s := searcher(t, c)
	kafkatest.Eventually(t, time.Minute, "two of three partitions", func() (bool, string) {
		r, err := s.Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}})
		if err != nil {
			return false, err.Error()
		}
		return len(r.Events) == 2 && len(r.Unread) == 1 && r.Unread[0].Topic == topic, strings.Join(places(r), " ")
	})
}

// A leader that goes away in the middle is asked for anew; one that doesn't come back
// costs the rest of its partitions, and nothing that was found before.
func TestABrokerThatIsLostOnTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		fail   int64 // fetches that fail after the first
		unread bool
	}{"and comes back": {2, false}, "for good": {1 << 40, true}} {
		t.Run(name, func(t *testing.T) {
			cluster := kafkatest.Fake(t)
			topic := cluster.Topic(t, 1)
			big, rng := make([]byte, 700_000), rand.New(rand.NewPCG(1, 2)) // so that there is more than one fetch
			for i := range big {
				big[i] = byte(rng.Uint32())
			}
			for i := range 12 {
				cluster.Produce(t, record(topic, 0, "ord-1", i, string(big)))
			}
			var fetches atomic.Int64
			cluster.Kfake().ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
				cluster.Kfake().KeepControl()
				if n := fetches.Add(1); n > 1 && n <= 1+c.fail {
					return nil, errors.New("the connection is cut"), true
				}
				return nil, nil, false
			})
			s := searcher(t, cluster)
			s.Client, s.Timeout = cluster.Client(t, kgo.RequestRetries(1), kgo.RetryTimeout(time.Second)), 2*time.Second
			r, err := s.Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}, NoFollow: true, All: true})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(r.Events); n == 0 || c.unread == (n == 12) || c.unread == (len(r.Unread) == 0) {
				t.Errorf("%d found, unread: %+v", n, r.Unread)
			}
		})
	}
}

// fetchCounter counts the fetches that are sent to a broker.
type fetchCounter struct {
	broker int32
	n      atomic.Int64
}

// OnBrokerWrite implements kgo.HookBrokerWrite.
func (f *fetchCounter) OnBrokerWrite(to kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == int16(kmsg.Fetch) && to.NodeID == f.broker {
		f.n.Add(1)
	}
}

// A broker that hangs is waited for by those that ask it at the same time, and by nobody
// after them.
func TestABrokerThatHangsIsWaitedForOnce(t *testing.T) {
	cluster := kafkatest.Fake(t)
	kfake, released := cluster.Kfake(), make(chan struct{})
	topic := cluster.Topic(t, 60)
	for p := range 60 {
		cluster.Produce(t, record(topic, int32(p), "other", p, `{"id":"ord-1"}`))
	}
	var hung int32
	mine := map[int32]bool{}
	for p := range int32(60) {
		leader := kfake.PartitionInfo(topic, p).Leader
		if p == 0 {
			hung = leader
		}
		mine[p] = leader == hung
	}
	t.Cleanup(func() { close(released) })
	kfake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		kfake.KeepControl()
		if kfake.CurrentNode() == hung {
			kfake.SleepControl(func() { <-released })
		}
		return nil, nil, false
	})
	fetches := &fetchCounter{broker: hung}
	s := searcher(t, cluster)
	s.Client, s.Timeout = cluster.Client(t, kgo.WithHooks(fetches)), 5*time.Second
	r, err := s.Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	lost := map[int32]bool{}
	for _, u := range r.Unread {
		lost[u.Partition] = true
	}
	for p := range int32(60) {
		if lost[p] != mine[p] {
			t.Errorf("partition %d: unread %t, led by the broker that hangs %t", p, lost[p], mine[p])
		}
	}
	if n := fetches.n.Load(); n == 0 || n > 8 {
		t.Errorf("the broker that hangs was asked %d times", n)
	}
}

func TestATopicThatMayNotBeReadIsNamed(t *testing.T) {
	cluster := kafkatest.Fake(t)
	open, closed := cluster.Topic(t, 1), cluster.Topic(t, 3)
	cluster.Produce(t, record(open, 0, "ord-1", 1, "{}"), record(closed, 0, "ord-1", 2, "{}"), record(closed, 1, "ord-1", 3, "{}"))
	cluster.Kfake().ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.Kfake().KeepControl()
		asked := req.(*kmsg.FetchRequest)
		resp := asked.ResponseKind().(*kmsg.FetchResponse)
		for _, topic := range asked.Topics {
			if id := cluster.Kfake().TopicInfo(open); id != nil && topic.TopicID == id.TopicID || topic.Topic == open {
				return nil, nil, false
			}
			answer := kmsg.NewFetchResponseTopic()
			answer.Topic, answer.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				part := kmsg.NewFetchResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				answer.Partitions = append(answer.Partitions, part)
			}
			resp.Topics = append(resp.Topics, answer)
		}
		return resp, nil, true
	})
	r, err := searcher(t, cluster).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{open, closed}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{open + ":0:0"}, places(r)); diff != "" {
		t.Error(diff)
	}
	if len(r.Unread) != 1 || r.Unread[0].Topic != closed || r.Unread[0].Partition != -1 {
		t.Errorf("%+v", r.Unread)
	}
}

func TestLettersTellOfTheirDeath(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, failed := c.Topic(t, 1), c.Topic(t, 1) // whose name says nothing
		c.Produce(t, record(orders, 0, "ord-1", 1, "{}"),
			record(failed, 0, "ord-1", 2, "{}", "__connect.errors.topic", orders, "__connect.errors.partition", "0", "__connect.errors.offset", "0", "__connect.errors.exception.message", "no table"),
			record(failed, 0, "ord-2", 3, "{}", "__connect.errors.topic", orders, "__connect.errors.partition", "0", "__connect.errors.offset", "0"))
		r, err := searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, failed}})
		if err != nil || len(r.Events) != 2 {
			t.Fatalf("%v, %+v", err, r)
		}
		e := r.Events[1]
		if e.Kind != timeline.Letters || e.Letter == nil || *e.Letter.Origin.Topic != orders || *e.Letter.Message != "no table" || e.Letter.DiedAt != nil {
			t.Errorf("%+v, %+v", e, e.Letter)
		}
		// The source of a letter may be outside the window, or deleted.
		r, err = searcher(t, c).Search(t.Context(), timeline.Query{ID: "ord-1", Topics: []string{orders, failed}, Since: began.Add(2 * time.Second)})
		if err != nil || !slices.ContainsFunc(r.Missing, func(m timeline.Missing) bool {
			return m.What == timeline.OriginOutside && m.Coordinates.String() == orders+":0:0"
		}) {
			t.Errorf("%v, %+v", err, r.Missing)
		}
	})
}
