package copies_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/evtctl/evtctl/replay/copies"
)

// childOrder is set for a copy of the test binary that is to copy in a process of its
// own, so that it can be killed.
const childOrder = "EVTCTL_TEST_COPY"

// order tells such a process what to do.
type order struct {
	Brokers    []string
	From, To   string
	MaxRecords int
	Rate       float64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childOrder); text != "" {
		os.Exit(beCopy(text))
	}
	os.Exit(m.Run())
}

// beCopy says "planned", "writing" after each transaction's first record, and at last
// what came of it.
func beCopy(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Println("outcome:", err)
		return 2
	}
	receipt, err := o.copy(context.Background())
	var taken *exactly.TakenOverError
	switch {
	case errors.As(err, &taken):
		fmt.Println("outcome: taken over")
		return 3
	case err != nil:
		fmt.Println("outcome:", err)
		return 1
	}
	fmt.Println("outcome: done,", said(receipt))
	return 0
}

func (o *order) copy(ctx context.Context) (*copies.Receipt, error) {
	options := []kgo.Opt{kgo.SeedBrokers(o.Brokers...)}
	cl, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	view := copies.Look(cl)
	plan, err := copies.NewPlan(ctx, view, view, copies.Request{
		From: replay.Selection{Topic: o.From}, To: o.To, Start: replay.Start, Until: replay.End, Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	fmt.Println("planned")
	said := int64(0)
	w := &copies.Writer{
		Client: cl, Options: options, Who: "alice", Job: fmt.Sprint("job-", os.Getpid()), Rate: o.Rate,
		Progress: func(offsets int64) {
			if offsets-said >= int64(o.MaxRecords) || said == 0 {
				said = offsets
				fmt.Println("writing")
			}
		},
	}
	copies.SetMaxRecords(w, o.MaxRecords)
	return w.Apply(ctx, plan)
}

func (j *job) child(t *testing.T, maxRecords int) *kafkatest.Child {
	t.Helper()
	return kafkatest.StartChild(t, childOrder, order{j.c.Brokers(), j.from, j.to, maxRecords, 0})
}
