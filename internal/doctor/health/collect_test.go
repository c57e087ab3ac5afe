package health_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
)

// finding gives what a figure found of a group or topic; nil: nothing.
func finding(f *health.Figure, group, topic string) *health.Finding {
	for i := range f.Findings {
		if x := &f.Findings[i]; (group == "" || string(x.Group) == group) && (topic == "" || string(x.Topic) == topic) {
			return x
		}
	}
	return nil
}

func groupOf(t testing.TB, r *health.Report, name string) health.Group {
	t.Helper()
	for _, g := range r.Groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no group %q in %+v", name, r.Groups)
	return health.Group{}
}

func produce(t testing.TB, c *kafkatest.Cluster, topic string, n int, age time.Duration) {
	t.Helper()
	var recs []*kgo.Record
	for i := range n {
		recs = append(recs, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", i), Timestamp: time.Now().Add(-age)})
	}
	c.Produce(t, recs...)
}

func TestAnEmptyCluster(t *testing.T) {
	r := collect(t, kafkatest.Fake(t), health.Config{Limits: health.DefaultLimits})
	if r.Verdict != lag.OK || len(r.Groups)+len(r.Queues) != 0 {
		t.Errorf("%+v", r)
	}
	if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "there are no topics") }) {
		t.Errorf("notes %q, want that it is empty", r.Notes)
	}
}

func TestAClusterWithoutGroups(t *testing.T) {
	c := kafkatest.Fake(t)
	produce(t, c, c.Topic(t, 1), 1, 0)
	r := collect(t, c, health.Config{Limits: health.DefaultLimits, Window: 300 * time.Millisecond})
	if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "there are no groups") }) {
		t.Errorf("notes %q, want that nobody consumes", r.Notes)
	}
}

func TestAGroupBehind(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, name := c.Topic(t, 2), c.Name(t, "group")
		produce(t, c, topic, 30, time.Minute)
		c.Commit(t, name, topic, map[int32]int64{0: 5, 1: 0})
		limits := health.DefaultLimits
		limits.Lag = lag.Limits{Warn: 10, Critical: 20}
		config := health.Config{Limits: limits, Window: 1500 * time.Millisecond}
		config.Looked = func(done, _ int) {
			if done == 2 {
				produce(t, c, topic, 4, 0)
			}
		}
		r := collect(t, c, config)
		found := finding(figure(t, r, health.LagFigure), name, topic)
		if found == nil || found.Verdict != lag.Critical || found.Value != 29 || found.Partition != 0 {
			t.Errorf("%+v", found)
		}
		if g := groupOf(t, r, name); g.Lag != 29 || g.TimeLag < 55 {
			t.Errorf("%+v", g)
		}
		if r.Produced < 4 || len(r.History) < 2 || r.WindowSeconds != 1.5 {
			t.Errorf("produced %d in %s s, history %+v", r.Produced, r.WindowSeconds, r.History)
		}
		if first, last := r.History[0], r.History[len(r.History)-1]; !c.IsReal() && (first.Lag != 25 || last.Lag != 29) {
			t.Errorf("the lag went from %d to %d, want 25 to 29", first.Lag, last.Lag)
		}
	})
}

func TestNothingIsProduced(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	produce(t, c, topic, 1, 0)
	c.Commit(t, "g", topic, map[int32]int64{0: 1})
	r := collect(t, c, health.Config{Limits: health.DefaultLimits, Window: 300 * time.Millisecond})
	if r.Produced != 0 || !slices.Contains(r.Notes, "nothing was produced in the window into what groups read") {
		t.Errorf("%d, %q", r.Produced, r.Notes)
	}
}

func TestDeadLetters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		half := "1800000"
		fast, slow, quiet := letterTopic(t, c, 2, nil), letterTopic(t, c, 1, map[string]*string{"retention.ms": &half}), letterTopic(t, c, 1, nil)
		produce(t, c, fast, 11, 0)
		produce(t, c, slow, 2, 10*time.Minute)
		produce(t, c, slow, 3, 0)
		r := collect(t, c, health.Config{Limits: health.DefaultLimits})
		rates, expiries := figure(t, r, health.LettersFigure), figure(t, r, health.ExpiryFigure)
		if f := finding(rates, "", fast); f == nil || f.Verdict != lag.Critical || f.Value != 11 {
			t.Errorf("11 letters now: %+v", f)
		}
		if f := finding(rates, "", slow); f == nil || f.Verdict != lag.Warning || f.Value != 3 {
			t.Errorf("3 letters now, and 2 older: %+v", f)
		}
		if f := finding(expiries, "", slow); f == nil || f.Verdict != lag.Critical || f.Value > 20*60 || f.Value < 10*60 {
			t.Errorf("letters that have 20 minutes left: %+v", f)
		}
		if f := finding(expiries, "", fast); f != nil {
			t.Errorf("letters that have a week left: %+v", f)
		}
		if f := finding(rates, "", quiet); f != nil || finding(expiries, "", quiet) != nil {
			t.Errorf("an empty topic: %+v", f)
		}
	})
}

