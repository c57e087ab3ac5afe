package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
)

// join joins a group and reads until the test ends. It waits until the group is as wanted.
func join(t *testing.T, c *kafkatest.Cluster, group, topic string, opts ...kgo.Opt) {
	t.Helper()
	cl := c.Client(t, append([]kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.AutoCommitInterval(100 * time.Millisecond),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.Balancers(kgo.CooperativeStickyBalancer()),
	}, opts...)...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cl.PollFetches(ctx)
		}
	}()
	t.Cleanup(sync.OnceFunc(func() { cancel(); <-done; cl.Close() }))
	look := c.Client(t)
	kafkatest.Eventually(t, 60*time.Second, "group "+group, func() (bool, string) {
		r, err := lag.Collect(t.Context(), look, lag.Request{Groups: []string{group}})
		return err == nil && r.Groups[0].State == "Stable" && r.Groups[0].Members > 0, "not stable"
	})
}

func record(topic string, partition int32, key, value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value), Timestamp: time.Now()}
	if key != "" {
		r.Key = []byte(key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

// diagnose looks for a second and gives the causes.
func diagnose(t *testing.T, c *kafkatest.Cluster, req doctor.Request) *doctor.Diagnosis {
	t.Helper()
	dialects, err := dlq.NewDialects()
	if err != nil {
		t.Fatal(err)
	}
	if req.Window == 0 {
		req.Window = time.Second
	}
	cl := c.Client(t)
	d, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: cl, Letters: &dlq.Reader{Client: cl, Dialects: dialects}}, req)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func expect(t *testing.T, d *doctor.Diagnosis, evidence string, causes ...doctor.Cause) {
	t.Helper()
	var got []doctor.Cause
	all := ""
	for _, f := range d.Findings {
		got = append(got, f.Cause)
		all += f.Summary + "\n" + strings.Join(f.Evidence, "\n") + "\n"
	}
	if !slices.Equal(got, causes) {
		t.Errorf("causes %v, want %v\n%s", got, causes, all)
	}
	if !strings.Contains(all, evidence) {
		t.Errorf("no %q in\n%s", evidence, all)
	}
}

func TestWhatRecordsShow(t *testing.T) {
	for name, x := range map[string]struct {
		records  []*kgo.Record // of no topic yet
		request  doctor.Request
		evidence string
		causes   []doctor.Cause
	}{
		"one key in two partitions": {
			[]*kgo.Record{record("", 0, "a", "{}"), record("", 1, "a", "{}")}, doctor.Request{},
			"partitions were added, or producers partition differently", []doctor.Cause{doctor.ScatteredKeys},
		},
		"one order under two keys": {
			[]*kgo.Record{record("", 0, "a", `{"order": 7}`), record("", 1, "b", `{"order": 7}`), record("", 1, "c", `{"order": 8}`)}, doctor.Request{EntityField: "order"},
			"they have different keys", []doctor.Cause{doctor.ScatteredKeys},
		},
		"an order by its header": {
			[]*kgo.Record{record("", 0, "a", "x", "order", "7"), record("", 1, "b", "y", "order", "7")}, doctor.Request{EntityHeader: "order"},
			`7: `, []doctor.Cause{doctor.ScatteredKeys},
		},
		"some records without a key": {
			[]*kgo.Record{record("", 0, "a", "{}"), record("", 1, "", "{}")}, doctor.Request{},
			"1 record of topic", []doctor.Cause{doctor.NullKeys},
		},
		"no keys at all, and nothing says what they are about": {
			[]*kgo.Record{record("", 0, "", "{}"), record("", 1, "", "{}")}, doctor.Request{}, "", nil,
		},
		"an event twice": {
			[]*kgo.Record{record("", 0, "a", "{}", "event-id", "1"), record("", 0, "a", "{}", "event-id", "1")}, doctor.Request{},
			"is the same event as", []doctor.Cause{doctor.DuplicateEvents},
		},
		"a refund before its charge": {
			[]*kgo.Record{record("", 0, "a", "{}", "event-type", "Refunded"), record("", 0, "a", "{}", "event-type", "Charged")},
			doctor.Request{Lifecycle: []string{"Charged", "Refunded"}},
			"for 1 entity Refunded comes before Charged", []doctor.Cause{doctor.OutOfOrder},
		},
		"a charge before its refund": {
			[]*kgo.Record{record("", 0, "a", "{}", "event-type", "Charged"), record("", 0, "a", "{}", "event-type", "Refunded")},
			doctor.Request{Lifecycle: []string{"Charged", "Refunded"}}, "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				topic, group := c.Topic(t, 2), c.Name(t, "group")
				for _, r := range x.records { // one after the other: in one batch they would have one time
					copied := *r
					copied.Topic, copied.Timestamp = topic, time.Now()
					c.Produce(t, &copied)
				}
				join(t, c, group, topic)
				x.request.Topic = topic
				expect(t, diagnose(t, c, x.request), x.evidence, x.causes...)
			})
		})
	}
}

