package consume_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
)

const (
	unhurried = time.Minute
	quick     = 5 * time.Millisecond // between attempts
)

var errDeclined = errors.New("card declined")

// seen collects what handlers were given.
type seen struct {
	mu   sync.Mutex
	keys []string
}

func (s *seen) add(ms ...consume.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range ms {
		s.keys = append(s.keys, string(m.Record.Key))
	}
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.keys...)
}

// fill writes n records to a new topic, spread over its partitions, keyed
// "partition/number".
func fill(t *testing.T, c *kafkatest.Cluster, partitions int32, n int) (topic string) {
	t.Helper()
	topic = c.Topic(t, partitions)
	rs := make([]*kgo.Record, n)
	for i := range rs {
		p := int32(i) % partitions
		rs[i] = &kgo.Record{Topic: topic, Partition: p, Key: fmt.Appendf(nil, "%d/%04d", p, i), Value: []byte("v")}
	}
	c.Produce(t, rs...)
	return topic
}

// deadLetterTopic makes the topic that dead letters of another go to.
func deadLetterTopic(t *testing.T, c *kafkatest.Cluster, topic string, partitions int32) {
	t.Helper()
	if _, err := c.Admin(t).CreateTopic(t.Context(), partitions, 1, nil, event.DeadLetters(topic)); err != nil {
		t.Fatal(err)
	}
	c.AwaitTopic(t, event.DeadLetters(topic), partitions)
}

// start runs a consumer. The function ends it and waits until it has.
func start(t *testing.T, c *kafkatest.Cluster, config consume.Config) (*consume.Consumer, func()) {
	t.Helper()
	config.Open = opener(c.Brokers()...)
	config.Backoff = quick
	consumer, err := consume.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(ctx) }()
	var once sync.Once
	end := func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the consumer ended with %v", err)
			}
		})
	}
	t.Cleanup(end)
	return consumer, end
}

func eventually(t *testing.T, what string, cond func() (bool, string)) {
	t.Helper()
	kafkatest.Eventually(t, unhurried, what, cond)
}

// committed is the sum of a group's committed offsets.
func committed(t *testing.T, c *kafkatest.Cluster, group string) (sum int64) {
	t.Helper()
	offsets, err := c.Admin(t).FetchOffsets(t.Context(), group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return 0 // it hasn't joined yet
	}
	if err != nil {
		t.Fatal(err)
	}
	offsets.Each(func(o kadm.OffsetResponse) { sum += o.At })
	return sum
}

// groupType is "classic", or "consumer" for a group of KIP-848.
func groupType(t *testing.T, c *kafkatest.Cluster, group string) string {
	t.Helper()
	answer, err := kmsg.NewPtrListGroupsRequest().RequestWith(t.Context(), c.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range answer.Groups {
		if g.Group == group {
			return strings.ToLower(g.GroupType)
		}
	}
	return ""
}

func handledAll(consumer *consume.Consumer, n int64) func() (bool, string) {
	return func() (bool, string) {
		s := consumer.Stats()
		return s.Handled+s.DeadLettered == n, fmt.Sprintf("%+v", s)
	}
}

func TestEachAssignorHandlesAllInOrderAndCommitsItAtTheEnd(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, config := range map[string]consume.Config{
			"cooperative": {},
			"eager":       {Assignor: consume.Eager},
			"next-gen":    {Assignor: consume.NextGen},
			"static":      {InstanceID: "one"},
			"at-most":     {Semantics: consume.AtMostOnce},
		} {
			t.Run(name, func(t *testing.T) {
				topic := fill(t, c, 3, 300)
				var s seen
				config.Group, config.Topics = c.Name(t, "g"), []string{topic}
				config.Handle = func(_ context.Context, m consume.Message) error { s.add(m); return nil }
				consumer, end := start(t, c, config)
				eventually(t, "all to be handled", handledAll(consumer, 300))
				if kind := groupType(t, c, config.Group); (kind == "consumer") != (name == "next-gen") {
					t.Errorf("the group is of type %q", kind)
				}
				end()
				last := map[string]string{}
				for _, k := range s.all() {
					p, _, _ := strings.Cut(k, "/")
					if k <= last[p] {
						t.Errorf("%s came after %s", k, last[p])
					}
					last[p] = k
				}
				if n := committed(t, c, config.Group); n != 300 {
					t.Errorf("committed %d of 300", n)
				}
			})
		}
	})
}

