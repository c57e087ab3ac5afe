package exactly_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestWithTooFewReplicasInSyncItEndsAndSaysSoAndGoesOnLater(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	j := newJob(t, c, 1, "min.insync.replicas=3")
	j.run(t, j.letters(0, 10))
	j.verify(t, 10) // the commit is visible, with all replicas
	c.KillNode(t, 2)
	kafkatest.Eventually(t, time.Minute, "the killed node to be missed", func() (bool, string) {
		topics, err := c.Admin(t).ListTopics(t.Context(), j.target)
		return err == nil && len(topics[j.target].Partitions[0].ISR) == 2, fmt.Sprint(err)
	})
	j.renew(t)
	cfg := j.config()
	cfg.Stall = 3 * time.Second
	began := time.Now()
	receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 20)...))
	var stalled *exactly.StalledError
	if !errors.As(err, &stalled) || !slices.Equal(stalled.Shortages, []string{j.target + ":0 has 2 of 3"}) {
		t.Errorf("it ended with %v, want to hear of the missing replica", err)
	}
	if receipt.Written != 0 || receipt.Skipped != 10 || !receipt.Interrupted || time.Since(began) > 20*time.Second {
		t.Errorf("after %s the receipt is %+v", time.Since(began), receipt)
	}
	c.StartNode(t, 2)
	if receipt, _ := j.run(t, j.letters(0, 20)); receipt.Written != 10 || receipt.Skipped != 10 {
		t.Errorf("later the receipt is %+v", receipt)
	}
	j.verify(t, 20)
}

func TestATransactionThatTookTooLongIsWrittenAgainWhenNobodyElseTookOver(t *testing.T) {
	c := kafkatest.Real(t) // the fake doesn't end transactions by itself
	j := newJob(t, c, 1)
	cfg := j.config()
	cfg.TransactionTimeout = time.Second
	adm := c.Admin(t)
	cfg.Ledger = &slow{Ledger: cfg.Ledger, wait: func() {
		kafkatest.Eventually(t, soon, "the coordinator to end the transaction", func() (bool, string) {
			d, err := adm.DescribeTransactions(t.Context(), cfg.TransactionalID)
			state := d[cfg.TransactionalID].State
			return state == "CompleteAbort", fmt.Sprint(state, err)
		})
	}}
	receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 10)...))
	if err != nil || receipt.Written != 10 || receipt.Recoveries != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	j.verify(t, 10)
}

// slow is a ledger whose first entries take their time.
type slow struct {
	exactly.Ledger
	wait func()
}

func (s *slow) Entries(done []exactly.Done) ([]*kgo.Record, error) {
	if s.wait != nil {
		s.wait()
		s.wait = nil
	}
	return s.Ledger.Entries(done)
}

func TestATransactionalIDThatIsNotPermittedIsAnErrorOfItsOwn(t *testing.T) {
	s := kafkatest.Secured(t)
	j := newJob(t, s.Cluster, 1)
	cfg := j.config()
	cfg.Client = []kgo.Opt{kgo.SeedBrokers(s.Listener(kafkatest.SASLPlaintext)),
		kgo.SASL(plain.Auth{User: kafkatest.Alice, Pass: kafkatest.Password(kafkatest.Alice)}.AsMechanism())}
	_, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 1)...))
	var refused *exactly.NotPermittedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), "at-least-once") {
		t.Errorf("alice, who may only read, gets %v", err)
	}
	s.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTransactionalId, j.source.TransactionalID(), kmsg.ACLOperationWrite)
	s.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTransactionalId, j.source.TransactionalID()+exactly.SecondSuffix, kmsg.ACLOperationWrite)
	j.renew(t)
	cfg.Ledger = j.book
	receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 10)...))
	if err != nil || receipt.Failed != 10 {
		t.Errorf("without permission for the topic: %+v, %v", receipt, err)
	}
	s.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTopic, j.target, kmsg.ACLOperationWrite)
	_, err = exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 10)...))
	if err == nil || !strings.Contains(err.Error(), "entry to topic \"evtctl.dlq.") {
		t.Errorf("without permission for the ledger it ends with %v", err)
	}
}

func TestALedgerDeletedWhileRunningEndsTheRun(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		if c.IsReal() {
			c = kafkatest.RealNodes(t, 1) // others need the shared one's ledger
		}
		j := newJob(t, c, 1)
		cfg := j.config()
		cfg.MaxRecords, cfg.Stall = 10, 5*time.Second
		deleted := false
		cfg.Report = func(exactly.Result) {
			if !deleted {
				deleted = true
				deleteTopic(t, c.Admin(t), ledger.Topic)
			}
		}
		receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 100)...))
		if err == nil || receipt.Written > 30 {
			t.Errorf("%+v, %v", receipt, err)
		}
		t.Log(err)
		if _, err := ledger.Create(t.Context(), c.Client(t)); err == nil || !strings.Contains(err.Error(), "was deleted") {
			t.Errorf("the next run finds: %v", err)
		}
	})
}

// A broker that is killed between the request for a producer id and its first answer
// looks like one that wants other credentials.
func TestABrokerThatEndsBeforeItsFirstAnswerIsAskedAgain(t *testing.T) {
	c := kafkatest.Fake(t)
	j := newJob(t, c, 1)
	var asked atomic.Int64
	c.Kfake().ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		return nil, errors.New("the connection is closed"), asked.Add(1) <= 3
	})
	if receipt, _ := j.run(t, j.letters(0, 10)); receipt.Written != 10 || asked.Load() < 4 {
		t.Errorf("asked %d times: %+v", asked.Load(), receipt)
	}
	j.verify(t, 10)
}

// TestKilledBrokersLoseAndDoubleNothing belongs to "make chaos": three nodes take more
// than their share of a small machine.
func TestKilledBrokersLoseAndDoubleNothing(t *testing.T) {
	if !*chaos {
		t.Skipf("%s: killing brokers takes minutes; make chaos does it", kafkatest.LeftOut)
	}
	const letters, kills = 50_000, 5
	random := chance(t)
	c := kafkatest.RealNodes(t, 3)
	j := newJob(t, c, 3, "min.insync.replicas=2")
	o := j.order(letters)
	o.Rate = 1000
	kafkatest.KillBrokers(t, c, random, kills, func() *kafkatest.Child { return startReplay(t, o) })
	j.finish(t, letters)
	j.verify(t, letters)
}