func TestLettersWithOldTimeStampsArrive(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := letterTopic(t, c, 1, nil)
		source := c.Topic(t, 1)
		c.Commit(t, c.Name(t, "group"), source, map[int32]int64{0: 0})
		config := health.Config{Limits: health.DefaultLimits, Window: 4 * time.Second}
		config.Looked = func(done, of int) {
			if done == of-1 { // by then the topic is found
				produce(t, c, topic, 10, 24*time.Hour)
			}
		}
		var f *health.Finding
		kafkatest.Eventually(t, time.Minute, "letters that arrive", func() (bool, string) {
			f = finding(figure(t, collect(t, c, config), health.LettersFigure), "", topic)
			return f != nil, "no finding"
		})
		if f.Verdict != lag.Critical || f.Value != 10 {
			t.Errorf("%+v", f)
		}
	})
}

func TestOpenTransactions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, id, name := c.Topic(t, 1), c.Name(t, "tx"), c.Name(t, "group")
		c.Commit(t, name, topic, map[int32]int64{0: 0})
		cl := c.Client(t, kgo.TransactionalID(id), kgo.DefaultProduceTopic(topic), kgo.TransactionTimeout(2*time.Minute))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord("held")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		limits := health.DefaultLimits
		limits.Transaction = time.Millisecond
		r := collect(t, c, health.Config{Limits: limits, Window: 300 * time.Millisecond})
		i := slices.IndexFunc(r.Transactions, func(x health.Transaction) bool { return string(x.ID) == id })
		if i < 0 {
			t.Fatalf("%+v", r.Transactions)
		}
		if x := r.Transactions[i]; x.Timeout != 120 || !(x.Age < 120) || !slices.Equal(x.Topics, []string{topic}) || !slices.Equal(x.Holds, []string{name}) {
			t.Errorf("%+v", x)
		}
		f := finding(figure(t, r, health.TransactFigure), name, topic)
		if f == nil || f.Verdict != lag.Warning || !strings.Contains(f.Next, "describe --transactional-id "+id) {
			t.Errorf("%+v", f)
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLatencyAndClocks(t *testing.T) {
	c := kafkatest.Real(t)
	topic, ahead := c.Topic(t, 2), c.Topic(t, 1)
	old, future := c.Name(t, "group"), c.Name(t, "group")
	produce(t, c, topic, 3, time.Minute)
	produce(t, c, ahead, 2, -10*time.Minute)
	c.Commit(t, old, topic, map[int32]int64{0: 3})
	c.Commit(t, future, ahead, map[int32]int64{0: 2})
	limits := health.DefaultLimits
	limits.MaxLatency = 30 * time.Second
	r := collect(t, c, health.Config{Limits: limits})
	latency := figure(t, r, health.LatencyFigure)
	if f := finding(latency, old, topic); f == nil || f.Verdict != lag.Critical || f.Value < 60 {
		t.Errorf("a record that was consumed after a minute: %+v", f)
	}
	f := finding(latency, future, "")
	if f == nil || f.Verdict != lag.Uncertain || f.Value.Known() || !strings.Contains(f.Evidence, "differ by up to") {
		t.Errorf("a record from the future: %+v", f)
	}
	if l := groupOf(t, r, future).Latency; l.Max.Known() || l.Ahead != 1 || l.ClocksDiffer < 500 {
		t.Errorf("%+v", l)
	}
}

func TestAGroupThatRebalances(t *testing.T) {
	c := kafkatest.Real(t)
	topic, name := c.Topic(t, 2), c.Name(t, "group")
	for range 5 { // each joins alone, and leaves
		cl := c.Client(t, kgo.ConsumerGroup(name), kgo.ConsumeTopics(topic))
		kafkatest.Eventually(t, time.Minute, "group "+name, func() (bool, string) {
			polling, enough := context.WithTimeout(t.Context(), 100*time.Millisecond)
			cl.PollFetches(polling)
			enough()
			groups, err := kadm.NewClient(cl).DescribeGroups(t.Context(), name)
			return err == nil && groups[name].State == "Stable", fmt.Sprintf("%+v %v", groups, err)
		})
		cl.Close()
	}
	r := collect(t, c, health.Config{Limits: health.DefaultLimits})
	f := finding(figure(t, r, health.RebalancesFigure), name, "")
	if f == nil || f.Verdict != lag.Warning || f.Value < 5 || r.Past == nil || !strings.Contains(f.Evidence, "in 1h") {
		t.Errorf("%+v, %q", f, r.PastProblem)
	}
}

func TestABrokerStops(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	adm, single := c.Admin(t), c.Name(t, "single")
	topic := c.Topic(t, 3)
	if _, err := adm.CreateTopic(t.Context(), 3, 1, nil, single); err != nil {
		t.Fatal(err)
	}
	config := health.Config{Limits: health.DefaultLimits}
	kafkatest.Eventually(t, 2*time.Minute, "three brokers that are well", func() (bool, string) {
		r := collect(t, c, config)
		return r.Replicas.Brokers == 3 && r.Replicas.Partitions >= 6 && r.Replicas.UnderReplicated+r.Replicas.Offline == 0, fmt.Sprintf("%+v", r.Replicas)
	})
	c.StopNode(t, 2)
	var r *health.Report
	kafkatest.Eventually(t, 2*time.Minute, "a broker less", func() (bool, string) {
		r = collect(t, c, config)
		under, offline := finding(figure(t, r, health.ReplicasFigure), "", topic), finding(figure(t, r, health.OfflineFigure), "", single)
		return under != nil && under.Value == 3 && offline != nil, fmt.Sprintf("%+v", r.Replicas)
	})
	under, offline := finding(figure(t, r, health.ReplicasFigure), "", topic), finding(figure(t, r, health.OfflineFigure), "", single)
	if under.Verdict != lag.Critical || !strings.Contains(under.Evidence, "broker 3 is not in sync") {
		t.Errorf("%+v", under)
	}
	if offline.Verdict != lag.Critical || offline.Value != 1 || r.Verdict != lag.Critical {
		t.Errorf("%+v", offline)
	}
	// What the finding sends to exists, and shows the same.
	words := strings.Fields(under.Next)[3:]
	if out := c.Tool(t, "org.apache.kafka.tools.TopicCommand", append(words, "--bootstrap-server", c.Brokers()[0])...); !strings.Contains(out, topic) {
		t.Errorf("%q shows\n%s", under.Next, out)
	}
}

// slowLetters finds only what has a telling name in time.
type slowLetters struct{}

func (slowLetters) Find(ctx context.Context, req dlq.FindRequest) (*dlq.Found, error) {
	if !req.Named {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &dlq.Found{Queues: []dlq.Queue{{Topic: "a.DLQ"}}, Notes: []string{"about Connect"}}, nil
}

func TestALongSearchForDeadLettersEndsWithTheWindow(t *testing.T) {
	c := kafkatest.Fake(t)
	r, err := health.Collect(t.Context(), health.Sources{Client: c.Client(t), Letters: slowLetters{}}, health.Config{Window: 300 * time.Millisecond, Limits: health.DefaultLimits})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Queues) != 1 || r.Queues[0].Topic != "a.DLQ" || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "only looked for by name") }) {
		t.Errorf("%+v, %q", r.Queues, r.Notes)
	}
}

