package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestACanaryThatComesBackStopsTheReplay has a consumer that reads what is sent back, and
// puts it into the dead-letter topic again, or doesn't.
func TestACanaryThatComesBackStopsTheReplay(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, mended := range map[string]bool{"not mended": false, "mended": true} {
			t.Run(name, func(t *testing.T) {
				origin, topic := c.Topic(t, 1), c.Topic(t, 1)
				for n := range 6 {
					c.Produce(t, &kgo.Record{Topic: origin, Key: []byte("k"), Value: []byte("v")})
					c.Produce(t, diedLetter(topic, origin, int64(n)))
				}
				if !mended {
					dieAgain(t, c, origin, topic, 6)
				}
				watch := "1s"
				if !mended {
					watch = "2m" // it ends when the first comes back
				}
				r := run(t, brokersOnTerminal(c), "dlq", "replay", topic, "--canary", "2", "--watch", watch, "--order", "force", "--yes")
				if !strings.Contains(r.stderr, "canary: 2 letters sent; watching for ") {
					t.Errorf("no canary: %+v", r)
				}
				if mended {
					if r.code != 0 || !strings.Contains(r.stdout, "replayed 6 of 6 letters; job ") {
						t.Errorf("got %+v", r)
					}
					return
				}
				if r.code != 4 || !strings.Contains(r.stderr, fmt.Sprintf("error: a letter of the canary came back, as %s:0:6 (com.shop.Timeout); 4 letters not sent", topic)) ||
					!strings.Contains(r.stderr, "hint: \"evtctl dlq show "+topic+":0:6\" says why") || !strings.Contains(r.stdout, "replayed 2 of ") {
					t.Errorf("got %+v", r)
				}
				history := run(t, brokersOnTerminal(c), "dlq", "history", topic, "-o", "csv")
				if strings.Count(history.stdout, ",replayed,") != 2 {
					t.Errorf("the history is %+v", history)
				}
			})
		}
	})
}

func diedLetter(topic, origin string, offset int64, more ...kgo.RecordHeader) *kgo.Record {
	header := func(key, value string) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "__connect.errors." + key, Value: []byte(value)}
	}
	return &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v"), Headers: append(more,
		header("topic", origin), header("partition", "0"), header("offset", fmt.Sprint(offset)), header("exception.class.name", "com.shop.Timeout"))}
}

// dieAgain reads a topic from an offset on, and dead-letters what it reads.
func dieAgain(t *testing.T, c *kafkatest.Cluster, origin, topic string, from int64) {
	t.Helper()
	cl := c.Client(t, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{origin: {0: kgo.NewOffset().At(from)}}), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
				_ = cl.ProduceSync(ctx, diedLetter(topic, origin, r.Offset, r.Headers...)).FirstErr() // the test waits for it
			})
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}