func TestRecordsOlderThanThoseBefore(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		old := record(topic, 0, "a", "{}")
		old.Timestamp = old.Timestamp.Add(-time.Minute)
		c.Produce(t, record(topic, 0, "a", "{}"))
		c.Produce(t, old)
		join(t, c, group, topic)
		expect(t, diagnose(t, c, doctor.Request{Topic: topic}), "is older than", doctor.OutOfOrder)
	})
}

func TestAnEmptyTopicIsNoFinding(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		d := diagnose(t, c, doctor.Request{Topic: c.Topic(t, 1)})
		expect(t, d, "")
		if !slices.ContainsFunc(d.Advice, func(f doctor.Finding) bool { return f.Cause == doctor.NothingWritten }) {
			t.Errorf("%+v", d.Advice)
		}
	})
}

func TestAnOpenTransactionIsNamed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		c.Produce(t, record(topic, 0, "a", "{}"))
		join(t, c, group, topic, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		id := c.Name(t, "tx")
		writer := c.Client(t, kgo.TransactionalID(id), kgo.TransactionTimeout(5*time.Minute))
		if err := writer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := writer.ProduceSync(t.Context(), record(topic, 0, "b", "{}")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		look := c.Client(t)
		kafkatest.Eventually(t, 60*time.Second, "the group to have read what it can", func() (bool, string) {
			r, err := lag.Collect(t.Context(), look, lag.Request{Groups: []string{group}})
			return err == nil && r.Groups[0].Partitions[0].Committed == 1, "not yet"
		})
		expect(t, diagnose(t, c, doctor.Request{Topic: topic}), id, doctor.OpenTransaction)
		if err := writer.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRecordsThatWereDeletedUnread(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		for range 4 {
			c.Produce(t, record(topic, 0, "a", "{}"))
		}
		c.Commit(t, group, topic, map[int32]int64{0: 1})
		var before kadm.Offsets
		before.AddOffset(topic, 0, 3, -1)
		if _, err := c.Admin(t).DeleteRecords(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		expect(t, diagnose(t, c, doctor.Request{Topic: topic}), "begins at offset 3, and it stands at 1", doctor.NoConsumer, doctor.LostRecords)
	})
}

func TestRetentionThatIsShorterThanTheLag(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1, "retention.ms=3600000"), c.Name(t, "group")
		old := record(topic, 0, "a", "{}")
		old.Timestamp = old.Timestamp.Add(-55 * time.Minute)
		c.Produce(t, old)
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		expect(t, diagnose(t, c, doctor.Request{Topic: topic}), "keeps records for 1h0m0s", doctor.NoConsumer, doctor.ExpiringLag)
	})
}

func TestLettersThatNobodyReads(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		dead := topic + ".DLQ"
		if _, err := c.Admin(t).CreateTopic(t.Context(), 1, 1, nil, dead); err != nil {
			t.Fatal(err)
		}
		c.AwaitTopic(t, dead, 1)
		c.Produce(t, record(topic, 0, "a", "{}"))
		c.Produce(t, record(dead, 0, "a", "{}", "kafka_dlt-original-topic", topic, "kafka_dlt-exception-message", "no such article"))
		join(t, c, group, topic)
		d := diagnose(t, c, doctor.Request{Topic: topic})
		expect(t, d, "no such article", doctor.DeadLetters, doctor.UnreadLetters)
	})
}

