package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

const (
	// batch is how many events are on their way to Kafka at a time.
	batch = 500
	// pollEvery is how long the outbox is left alone when it was empty.
	pollEvery = 25 * time.Millisecond
	// keepFor is how long published events stay in the outbox, and archiveEvery how
	// often older ones are moved out of it.
	keepFor      = time.Minute
	archiveEvery = 10 * time.Second
	// grace is what events on their way get when the relay ends. Those that Kafka may
	// have can't be taken back: without brokers they would be waited for in vain.
	grace = 2 * time.Second
)

// Config says what to publish, and where.
type Config struct {
	DB *store.DB
	// Open connects to the cluster, with these options beside its own.
	Open  func(context.Context, ...kgo.Opt) (*kgo.Client, error)
	Codec event.Codec
	// Topic names the topic of an aggregate's events.
	Topic func(aggregateType string) string
	// Key is an event's key in Kafka; nil: the order's id.
	Key    func(event.Event) string
	Clock  func() time.Time
	Tracer *trace.Tracer // may be nil
	Log    *slog.Logger
}

// Relay publishes what is in the outbox.
type Relay struct {
	Config
	client    *kgo.Client
	published atomic.Int64
	archived  time.Time // when events were last archived
}

// New returns a relay that has done nothing yet.
func New(c Config) *Relay { return &Relay{Config: c} }

// Published says how many events Kafka has acknowledged.
func (r *Relay) Published() int64 { return r.published.Load() }

// Run publishes by polling until ctx ends, which is no error. A database or a cluster
// that can't be reached is waited for: what is in the outbox stays there.
func (r *Relay) Run(ctx context.Context) error {
	close, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer close()
	r.archived = r.Clock()
	for ctx.Err() == nil {
		n, err := r.pass(ctx)
		if err != nil && ctx.Err() == nil && !passing(err) {
			return fmt.Errorf("outbox relay: %w", err)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Warn("publishing again", "error", err)
		}
		r.archive(ctx)
		if n < batch {
			pause(ctx, err)
		}
	}
	return nil
}

// archive moves published events out of the outbox, now and then.
func (r *Relay) archive(ctx context.Context) {
	now := r.Clock()
	if now.Sub(r.archived) <= archiveEvery {
		return
	}
	r.archived = now
	if _, err := r.DB.Archive(ctx, now.Add(-keepFor), 10*batch); err != nil && ctx.Err() == nil {
		r.Log.Warn("archiving later", "error", err)
	}
}

func pause(ctx context.Context, failed error) {
	wait := pollEvery
	if failed != nil {
		wait = time.Second
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// connect opens the producer. It never gives a record up by itself, as the next one
// of the same order must not overtake it.
func (r *Relay) connect(ctx context.Context) (close func(), err error) {
	r.client, err = r.Open(ctx, kgo.ClientID("outbox-relay"), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0))
	if err != nil {
		return nil, fmt.Errorf("outbox relay: connect: %w", err)
	}
	close = sync.OnceFunc(r.client.Close)
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, close) })
	return close, nil
}

// pass publishes what waits, at most a batch of it, and says how many events it saw.
func (r *Relay) pass(ctx context.Context) (int, error) {
	rows, err := r.DB.Waiting(ctx, batch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return len(rows), r.publish(ctx, rows)
}

// publish sends events in their order and marks those that Kafka has acknowledged, up
// to the first that it hasn't: those behind it are sent again, after it. A crash
// between the two sends them again as well. They have the same ids then, by which
// consumers know them.
func (r *Relay) publish(ctx context.Context, rows []store.Row) error {
	records := make([]*kgo.Record, 0, len(rows))
	var failed error
	for _, row := range rows {
		record, err := r.record(ctx, row)
		if err != nil {
			failed = err
			break
		}
		records = append(records, record)
	}
	// The results come as Kafka's answers did, not in the order of the records.
	acknowledged := make(map[*kgo.Record]bool, len(records))
	for _, result := range r.client.ProduceSync(ctx, records...) {
		acknowledged[result.Record] = result.Err == nil
		if result.Err != nil {
			failed = fmt.Errorf("write to topic %q: %w", result.Record.Topic, result.Err)
		}
	}
	done := 0
	for done < len(records) && acknowledged[records[done]] {
		done++
	}
	r.published.Add(int64(done))
	ids := make([]uuid.UUID, done)
	for i := range ids {
		ids[i] = rows[i].ID
	}
	err := store.Retry(ctx, func(err error) { r.Log.Warn("marking again", "error", err) }, func() error {
		return r.DB.MarkPublished(context.WithoutCancel(ctx), ids, r.Clock())
	})
	return errors.Join(err, failed)
}

// record is a row as Kafka gets it, in the trace of the work that wrote it.
func (r *Relay) record(ctx context.Context, row store.Row) (*kgo.Record, error) {
	envelope := event.Envelope{ID: row.ID, Type: row.EventType, TraceParent: row.TraceParent, CorrelationID: row.CorrelationID}
	e, err := event.JSON{}.Decode(ctx, &kgo.Record{Value: row.Payload, Headers: envelope.Headers()})
	if err != nil {
		return nil, fmt.Errorf("event %s in the outbox: %w", row.ID, err)
	}
	record, err := event.NewRecord(ctx, r.Codec, r.Topic(row.AggregateType), envelope, e)
	if err != nil {
		return nil, err
	}
	record.Timestamp = row.CreatedAt
	if r.Key != nil {
		record.Key = []byte(r.Key(e))
	}
	if row.TraceParent != "" && r.Tracer != nil {
		_, end := r.Tracer.Produce(trace.Extract(ctx, record), record)
		end(nil)
	}
	return record, nil
}

// passing tells what is worth another attempt: a database, a registry or a broker that
// can't be reached now.
func passing(err error) bool {
	var registry *event.RegistryError
	return store.Passing(err) || errors.As(err, &registry) || brokerGone(err)
}

// brokerGone tells the errors of brokers that are busy, moving or gone. The client
// tries again by itself, but for a broker that ends before its first answer.
func brokerGone(err error) bool {
	var network net.Error
	if errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID) {
		return false // nobody makes a topic again that was deleted
	}
	return errors.Is(err, io.EOF) || errors.As(err, &network) || kerr.IsRetriable(err) || kgo.IsRetryableBrokerErr(err)
}
