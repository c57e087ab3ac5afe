package orderflow_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow"
)

// onLog is a logger that hands every message to f.
type onLog func(slog.Record)

func (onLog) Enabled(context.Context, slog.Level) bool { return true }
func (f onLog) Handle(_ context.Context, r slog.Record) error {
	f(r)
	return nil
}
func (f onLog) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f onLog) WithGroup(string) slog.Handler      { return f }

// mails returns a logger that calls f for each of the notification service's e-mails.
func mails(f func()) *slog.Logger {
	return slog.New(onLog(func(r slog.Record) {
		if strings.Contains(r.Message, "e-mail") {
			f()
		}
	}))
}

func TestNotificationCommitsBeforeItWorks(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		admin := c.Admin(t)
		sent := 0
		config.Logger = mails(func() {
			sent++
			offsets, err := admin.FetchOffsets(t.Context(), config.Prefix+orderflow.NotificationGroup)
			if err != nil {
				t.Error(err)
			}
			committed := 0
			offsets.Each(func(o kadm.OffsetResponse) { committed += int(o.At) })
			if committed < sent {
				t.Errorf("e-mail %d is sent when %d orders are committed", sent, committed)
			}
		})
		config.Orders = 60
		run(t, config)
		if sent != 60 {
			t.Errorf("%d e-mails are sent, want 60", sent)
		}
	})
}

func TestNotificationSendsNothingItCouldNotCommit(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	sent := 0
	config.Logger = mails(func() { sent++ })
	refused := c.Kfake().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: config.Prefix + orderflow.NotificationGroup,
		Err: kerr.GroupAuthorizationFailed, Count: -1,
	})
	failing(t, config)
	if sent != 0 {
		t.Errorf("%d e-mails are sent", sent)
	}
	refused.Remove()
	config.Seed, config.Orders = 2, 1
	run(t, config)
	if sent < 2 {
		t.Errorf("%d e-mails are sent once it could commit, want those of the first run too", sent)
	}
}

func TestACrashBeforeTheCommitReservesAgainUnderTheSameEventID(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	config.Orders = 30
	crash := c.Kfake().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: config.Prefix + orderflow.InventoryGroup,
		Err: kerr.GroupAuthorizationFailed, Count: -1,
	})
	first, _ := failing(t, config)
	crash.Remove()
	if first.Reserved == 0 {
		t.Fatal("nothing was reserved before the crash")
	}
	config.Seed = 2
	run(t, config)
	events := make(map[string]map[string]bool) // by order
	n := 0
	for _, r := range records(t, c, config.Prefix+orderflow.InventoryTopic) {
		if events[string(r.Key)] == nil {
			events[string(r.Key)] = make(map[string]bool)
		}
		events[string(r.Key)][header(r, orderflow.HeaderEventID)] = true
		n++
	}
	if n != len(events)+first.Reserved {
		t.Errorf("there are %d reservations of %d orders, want %d more than orders", n, len(events), first.Reserved)
	}
	for order, ids := range events {
		if len(ids) != 1 {
			t.Errorf("%s is reserved under %d event ids", order, len(ids))
		}
	}
}

func TestABatchWhoseCommitCameTooLateComesAgain(t *testing.T) {
	c := kafkatest.Fake(t)
	config := config(t, c)
	sent := 0
	config.Logger = mails(func() { sent++ })
	for _, group := range []string{orderflow.InventoryGroup, orderflow.NotificationGroup} {
		c.Kfake().Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: config.Prefix + group, Err: kerr.RebalanceInProgress,
		})
	}
	summary := run(t, config)
	if got := group(t, summary, inventory); got.Handled <= 200 || *got.Lag != 0 {
		t.Errorf("inventory handled %d and lags by %d, want more than 200, as some are repeated, and 0", got.Handled, *got.Lag)
	}
	if got := group(t, summary, notification); sent != 200 || *got.Lag != 0 {
		t.Errorf("%d e-mails are sent and notification lags by %d, want 200, as none was sent twice, and 0", sent, *got.Lag)
	}
}

func TestWhatIsNoOrderIsPassedOverAndCounted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		config := config(t, c)
		topic := config.Prefix + orderflow.OrderTopic
		if _, err := c.Admin(t).CreateTopic(t.Context(), 6, -1, nil, topic); err != nil {
			t.Fatal(err)
		}
		foreign := []*kgo.Record{
			{Topic: topic, Value: []byte("\x00\x00\x00\x00\x01")},
			{Topic: topic, Partition: 3, Key: []byte("k")},
			{Topic: topic, Partition: 5, Value: []byte("{}"), Headers: []kgo.RecordHeader{
				{Key: orderflow.HeaderEventType, Value: []byte("OrderShippedEvent")},
			}},
		}
		c.Produce(t, foreign...)
		summary := run(t, config)
		for _, i := range []int{inventory, notification} {
			if g := group(t, summary, i); g.Handled != 200 || g.Skipped != 3 || *g.Lag != 0 {
				t.Errorf("%s handled %d, skipped %d and lags by %d; want 200, 3 and 0", g.Group, g.Handled, g.Skipped, *g.Lag)
			}
		}
	})
}