func TestABrokerThatDoesNotAnswer(t *testing.T) {
	// The cluster isn't to do without the broker before it was looked at: the first
	// question may be asked of the very one that hangs.
	c := kafkatest.RealNodes(t, 3, kafkatest.WithConfig("broker.session.timeout.ms=120000"))
	topic := c.Topic(t, 3)
	c.Produce(t, record(topic, 0, "a", "{}"))
	const limit = 3 * time.Second
	cl := c.Client(t, kgo.RequestTimeoutOverhead(limit), kgo.RetryTimeout(limit))
	if _, err := c.Admin(t).BrokerMetadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.PauseNode(t, 2)
	defer c.ResumeNode(t, 2)
	d, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: cl}, doctor.Request{Topic: topic, Window: time.Second, Timeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Findings) == 0 || d.Findings[0].Cause != doctor.Unreachable || !strings.Contains(d.Findings[0].Summary, "1 of 3 brokers") {
		t.Errorf("%+v", d.Findings)
	}
}

// A Java consumer commits where it begins, also when it has read nothing: nobody can tell
// from outside whether it has read what was there before, and nobody claims it.
func TestAGroupThatCommittedBeforeItReadIsNotCalledWell(t *testing.T) {
	c := kafkatest.Real(t)
	topic, group := c.Topic(t, 1), c.Name(t, "group")
	c.Produce(t, record(topic, 0, "a", "{}"), record(topic, 0, "b", "{}"))
	c.ToolExit(t, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", c.Brokers()[0], "--topic", topic,
		"--group", group, "--timeout-ms", "7000", "--consumer-property", "auto.offset.reset=latest")
	join(t, c, group, topic)
	d := diagnose(t, c, doctor.Request{Topic: topic})
	expect(t, d, "")
	answers := d.Patients[0].Answers
	at := slices.IndexFunc(answers, func(a doctor.Answer) bool { return a.Question == doctor.InTime })
	if at < 0 || answers[at].Says != doctor.Unsure {
		t.Fatalf("%+v", answers)
	}
	for _, want := range []string{
		"behind 2 records from before", "auto.offset.reset=latest", "Not known: whether it has read them",
		`"Resetting offset for partition ` + topic + `-0"`, topic + ":0:1, the newest of them",
	} {
		if !strings.Contains(answers[at].Evidence, want) {
			t.Errorf("no %q in %s", want, answers[at].Evidence)
		}
	}
	want := []shell.Command{{"trace", "b", "--since", "start"}, {"replay", "reset", "--from-group", group, "--in-place", "--topic", topic, "--to", "start"}}
	if diff := cmp.Diff(want, d.Patients[0].Commands); diff != "" {
		t.Error(diff)
	}
}

func TestWhatThisUserMayNotSee(t *testing.T) {
	c := kafkatest.Secured(t)
	topic, group := c.Topic(t, 1), c.Name(t, "group")
	c.Produce(t, record(topic, 0, "a", "{}"), record(topic, 0, "b", "{}"))
	c.Commit(t, group, topic, map[int32]int64{0: 1})
	bob := "User:" + kafkatest.Bob
	c.Allow(t, bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationRead)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Listener(kafkatest.SASLPlaintext)),
		kgo.SASL(plain.Auth{User: kafkatest.Bob, Pass: kafkatest.Password(kafkatest.Bob)}.AsMechanism()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	d, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: cl}, doctor.Request{Topic: topic, Window: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	// It reads the records, and claims nothing of groups that it can't see.
	if d.Records != 2 || d.Verdict() > lag.Uncertain {
		t.Errorf("%d records, %+v", d.Records, d.Findings)
	}
	unknown := strings.Join(d.Unknown, "\n")
	for _, want := range []string{"settings of topic", "__consumer_offsets"} {
		if !strings.Contains(unknown, want) {
			t.Errorf("nothing is said of %q:\n%s", want, unknown)
		}
	}
}