func (slowLetters) Read(context.Context, dlq.Query, func(*dlq.Letter) error) (*dlq.ReadResult, error) {
	return nil, errors.New("nobody has any")
}

// silentLetters never answers.
type silentLetters struct{ slowLetters }

func (silentLetters) Find(ctx context.Context, _ dlq.FindRequest) (*dlq.Found, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Nobody bounds the context here: each question is bounded by itself.
func TestWhatHangsCostsItsOwnAnswerOnly(t *testing.T) {
	c := kafkatest.Fake(t)
	topic, name := c.Topic(t, 1), c.Name(t, "group")
	produce(t, c, topic, 3, 0)
	c.Commit(t, name, topic, map[int32]int64{0: 1})
	released, kfake := make(chan struct{}), c.Kfake()
	t.Cleanup(func() { close(released) })
	kfake.ControlKey(int16(kmsg.ListTransactions), func(kmsg.Request) (kmsg.Response, error, bool) {
		kfake.KeepControl()
		kfake.SleepControl(func() { <-released })
		return nil, nil, false
	})
	r, err := health.Collect(t.Context(), health.Sources{Client: c.Client(t), Letters: silentLetters{}},
		health.Config{Limits: health.DefaultLimits, History: -1, Timeout: 4 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	health.Judge(r, health.DefaultLimits, health.Commands{})
	if g := groupOf(t, r, name); g.Lag != 2 {
		t.Errorf("%+v", g)
	}
	for _, of := range []health.Name{health.LettersFigure, health.TransactFigure} {
		if f := figure(t, r, of); f.Verdict != lag.Uncertain || f.Reason == "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestWhatIsNotKnownIsNotWell(t *testing.T) {
	c := kafkatest.Fake(t)
	r, err := health.Collect(t.Context(), health.Sources{Client: c.Client(t)}, health.Config{Limits: health.DefaultLimits})
	if err != nil {
		t.Fatal(err)
	}
	health.Judge(r, health.DefaultLimits, health.Commands{})
	if f := figure(t, r, health.LettersFigure); f.Verdict != lag.Uncertain || f.Reason == "" || r.Verdict != lag.Uncertain {
		t.Errorf("%+v", f)
	}
}
