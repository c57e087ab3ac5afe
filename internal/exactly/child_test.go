package exactly_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// childOrder is set for a copy of the test binary that is to be a replay in a process
// of its own, so that it can be killed and stopped.
const childOrder = "EVTCTL_TEST_REPLAY"

// order tells such a process what to do.
type order struct {
	Brokers    []string
	TopicID    [16]byte // of the DLQ
	Target     string
	TxnID      string
	Letters    int // all there are
	Every      int // of those, each whose number is Start modulo Every
	Start      int
	Size       int // of a value
	MaxRecords int
	Rate       float64
	// Aside writes the ledger's entries after the commit, as programs do that know no
	// better: the guarantee is switched off.
	Aside bool
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childOrder); text != "" {
		os.Exit(beReplay(text))
	}
	os.Exit(m.Run())
}

// beReplay says "reading" when the ledger was read, "writing" after each transaction,
// and at last what came of it.
func beReplay(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Println("outcome:", err)
		return 2
	}
	ctx := context.Background()
	receipt, err := o.replay(ctx)
	var taken *exactly.TakenOverError
	switch {
	case errors.As(err, &taken):
		fmt.Println("outcome: taken over")
		return 3
	case err != nil:
		fmt.Println("outcome:", err)
		return 1
	}
	fmt.Printf("outcome: done %d skipped %d\n", receipt.Written, receipt.Skipped)
	return 0
}

func (o *order) replay(ctx context.Context) (*exactly.Receipt, error) {
	source := sourceOf(o.TopicID)
	client := []kgo.Opt{kgo.SeedBrokers(o.Brokers...)}
	cl, err := kgo.NewClient(append(client, kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	topics, err := ledger.Open(ctx, cl)
	if err != nil {
		return nil, err
	}
	book := topics.NewBook(source, ledger.Run{Job: fmt.Sprint("job-", os.Getpid()), Who: "alice", Why: "a test"})
	cfg := exactly.Config{Client: client, TransactionalID: o.TxnID, Ledger: book, MaxRecords: o.MaxRecords, Rate: o.Rate}
	cfg.Notice = func(n exactly.Notice) { fmt.Println("notice:", n.Text) }
	written := 0
	cfg.Report = func(r exactly.Result) {
		if r.Outcome == exactly.Failed {
			fmt.Println("failed:", r.Why)
		}
		if written++; written == 1 || written%o.MaxRecords == 0 {
			fmt.Println("writing")
		}
	}
	if o.Aside {
		cfg.Ledger = &aside{book, cl}
	}
	return exactly.Run(ctx, cfg, func(context.Context) iter.Seq2[exactly.Item, error] {
		fmt.Println("reading")
		return func(yield func(exactly.Item, error) bool) {
			for n := o.Start; n < o.Letters; n += o.Every {
				if !yield(letter(book, source, o.Target, n, o.Size), nil) {
					return
				}
			}
		}
	})
}

// aside is a ledger that is written when the records are committed, instead of with
// them.
type aside struct {
	*ledger.Book
	cl *kgo.Client
}

func (a *aside) Entries([]exactly.Done) ([]*kgo.Record, error) { return nil, nil }

func (a *aside) Settle(done []exactly.Done) {
	time.Sleep(40 * time.Millisecond) // as on a slower network, so that few kills suffice
	entries, _ := a.Book.Entries(done)
	if err := a.cl.ProduceSync(context.Background(), entries...).FirstErr(); err != nil {
		fmt.Println("failed:", err)
	}
	a.Book.Settle(done)
}

func startReplay(t testing.TB, o order) *kafkatest.Child {
	t.Helper()
	return kafkatest.StartChild(t, childOrder, o)
}

// order is one that replays all letters.
func (j *job) order(letters int) order {
	return order{Brokers: j.c.Brokers(), TopicID: j.source.TopicID, Target: j.target, TxnID: j.source.TransactionalID(),
		Letters: letters, Every: 1, Size: 1024, MaxRecords: 50}
}

// finish replays what is left.
func (j *job) finish(t *testing.T, letters int) {
	t.Helper()
	if got := startReplay(t, j.order(letters)).Outcome(t); !strings.HasPrefix(got, "done") {
		t.Fatalf("the last run: %s", got)
	}
}
