package kafkatest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// soon is what a test allows a group for coming into being.
const soon = 30 * time.Second

func TestAllFourTypesOfGroupsLiveOnTheRealBroker(t *testing.T) {
	c := kafkatest.Real(t)
	topic := c.Topic(t, 2)
	c.Produce(t, &kgo.Record{Topic: topic, Value: []byte("x")})

	for _, test := range []struct {
		kind string
		join func(group string)
	}{
		{"classic", func(group string) { poll(t, c, topic, kgo.ConsumerGroup(group)) }},
		{"consumer", func(group string) { poll(t, c, topic, kgo.ConsumerGroup(group), kgo.ServerSideBalancer()) }},
		{"share", func(group string) { poll(t, c, topic, kgo.ShareGroup(group)) }},
		{"streams", func(group string) { c.StreamsMember(t, group, topic).Await(t, soon, "read") }},
	} {
		t.Run(test.kind, func(t *testing.T) {
			group := c.Name(t, "")
			test.join(group)
			adm := c.Admin(t)
			kafkatest.Eventually(t, soon, fmt.Sprintf("group %q to be a stable %s group", group, test.kind), func() (bool, string) {
				groups, err := adm.ListGroupsByType(context.Background(), []string{test.kind})
				return groups[group].State == "Stable", fmt.Sprintf("of the %s groups it has the state %q, error %v", test.kind, groups[group].State, err)
			})
		})
	}
}

// poll keeps a member of a group going until the test ends. Members of share
// groups do nothing before their first poll.
func poll(t *testing.T, c *kafkatest.Cluster, topic string, opts ...kgo.Opt) {
	t.Helper()
	cl := c.Client(t, append(opts, kgo.ConsumeTopics(topic))...)
	go func() {
		for !cl.PollFetches(context.Background()).IsClientClosed() {
		}
	}()
}