func TestWhatFailsIsTriedThriceMoreThenDeadLettered(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 2, 20)
		deadLetterTopic(t, c, topic, 2)
		var s seen
		group := c.Name(t, "g")
		consumer, end := start(t, c, consume.Config{Group: group, Topics: []string{topic},
			Handle: func(_ context.Context, m consume.Message) error {
				s.add(m)
				if string(m.Record.Key) == "1/0007" {
					return fmt.Errorf("charge: %w", errDeclined)
				}
				return nil
			}})
		eventually(t, "all to be done with", handledAll(consumer, 20))
		end()
		tries := 0
		for _, k := range s.all() {
			if k == "1/0007" {
				tries++
			}
		}
		got := consumer.Stats()
		if tries != 4 || got.Handled != 19 || got.DeadLettered != 1 || got.Retried != 3 || got.Failed != 4 {
			t.Errorf("%d attempts, %+v", tries, got)
		}
		cl := c.Client(t, kgo.ConsumeTopics(event.DeadLetters(topic)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		letters := cl.PollRecords(t.Context(), 10).Records()
		if len(letters) != 1 || letters[0].Partition != 1 || string(letters[0].Key) != "1/0007" || string(letters[0].Value) != "v" {
			t.Fatalf("dead letters %v", letters)
		}
		if n := committed(t, c, group); n != 20 {
			t.Errorf("committed %d of 20", n)
		}
	})
}

func TestWhatCannotBeDecodedIsNeverTriedAgain(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, batch := range map[string]bool{"record by record": false, "in batches": true} {
			t.Run(name, func(t *testing.T) {
				topic := fill(t, c, 1, 10) // no JSON at all
				deadLetterTopic(t, c, topic, 1)
				config := consume.Config{Group: c.Name(t, "g"), Topics: []string{topic}, Codec: event.JSON{}}
				if batch {
					config.HandleBatch = func(context.Context, []consume.Message) error { return errDeclined }
				} else {
					config.Handle = func(context.Context, consume.Message) error { return errDeclined }
				}
				consumer, end := start(t, c, config)
				eventually(t, "all to be dead-lettered", handledAll(consumer, 10))
				end()
				if got := consumer.Stats(); got.DeadLettered != 10 || got.Retried != 0 {
					t.Errorf("%+v", got)
				}
			})
		}
	})
}

// forgetful is a codec that needs a registry which is down for so many questions.
type forgetful struct {
	event.JSON
	down *atomic.Int64
}

func (f forgetful) Decode(ctx context.Context, r *kgo.Record) (event.Event, error) {
	if f.down.Add(-1) >= 0 {
		return nil, &event.RegistryError{What: "decode", Err: errDeclined}
	}
	return f.JSON.Decode(ctx, r)
}

func TestARecordWaitsForTheRegistryThatKnowsItsSchema(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, batch := range map[string]bool{"record by record": false, "in batches": true} {
			t.Run(name, func(t *testing.T) {
				topic := c.Topic(t, 1)
				e := &event.OrderPlacedEvent{OrderID: "o-1"}
				record, err := event.NewRecord(t.Context(), event.JSON{}, topic, event.Envelope{ID: uuid.New(), Type: e.Type()}, e)
				if err != nil {
					t.Fatal(err)
				}
				c.Produce(t, record)
				down := new(atomic.Int64)
				down.Store(10)
				config := consume.Config{Group: c.Name(t, "g"), Topics: []string{topic}, Codec: forgetful{down: down}}
				if batch {
					config.HandleBatch = func(context.Context, []consume.Message) error { return nil }
				} else {
					config.Handle = func(context.Context, consume.Message) error { return nil }
				}
				consumer, end := start(t, c, config)
				eventually(t, "it to be handled", handledAll(consumer, 1))
				end()
				if got := consumer.Stats(); got.Handled != 1 || got.DeadLettered != 0 || got.Failed != 10 {
					t.Errorf("%+v", got)
				}
			})
		}
	})
}

func TestOnlyTheBlamedMessageOfABatchIsDeadLettered(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 1, 120)
		deadLetterTopic(t, c, topic, 1)
		group := c.Name(t, "g")
		consumer, end := start(t, c, consume.Config{Group: group, Topics: []string{topic},
			HandleBatch: func(_ context.Context, ms []consume.Message) error {
				for i, m := range ms {
					if string(m.Record.Key) == "0/0060" {
						return &consume.BatchError{Index: i, Err: errDeclined}
					}
				}
				return nil
			}})
		eventually(t, "all to be done with", handledAll(consumer, 120))
		end()
		if got := consumer.Stats(); got.DeadLettered != 1 || got.Handled != 119 || got.Retried != 3 {
			t.Errorf("%+v", got)
		}
		if n := committed(t, c, group); n != 120 {
			t.Errorf("committed %d of 120", n)
		}
	})
}

