package commands_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// service is a command that goes on until it is ended, with a clock of its own.
type service struct {
	t     *testing.T
	clock atomic.Int64 // nanoseconds since 1970
	end   context.CancelFunc
	code  chan int

	mu  sync.Mutex
	out bytes.Buffer
}

// Write implements io.Writer.
func (s *service) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

func (s *service) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func (s *service) now() time.Time            { return time.Unix(0, s.clock.Load()) }
func (s *service) passes(time time.Duration) { s.clock.Add(int64(time)) }

// serve starts evtctl, whose clock stands still at a time.
func serve(t *testing.T, at time.Time, env map[string]string, args ...string) *service {
	t.Helper()
	s := &service{t: t, code: make(chan int, 1)}
	s.clock.Store(at.UnixNano())
	ctx, cancel := context.WithCancel(t.Context())
	s.end = cancel
	e := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: io.Writer(s), Err: io.Writer(s)},
		Getenv:  func(key string) string { return env[key] }, Now: s.now,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.code <- commands.Run(ctx, e, args)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// says waits for a text that comes so many times.
func (s *service) says(times int, text string) {
	s.t.Helper()
	kafkatest.Eventually(s.t, 2*time.Minute, fmt.Sprintf("%d times %q", times, text), func() (bool, string) {
		said := s.said()
		return strings.Count(said, text) >= times, said
	})
}

func (s *service) ends(want int) {
	s.t.Helper()
	s.end()
	select {
	case code := <-s.code:
		if code != want {
			s.t.Errorf("exit code %d, want %d:\n%s", code, want, s.said())
		}
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("it doesn't end:\n%s", s.said())
	}
}

// diedAgain puts a letter into a DLQ once more, as a consumer does that still fails.
func diedAgain(topic, origin string, count int, at time.Time) *kgo.Record {
	header := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v"), Timestamp: at, Headers: []kgo.RecordHeader{
		header("__dlq.errors.topic", origin), header("__dlq.errors.partition", "0"), header("__dlq.errors.offset", "0"),
	}}
	if count > 0 {
		r.Headers = append(r.Headers, header("evtctl-replay-count", strconv.Itoa(count)))
	}
	return r
}

func TestARetryDaemonWaitsForLettersToBeDueAndParksWhatKeepsDying(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		origin, topic := c.Topic(t, 1), c.Topic(t, 1)
		start := time.Now().Truncate(time.Second)
		c.Produce(t, &kgo.Record{Topic: origin, Key: []byte("k"), Value: []byte("v")}, diedAgain(topic, origin, 0, start))
		s := serve(t, start.Add(time.Minute), brokersOnTerminal(c),
			"dlq", "retry", topic, "--after", "10m", "--max", "2", "--daemon", "--every", "1s", "--yes")
		s.says(1, "no letter is due; 1 letter to wait, the first until "+start.Add(10*time.Minute).UTC().Format(time.RFC3339))
		s.passes(10 * time.Minute)
		s.says(1, "retried 1 of 1 letter; job retry-")

		c.Produce(t, diedAgain(topic, origin, 1, s.now()))
		s.says(1, "1 letter to wait, the first until "+s.now().Add(20*time.Minute).UTC().Format(time.RFC3339))
		s.passes(20 * time.Minute)
		s.says(2, "retried 1 of 1 letter; job retry-")

		c.Produce(t, diedAgain(topic, origin, 2, s.now()))
		s.says(1, "was sent back 2 times already: it is parked instead")
		s.says(1, "retried 0 of 1 letter, 1 parked; job retry-")
		s.ends(130)
		if said := s.said(); !strings.Contains(said, "in all: retried 2 letters in 3 runs, 1 parked\n") {
			t.Errorf("it doesn't sum up:\n%s", said)
		}
		history := run(t, brokersOnTerminal(c), "dlq", "history", topic, "-o", "csv")
		if strings.Count(history.stdout, ",replayed,") != 2 || strings.Count(history.stdout, ",parked,") != 1 {
			t.Errorf("the history is %+v", history)
		}
	})
}

func TestARetryDaemonOutlivesABroker(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	origin, topic := c.Topic(t, 1), c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: origin, Key: []byte("k"), Value: []byte("v")}, diedAgain(topic, origin, 0, time.Now().Add(-time.Hour)))
	s := serve(t, time.Now(), brokersOnTerminal(c),
		"dlq", "retry", topic, "--after", "10m", "--daemon", "--every", "1s", "--timeout", "2s", "--yes", "-o", "jsonl")
	s.says(1, `"done":1,`)
	c.KillNode(t, 0)
	s.says(1, "trying again in 1s")
	c.StartNode(t, 0)
	c.Produce(t, diedAgain(topic, origin, 0, time.Now().Add(-time.Hour)))
	s.says(2, `"result":"done"`)
	s.ends(130)
	if said := s.said(); !strings.Contains(said, `"planned":2,"done":2,`) {
		t.Errorf("it doesn't sum up:\n%s", said)
	}
}
