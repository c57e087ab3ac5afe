package exactly_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

const replayID = "evtctl-replay-id"

// broken is a ledger that fails where a crash could be.
type broken struct {
	*ledger.Book
	intents, entries error
}

func (b *broken) Intents(about []exactly.Done) ([]*kgo.Record, error) {
	if b.intents != nil {
		return nil, b.intents
	}
	return b.Book.Intents(about)
}

func (b *broken) Entries(done []exactly.Done) ([]*kgo.Record, error) {
	if b.entries != nil {
		return nil, b.entries
	}
	return b.Book.Entries(done)
}

func TestAtLeastOnceLooksForWhatIsInDoubtBeforeItSendsAgain(t *testing.T) {
	crash := errors.New("crash")
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		j := newJob(t, c, 3)
		run := func(l exactly.IntentLedger, n int) (*exactly.Receipt, error) {
			return exactly.AtLeastOnce(t.Context(), j.config(), l, replayID, exactly.Items(j.letters(0, n)...))
		}
		if _, err := run(&broken{Book: j.book, intents: crash}, 10); !errors.Is(err, crash) {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name             string
			entries          error
			letters          int
			written, skipped int64
		}{
			{"crashed between the records and the entries", crash, 10, 0, 0},
			{"run again, with more", nil, 25, 25, 0},
			{"run again", nil, 25, 0, 25},
			{"crashed again", crash, 40, 0, 25},
			{"run again after that", nil, 50, 25, 25},
		} {
			j.renew(t)
			receipt, err := run(&broken{Book: j.book, entries: step.entries}, step.letters)
			if !errors.Is(err, step.entries) || receipt.Written != step.written || receipt.Skipped != step.skipped {
				t.Errorf("%s: %+v, %v", step.name, receipt, err)
			}
		}
		// The audit topic has the intents too; what counts is that each is done once.
		j.verify(t, 50)
	})
}

func TestAtLeastOnceNeedsNoPermissionForTheTransactionalID(t *testing.T) {
	s := kafkatest.Secured(t)
	j := newJob(t, s.Cluster, 1)
	for _, topic := range []string{j.target, ledger.Topic, ledger.AuditTopic} {
		s.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationWrite)
	}
	cfg := j.config()
	cfg.Client = []kgo.Opt{kgo.SeedBrokers(s.Listener(kafkatest.SASLPlaintext)),
		kgo.SASL(plain.Auth{User: kafkatest.Alice, Pass: kafkatest.Password(kafkatest.Alice)}.AsMechanism())}
	receipt, err := exactly.AtLeastOnce(t.Context(), cfg, j.book, replayID, exactly.Items(j.letters(0, 10)...))
	if err != nil || receipt.Written != 10 {
		t.Errorf("%+v, %v", receipt, err)
	}
	j.verify(t, 10)
}