func TestNamesThatNobodyHas(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		cl := c.Client(t)
		_, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: cl}, doctor.Request{Topic: "nowhere"})
		var missing *lag.TopicNotFoundError
		if !errors.As(err, &missing) {
			t.Errorf("%v", err)
		}
		_, err = doctor.Diagnose(t.Context(), doctor.Sources{Client: cl}, doctor.Request{Group: "nobody"})
		var nobody *lag.GroupsNotFoundError
		if !errors.As(err, &nobody) {
			t.Errorf("%v", err)
		}
	})
}

// ledgerOf is an application's database with these orders.
type ledgerOf []string

func (l ledgerOf) Orders(_ context.Context, visit func(string) error) error {
	for _, id := range l {
		if err := visit(id); err != nil {
			return err
		}
	}
	return nil
}

func TestTheDatabaseAndTheTopicAreCompared(t *testing.T) {
	for name, x := range map[string]struct {
		orders   ledgerOf
		evidence string
		causes   []doctor.Cause
	}{
		"they agree":              {ledgerOf{"1", "2"}, "", nil},
		"an order without events": {ledgerOf{"1", "2", "3"}, "1 order has no event", []doctor.Cause{doctor.DualWrite}},
		"events without an order": {ledgerOf{"1"}, "events of orders that aren't in the database: 2 (", []doctor.Cause{doctor.DualWrite}},
	} {
		t.Run(name, func(t *testing.T) {
			kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
				topic, group := c.Topic(t, 1), c.Name(t, "group")
				c.Produce(t, record(topic, 0, "a", `{"order": "1"}`))
				c.Produce(t, record(topic, 0, "b", `{"order": "2"}`))
				join(t, c, group, topic)
				d, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: c.Client(t), Books: x.orders}, doctor.Request{Topic: topic, EntityField: "order", Window: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				expect(t, d, x.evidence, x.causes...)
			})
		})
	}
}

func advises(d *doctor.Diagnosis, cause doctor.Cause) bool {
	return slices.ContainsFunc(d.Advice, func(f doctor.Finding) bool { return f.Cause == cause })
}

func TestAdviceIsNoFinding(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 2), c.Name(t, "group")
		c.Produce(t, record(topic, 0, "a", "{}"))
		for range 2 {
			join(t, c, group, topic, kgo.Balancers(kgo.RangeBalancer()))
		}
		var d *doctor.Diagnosis
		kafkatest.Eventually(t, 60*time.Second, "both members to be seen", func() (bool, string) {
			d = diagnose(t, c, doctor.Request{Topic: topic})
			return advises(d, doctor.EagerAssignor) && len(d.Findings) == 0, fmt.Sprintf("%+v", d.Findings)
		})
		if !advises(d, doctor.NewProtocol) {
			t.Errorf("these brokers know KIP-848, and nobody says so: %+v", d.Advice)
		}
		// Of three replicas, as the fake has them, one is enough to write; a lone broker can't
		// have more.
		if got := advises(d, doctor.ThinWrites); got == c.IsReal() {
			t.Errorf("a risk of replication is told of: %v", got)
		}
	})
}

func TestABrokerThatHangsIsToldAndNotWaitedForLong(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 3)
	c.Produce(t, record(topic, 0, "a", "{}"))
	released := make(chan struct{})
	defer close(released)
	cl := c.Client(t)
	if err := cl.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Kfake().ControlKey(int16(kmsg.ListGroups), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		<-released
		return nil, nil, false
	})
	began := time.Now()
	_, err := doctor.Diagnose(t.Context(), doctor.Sources{Client: cl}, doctor.Request{Topic: topic, Window: time.Second, Timeout: 2 * time.Second})
	if took := time.Since(began); err == nil || took > time.Minute {
		t.Errorf("%v after %s", err, took)
	}
}
