package relay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/relay"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// idsIn reads the ids of a topic's events.
func idsIn(t *testing.T, c *kafkatest.Cluster, topic string) map[uuid.UUID]bool {
	t.Helper()
	ids := map[uuid.UUID]bool{}
	cl := c.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for n, all := int64(0), ends(t, c, topic); n < all; {
		fetches := cl.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			envelope, err := event.Open(r)
			if err != nil {
				t.Fatal(err)
			}
			ids[envelope.ID] = true
		})
	}
	return ids
}

// incompressible is a text of at least n bytes that no compression makes small.
func incompressible(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(uuid.NewString())
	}
	return b.String()
}

func TestOnlyWhatKafkaAcknowledgedIsMarkedAsPublished(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 6, "max.message.bytes=20000")
		db := open(t, "")
		s := newShop(db)
		s.fill(t, 30)
		// Its partition refuses the whole batch that it is in; the others take theirs.
		large := store.Row{
			ID: uuid.New(), AggregateID: "o-2", AggregateType: "order", EventType: "OrderPlacedEvent", CreatedAt: time.Now(),
			Payload: []byte(`{"orderId":"o-2","items":["` + incompressible(60_000) + `"]}`),
		}
		if err := db.Do(t.Context(), func(tx *store.Tx) error { return tx.Publish(large) }); err != nil {
			t.Fatal(err)
		}
		s.fill(t, 30)
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		err := relay.New(config(db, topic, c.Brokers())).Run(ctx)
		if err == nil || !strings.Contains(err.Error(), topic) {
			t.Errorf("it ended with %v, want an error that names topic %s", err, topic)
		}
		waiting := map[uuid.UUID]bool{}
		rows, err := db.Waiting(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			waiting[row.ID] = true
		}
		sent := idsIn(t, c, topic)
		if len(sent) == 0 || sent[large.ID] || !waiting[large.ID] {
			t.Errorf("%d events were sent, the large one among them: %v; it waits: %v", len(sent), sent[large.ID], waiting[large.ID])
		}
		for order, ids := range s.written {
			for i, id := range ids {
				if !sent[id] && !waiting[id] {
					t.Errorf("event %d of %s is marked as published and wasn't", i, order)
				}
			}
		}
	})
}

// A broker that is killed after it was asked for a producer id, and before its first
// answer, looks like one that wants other credentials.
func TestABrokerThatEndsBeforeItsFirstAnswerIsAskedAgain(t *testing.T) {
	c := kafkatest.Fake(t)
	var asked atomic.Int64
	c.Kfake().ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		return nil, errors.New("the connection is closed"), asked.Add(1) <= 3
	})
	topic := c.Topic(t, 3)
	db := open(t, "")
	s := newShop(db)
	s.fill(t, 20)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	r := relay.New(config(db, topic, c.Brokers()))
	failed := make(chan error, 1)
	go func() { failed <- r.Run(ctx) }()
	kafkatest.Eventually(t, soon, "the events are published", func() (bool, string) {
		select {
		case err := <-failed:
			t.Fatalf("it ended with %v", err)
		default:
		}
		return r.Published() >= 20 && asked.Load() > 1, fmt.Sprintf("%d published, asked %d times", r.Published(), asked.Load())
	})
	cancel()
	<-failed
}