func TestNothingIsCommittedPastALetterThatCannotBeWritten(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 1, 10)
		group := c.Name(t, "g")
		consumer, _ := start(t, c, consume.Config{Group: group, Topics: []string{topic}, Retries: -1,
			Handle: func(_ context.Context, m consume.Message) error {
				if string(m.Record.Key) == "0/0004" {
					return errDeclined
				}
				return nil
			}})
		eventually(t, "the records before it to be committed", func() (bool, string) {
			n := committed(t, c, group)
			return n == 4, fmt.Sprint(n)
		})
		if got := consumer.Stats(); got.Handled != 4 || got.DeadLettered != 0 {
			t.Errorf("%+v", got)
		}
		deadLetterTopic(t, c, topic, 1)
		eventually(t, "the rest, now that the topic is there", handledAll(consumer, 10))
	})
}

func TestWithoutDeadLettersOnePartitionStandsStillAndOthersGoOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 2, 4000) // far more than may be in flight
		group := c.Name(t, "g")
		_, end := start(t, c, consume.Config{Group: group, Topics: []string{topic}, NoDeadLetters: true,
			Handle: func(_ context.Context, m consume.Message) error {
				if string(m.Record.Key) == "0/0010" {
					return errDeclined
				}
				return nil
			}})
		want := int64(5 + 2000)
		eventually(t, "the other partition to be done", func() (bool, string) {
			n := committed(t, c, group)
			return n == want, fmt.Sprint(n)
		})
		end()
		if n := committed(t, c, group); n != want {
			t.Errorf("committed %d, want %d", n, want)
		}
	})
}

func TestFetchingPausesAtAThousandInFlight(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, off := range map[string]bool{"with backpressure": false, "without": true} {
			t.Run(name, func(t *testing.T) {
				topic := fill(t, c, 2, 3000)
				release := make(chan struct{})
				consumer, _ := start(t, c, consume.Config{Group: c.Name(t, "g"), Topics: []string{topic}, NoBackpressure: off,
					Handle: func(context.Context, consume.Message) error { <-release; return nil }})
				if off {
					eventually(t, "all to be in flight", func() (bool, string) {
						s := consumer.Stats()
						return s.InFlight == 3000 && s.Pauses == 0, fmt.Sprintf("%+v", s)
					})
				} else {
					eventually(t, "a pause", func() (bool, string) {
						s := consumer.Stats()
						return s.Pauses == 1, fmt.Sprintf("%+v", s)
					})
					if n := consumer.Stats().InFlight; n < 1000 || n >= 1050 {
						t.Errorf("%d in flight", n)
					}
				}
				close(release)
				eventually(t, "all to be handled", handledAll(consumer, 3000))
			})
		}
	})
}

func TestAMemberThatJoinsTakesPartitionsAndNothingIsLost(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 6, 1200)
		var s seen
		config := consume.Config{Group: c.Name(t, "g"), Topics: []string{topic},
			Handle: func(ctx context.Context, m consume.Message) error {
				time.Sleep(time.Millisecond) // work
				s.add(m)
				return nil
			}}
		one, _ := start(t, c, config)
		eventually(t, "the first to work", func() (bool, string) { return one.Stats().Handled > 50, "" })
		_, endTwo := start(t, c, config)
		all := func() (bool, string) {
			distinct := map[string]bool{}
			for _, k := range s.all() {
				distinct[k] = true
			}
			return len(distinct) == 1200, fmt.Sprint(len(distinct))
		}
		eventually(t, "all records", all)
		endTwo()
	})
}

func TestAPanicIsAFailureLikeAnyOther(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := fill(t, c, 1, 2)
	deadLetterTopic(t, c, topic, 1)
	consumer, _ := start(t, c, consume.Config{Group: c.Name(t, "g"), Topics: []string{topic},
		Handle: func(context.Context, consume.Message) error { panic("nil map") }})
	eventually(t, "both to be dead-lettered", handledAll(consumer, 2))
}

func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := fill(t, c, 3, 3000)
		group := c.Name(t, "g")
		distinct := map[string]bool{}
		for kills := 0; len(distinct) < 3000; kills++ {
			if kills > 20 {
				t.Fatalf("%d of 3000 after %d lives", len(distinct), kills)
			}
			victim := exec.Command(os.Args[0])
			victim.Env = append(os.Environ(), victimEnv+"="+strings.Join([]string{strings.Join(c.Brokers(), ","), group, topic}, " "))
			out, err := victim.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			worked := 0
			for len(distinct) < 3000 && lines.Scan() {
				distinct[lines.Text()] = true
				if worked++; worked == 1100 && kills < 2 {
					break
				}
			}
			_ = victim.Process.Kill() // kill -9
			_ = victim.Wait()
		}
	})
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	handle := func(context.Context, consume.Message) error { return nil }
	for _, config := range []consume.Config{
		{Handle: handle},
		{Open: opener(), Group: "g", Topics: []string{"t"}},
		{Open: opener(), Group: "g", Topics: []string{"t"}, Handle: handle, HandleBatch: func(context.Context, []consume.Message) error { return nil }},
	} {
		if _, err := consume.New(config); err == nil {
			t.Errorf("%+v is taken", config)
		}
	}
}
