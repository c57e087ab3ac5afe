package orderflow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// outcome is what Run returned.
type outcome struct {
	summary *orderflow.Summary
	err     error
}

// underWay starts a run and returns when its services have dealt with some orders.
func underWay(t *testing.T, c orderflow.Config) <-chan outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*unhurried)
	t.Cleanup(cancel)
	var reached <-chan struct{}
	c.Progress, reached = when(func(p orderflow.Progress) bool { return p.Reserved > 50 && p.Notified > 50 }, func() {})
	ended := make(chan outcome, 1)
	go func() {
		summary, err := orderflow.Run(ctx, c)
		ended <- outcome{summary, err}
	}()
	select {
	case <-reached:
	case o := <-ended:
		t.Fatalf("it ended early: %v", o.err)
	}
	return ended
}

func TestABrokerThatIsKilledAndComesBackLosesNothing(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	config := config(t, c)
	config.Timeout = unhurried // it is back before that
	config.Rate, config.Orders = 200, 400
	ended := underWay(t, config)
	c.KillNode(t, 0)
	c.StartNode(t, 0)
	o := <-ended
	if o.err != nil || o.summary.Placed != 400 {
		t.Fatalf("got %v with %+v, want 400 orders placed", o.err, o.summary)
	}
	events := make(map[string]int)
	for _, r := range records(t, c, config.Prefix+orderflow.OrderTopic) {
		events[string(r.Key)]++
	}
	for id, n := range events {
		if n != 1 {
			t.Errorf("%s has %d events", id, n)
		}
	}
	reserved := make(map[string]bool) // at least once: a batch may have been done again
	for _, r := range records(t, c, config.Prefix+orderflow.InventoryTopic) {
		reserved[string(r.Key)] = true
	}
	if len(events) != 400 || len(reserved) != 400 {
		t.Errorf("%d orders have an event and %d a reservation, want 400 each", len(events), len(reserved))
	}
}

func TestARealBrokerThatHangsIsAnErrorInTime(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	config := config(t, c)
	config.Timeout = 5 * time.Second // a broker that has just started takes its time
	config.Keep, config.Rate = true, 200
	ended := underWay(t, config)
	c.PauseNode(t, 0)
	begin := time.Now()
	o := <-ended
	if took := time.Since(begin); !errors.Is(o.err, orderflow.ErrLost) || took > atOnce {
		t.Errorf("got %v after %s, want ErrLost within %s", o.err, took, atOnce)
	}
	if o.summary.Placed < 50 {
		t.Errorf("the summary lost count: %+v", o.summary)
	}
}
