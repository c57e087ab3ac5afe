package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// bombed is a topic with a letter, one that would fill the memory, and another letter.
func bombed(t *testing.T, c *kafkatest.Cluster) string {
	t.Helper()
	topic := c.Topic(t, 1)
	c.Produce(t, spring(topic, 0, "before", "v", "card expired"))
	cl := c.Client(t, kgo.ProducerBatchCompression(kgo.GzipCompression()), kgo.ProducerBatchMaxBytes(90<<20), kgo.BrokerMaxWriteBytes(100<<20))
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: make([]byte, 70<<20)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	c.Produce(t, spring(topic, 0, "after", "v", "card expired"))
	return topic
}

func TestABombAmongLettersIsToldAndTheOthersAreShown(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := bombed(t, c)
		const reason = ":0: offsets 1 to 1 could not be read: decompressed, its batch would be larger than is allowed"
		for _, args := range [][]string{{"browse", topic}, {"browse", topic, "--all"}, {"browse", topic, "--all", "-o", "jsonl"}} {
			r := run(t, brokers(c), append([]string{"dlq"}, args...)...)
			holds(t, r, 4, topic+":0:2", topic+reason)
			if !strings.Contains(r.stdout, topic+":0:0") {
				t.Errorf("%v: the first letter is missing:\n%s", args, r.stdout)
			}
		}
		holds(t, run(t, brokers(c), "dlq", "stats", topic), 4, "    2 ", topic+reason)
		holds(t, run(t, brokers(c), "dlq", "list", topic), 4, topic, topic+reason)
		holds(t, run(t, brokers(c), "dlq", "export", topic), 4, `"faults":[{"partition":0,"from":1,"to":2,"reason":"decompressed`, topic+reason)
		holds(t, run(t, brokers(c), "dlq", "show", topic+":0:1"), 1, "", "its batch can't be read: decompressed, its batch would be larger than is allowed")
	})
}

func TestTimesAsPeopleTypeThem(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, spring(topic, 0, "k", "v", "card expired"))
	for _, since := range []string{"2h", "-2h", "@-2h", "7d", "1.5d", "2020-01-01", "2020-01-01T10:00", "@2020-01-01T10:00:00+02:00", "1577836800000"} {
		holds(t, run(t, brokers(c), "dlq", "browse", topic, "--since", since), 0, topic+":0:0", "")
		holds(t, run(t, brokers(c), "dlq", "browse", topic, "--until", since), 0, "", "no letter fits, of 1 looked at")
	}
	for _, since := range []string{"x", "@", "0s", "-", "2020-13-01", "12", "1e9d", "NaNd"} {
		holds(t, run(t, brokers(c), "dlq", "browse", topic, "--since="+since), 2, "", fmt.Sprintf("--since %q is no time", since))
	}
}
