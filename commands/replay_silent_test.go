package commands_test

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// fetchesLeft makes a fake cluster answer as many fetches as are left, and no more.
func fetchesLeft(c *kafkatest.Cluster) (left *atomic.Int32) {
	left = &atomic.Int32{}
	c.Kfake().ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		return nil, nil, left.Add(-1) < 0
	})
	return left
}

func TestABrokerThatFallsSilentInTheMiddleOfAReadingEndsIt(t *testing.T) {
	c := kafkatest.Fake(t)
	topic, group := c.Topic(t, 40, "retention.ms=-1"), c.Name(t, "group")
	value := make([]byte, 500_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(value) // what doesn't get smaller
	offsets := map[int32]int64{}
	for id := range int32(40) {
		records := 1
		if id == 0 {
			records = 20 // more than one fetch brings
		}
		for range records {
			c.Produce(t, &kgo.Record{Topic: topic, Partition: id, Value: value})
		}
		offsets[id] = int64(records)
	}
	c.Commit(t, group, topic, offsets)
	left := fetchesLeft(c)
	for name, args := range map[string][]string{
		"check-idempotent": {"check-idempotent", "--topic", topic},
		"status":           {"status", "--group", group, "--duplicates"},
	} {
		t.Run(name, func(t *testing.T) {
			left.Store(1)
			r := run(t, nil, append(append([]string{"replay"}, args...), "--timeout", "1s", "-b", strings.Join(c.Brokers(), ","))...)
			if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "error: ") || !strings.Contains(r.stderr, "answer") {
				t.Errorf("exit code %d, stdout %q, stderr %q; want 1 and that nothing answers", r.code, r.stdout, r.stderr)
			}
			if where := "reading " + topic + ":"; !strings.Contains(r.stderr, where) || !strings.Contains(r.stderr, " at offset ") {
				t.Errorf("stderr %q; want where it was", r.stderr)
			}
			if r.took > 20*time.Second { // as 40 partitions would take, one after the other
				t.Errorf("took %s with a time limit of 1s", r.took)
			}
		})
	}
}
