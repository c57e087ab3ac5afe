package orderflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/evtctl/evtctl/internal/orderflow/event"
)

// ErrNoRegistry is a scenario about schemas without a registry.
var ErrNoRegistry = errors.New("it takes a schema registry")

// breakingSchema has a required field that nobody knows in place of one that
// everybody needs.
const breakingSchema = `{"type": "record", "name": "OrderPlacedEvent", "namespace": "com.example.events", "fields": [
  {"name": "orderId", "type": "string"},
  {"name": "total", "type": {"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}, {"name": "currency", "type": "string"}]}},
  {"name": "items", "type": {"type": "array", "items": "string"}},
  {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}}
]}`

// breakingRecords is how many records the new producer writes.
const breakingRecords = 12

// schemaBreak deploys a producer with a schema that no consumer can read. The registry
// was told to let everything pass, as somebody once needed that.
func schemaBreak(ctx context.Context, st *stage) error {
	if st.RegistryURL == "" {
		return ErrNoRegistry
	}
	c := st.broken(func(*faults) {})
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	subject := st.orders() + "-value"
	letters := 0
	err = p.order(ctx)
	if err == nil {
		err = p.settled(ctx)
	}
	if err == nil {
		err = p.deployBreaking(ctx, subject)
	}
	if err == nil {
		err = p.eventually(ctx, "the new records have died", func(context.Context) (bool, error) {
			letters, _ = p.monitor.seen()
			return letters >= breakingRecords, nil
		})
	}
	if err == nil {
		err = c.held(ctx)
	}
	if err = errors.Join(err, p.end()); err != nil {
		return err
	}
	st.broke("%d records on %s that no consumer can read: %q is missing, which all need, and %q is new and required", breakingRecords, st.orders(), "amount", "total")
	st.broke("%d dead letters came of them: one for each record and group", letters)
	st.show("schema versions "+subject, fmt.Sprintf("schema diff %s:1 %s:2", subject, subject), "dlq stats "+event.DeadLetters(st.orders()))
	st.mend(fmt.Sprintf("schema mode %s BACKWARD", subject))
	_, v, err := st.whole(ctx, st.good())
	if err != nil {
		return err
	}
	st.out.StillBroken = v.Broken()
	st.mended("the check in CI would have refused it: \"evtctl schema check\" ends with 3, and says what breaks for whom")
	return nil
}

// deployBreaking registers the schema and writes with it.
func (p *playing) deployBreaking(ctx context.Context, subject string) error {
	for _, set := range p.registry.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatNone}, subject) {
		if set.Err != nil {
			return fmt.Errorf("let everything pass in subject %q: %w", subject, set.Err)
		}
	}
	id, err := p.registry.RegisterSchema(ctx, subject, sr.Schema{Schema: breakingSchema}, -1, -1)
	if err != nil {
		return fmt.Errorf("register a schema in subject %q: %w", subject, err)
	}
	schema, err := avro.ParseWithCache(breakingSchema, "", &avro.SchemaCache{})
	if err != nil {
		return err
	}
	client, err := p.Open(ctx, kgo.ClientID("order-v3"))
	if err != nil {
		return err
	}
	defer client.Close()
	for i := range breakingRecords {
		record, err := breakingRecord(schema, id, i)
		if err != nil {
			return err
		}
		record.Topic, record.Timestamp = p.topic(event.OrderTopic), p.Clock()
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return fmt.Errorf("write to topic %q: %w", record.Topic, err)
		}
	}
	return nil
}

func breakingRecord(schema avro.Schema, id, i int) (*kgo.Record, error) {
	orderID := fmt.Sprintf("order-new-%s%d", strings.Repeat("0", 2), i)
	value, err := (&sr.ConfluentHeader{}).AppendEncode(nil, id, nil)
	if err != nil {
		return nil, err
	}
	datum, err := avro.Marshal(schema, map[string]any{
		"orderId": orderID, "total": map[string]any{"cents": int64(1450), "currency": "EUR"}, "items": []string{"espresso-beans"}, "timestamp": int64(0),
	})
	if err != nil {
		return nil, err
	}
	return &kgo.Record{
		Key: []byte(orderID), Value: append(value, datum...),
		Headers: []kgo.RecordHeader{{Key: event.HeaderType, Value: []byte("OrderPlacedEvent")}},
	}, nil
}
