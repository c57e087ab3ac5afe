package health_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
)

// transactions writes a record in each of so many, and ends them. Each leaves a marker.
func transactions(t *testing.T, c *kafkatest.Cluster, topic string, n int, how kgo.TransactionEndTry) {
	t.Helper()
	cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.DefaultProduceTopic(topic))
	for range n {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord("letter")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := cl.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	adm := c.Admin(t)
	kafkatest.Eventually(t, time.Minute, "the last transaction's end", func() (bool, string) {
		ends, err := adm.ListEndOffsets(t.Context(), topic)
		if err != nil {
			return false, err.Error()
		}
		stable, err := adm.ListCommittedOffsets(t.Context(), topic)
		if err != nil {
			return false, err.Error()
		}
		end, _ := ends.Lookup(topic, 0)
		last, _ := stable.Lookup(topic, 0)
		return end.Offset == last.Offset && end.Offset >= int64(2*n), "it is still open"
	})
}

func queueOf(t *testing.T, r *health.Report, topic string) health.Queue {
	t.Helper()
	for _, q := range r.Queues {
		if q.Topic == topic {
			return q
		}
	}
	t.Fatalf("no queue %q in %+v", topic, r.Queues)
	return health.Queue{}
}

func TestMarkersOfTransactionsAreNoLetters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		day := "86400000"
		few, none := letterTopic(t, c, 1, map[string]*string{"retention.ms": &day}), letterTopic(t, c, 1, map[string]*string{"retention.ms": &day})
		limits := health.DefaultLimits
		limits.WarnLetters.Letters, limits.WarnExpiry = 5, 48*time.Hour
		tally := new(health.Tally)
		config := health.Config{Limits: limits, History: -1, Tally: tally}
		if q := queueOf(t, collect(t, c, config), few); q.Tallied != 0 {
			t.Errorf("before the first letter: %+v", q)
		}
		transactions(t, c, few, 4, kgo.TryCommit)
		transactions(t, c, few, 8, kgo.TryAbort)
		transactions(t, c, none, 12, kgo.TryAbort)
		r := collect(t, c, config)
		q := queueOf(t, r, few)
		if q.Written != 24 || q.Letters != 4 || !q.Exact || !q.Counted || q.Recent[0].Letters != 4 || q.Recent[1].Letters != 4 || q.Tallied != 4 {
			t.Errorf("four letters among 24 offsets: %+v", q)
		}
		rates, expiries := figure(t, r, health.LettersFigure), figure(t, r, health.ExpiryFigure)
		for _, topic := range []string{few, none} {
			if f := finding(rates, "", topic); f != nil {
				t.Errorf("markers alone are over the limits: %+v", f)
			}
		}
		if q := queueOf(t, r, none); q.Letters != 0 || q.Tallied != 0 || finding(expiries, "", none) != nil {
			t.Errorf("nothing but aborted letters: %+v", q)
		}
		transactions(t, c, few, 2, kgo.TryCommit)
		r = collect(t, c, config)
		if f := finding(figure(t, r, health.LettersFigure), "", few); f == nil || f.Verdict != lag.Warning || f.Value != 6 || queueOf(t, r, few).Tallied != 6 {
			t.Errorf("six letters: %+v, %+v", f, queueOf(t, r, few))
		}
	})
}

func TestVeryManyLettersAreNotRead(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := letterTopic(t, c, 1, nil)
	produce(t, c, topic, 10_001, 0)
	q := queueOf(t, collect(t, c, health.Config{Limits: health.DefaultLimits, History: -1}), topic)
	if q.Counted || q.Exact || q.Recent[1].Letters != 10_001 || q.Letters != 10_001 {
		t.Errorf("%+v", q)
	}
}

// Nobody reads behind an open transaction: that is no reason to say that nothing is there.
func TestLettersBehindAnOpenTransactionAreNotTakenForNone(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := letterTopic(t, c, 1, nil)
		cl := c.Client(t, kgo.TransactionalID(c.Name(t, "tx")), kgo.DefaultProduceTopic(topic))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord("of a transaction")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		produce(t, c, topic, 12, 0)
		r := collect(t, c, health.Config{Limits: health.DefaultLimits, History: -1})
		q := queueOf(t, r, topic)
		if q.Counted || q.Exact || q.Recent[0].Letters < 12 || q.Letters < 12 {
			t.Errorf("12 letters behind an open transaction: %+v", q)
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

// A long window with too many letters to read doesn't cost the short one its exactness.
func TestAShortWindowIsCountedBesideALongOneThatIsNot(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := letterTopic(t, c, 1, nil)
	produce(t, c, topic, 10_001, 2*time.Hour)
	transactions(t, c, topic, 6, kgo.TryCommit)
	limits := health.DefaultLimits
	limits.WarnLetters.Window = 24 * time.Hour
	q := queueOf(t, collect(t, c, health.Config{Limits: limits, History: -1}), topic)
	if q.Counted || q.Recent[0].Letters != 6 || q.Recent[1].Letters != 10_013 {
		t.Errorf("%+v", q)
	}
}
