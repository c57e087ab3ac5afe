package kafkatest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestEveryHelperWorksOnBothClusters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 3, "retention.ms=-1")
		group := c.Name(t, "readers")
		recs := []*kgo.Record{
			{Topic: topic, Partition: 2, Value: []byte("a")},
			{Topic: topic, Partition: 2, Value: []byte("b")},
			{Topic: topic, Value: []byte("c")},
		}
		c.Produce(t, recs...)
		if recs[1].Partition != 2 || recs[1].Offset != 1 {
			t.Errorf("the second record is at %d:%d, want 2:1", recs[1].Partition, recs[1].Offset)
		}
		c.Commit(t, group, topic, map[int32]int64{0: 1, 2: 1})

		ends, err := c.Admin(t).ListEndOffsets(context.Background(), topic)
		if err != nil {
			t.Fatal(err)
		}
		for partition, want := range []int64{1, 0, 2} {
			if end, _ := ends.Lookup(topic, int32(partition)); end.Offset != want {
				t.Errorf("partition %d ends at %d, want %d", partition, end.Offset, want)
			}
		}
		if !c.IsReal() {
			return // the fake leaves out fields that the tool relies on
		}
		out := c.Tool(t, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe", "--group", group)
		if !strings.Contains(out, topic) || !strings.Contains(out, group) {
			t.Errorf("Apache's tool doesn't see group %q on topic %q:\n%s", group, topic, out)
		}
	})
}
