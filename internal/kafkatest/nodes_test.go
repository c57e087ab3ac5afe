package kafkatest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestNodesOfACluster(t *testing.T) {
	t.Parallel()
	c := kafkatest.RealNodes(t, 3)
	topic := c.Topic(t, 3)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("before")})
	adm := c.Admin(t)

	t.Run("topics have three replicas and Kafka's own need two in sync", func(t *testing.T) {
		details, err := adm.ListTopicsWithInternal(context.Background(), topic, "__consumer_offsets", "__transaction_state")
		if err != nil {
			t.Fatal(err)
		}
		for _, detail := range details {
			if got := detail.Partitions.NumReplicas(); got != 3 {
				t.Errorf("topic %q has %d replicas, want 3", detail.Topic, got)
			}
		}
	})
	t.Run("a killed node is missed and comes back with its data", func(t *testing.T) {
		c.KillNode(t, 2)
		awaitBrokers(t, adm, 2)
		c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("without it")})
		c.StartNode(t, 2)
		awaitBrokers(t, adm, 3)
		awaitInSync(t, adm, topic, 3)
	})
	t.Run("a stopped node leaves in good order", func(t *testing.T) {
		c.StopNode(t, 0)
		awaitBrokers(t, adm, 2)
		c.Commit(t, c.Name(t, "group"), topic, map[int32]int64{0: 1})
	})
}

// awaitBrokers waits until the cluster counts so many brokers as alive.
func awaitBrokers(t *testing.T, adm *kadm.Client, want int) {
	t.Helper()
	kafkatest.Eventually(t, time.Minute, fmt.Sprintf("%d brokers", want), func() (bool, string) {
		brokers, err := adm.ListBrokers(context.Background())
		return err == nil && len(brokers) == want, fmt.Sprintf("brokers %v, error %v", brokers.NodeIDs(), err)
	})
}

// awaitInSync waits until every partition of the topic has so many replicas in
// sync.
func awaitInSync(t *testing.T, adm *kadm.Client, topic string, want int) {
	t.Helper()
	kafkatest.Eventually(t, time.Minute, fmt.Sprintf("%d replicas in sync", want), func() (bool, string) {
		topics, err := adm.ListTopics(context.Background(), topic)
		if err != nil {
			return false, err.Error()
		}
		for _, p := range topics[topic].Partitions {
			if len(p.ISR) != want {
				return false, fmt.Sprintf("partition %d: %v", p.Partition, p.ISR)
			}
		}
		return true, ""
	})
}

func TestAFreshNode(t *testing.T) {
	t.Parallel()
	c := kafkatest.RealNodes(t, 1, kafkatest.Fresh(), kafkatest.WithHeap(256), kafkatest.WithConfig("message.max.bytes=4321"))

	t.Run("refuses its first group call", func(t *testing.T) {
		// One attempt only: clients otherwise wait out what this is about.
		adm := kadm.NewClient(c.Client(t, kgo.RequestRetries(0), kgo.RetryTimeout(time.Nanosecond)))
		err := adm.FindGroupCoordinators(context.Background(), "anybody").Error()
		if !errors.Is(err, kerr.CoordinatorNotAvailable) {
			t.Errorf("the first question for a coordinator is answered with %v, want COORDINATOR_NOT_AVAILABLE", err)
		}
		topic := c.Topic(t, 1)
		c.Commit(t, c.Name(t, "group"), topic, map[int32]int64{0: 0}) // waits until it is there
	})
	t.Run("has the config that was asked for", func(t *testing.T) {
		configs, err := c.Admin(t).DescribeBrokerConfigs(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		config, err := configs.On("1", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, kv := range config.Configs {
			if kv.Key == "message.max.bytes" && kv.MaybeValue() == "4321" {
				return
			}
		}
		t.Errorf("message.max.bytes isn't 4321 among %v", config.Configs)
	})
	t.Run("paused, accepts and never answers", func(t *testing.T) {
		c.PauseNode(t, 0)
		// kgo opens a connection within a limit of its own, not the context's.
		err := c.Client(t, kgo.RequestTimeoutOverhead(300*time.Millisecond), kgo.RequestRetries(0)).Ping(context.Background())
		var slow net.Error
		if !errors.As(err, &slow) || !slow.Timeout() {
			t.Errorf("a paused node answers a ping with %v, want the time limit", err)
		}
		c.ResumeNode(t, 0)
		if err := c.Client(t).Ping(context.Background()); err != nil {
			t.Errorf("a resumed node doesn't answer: %v", err)
		}
	})
}
