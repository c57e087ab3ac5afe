package orderflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// poison writes one record that isn't what its consumers expect. Without a dead-letter
// topic each of them fails at it for ever, and what is behind it waits.
func poison(ctx context.Context, st *stage) error {
	c := st.broken(func(f *faults) { f.noDeadLetters = true })
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	stuck, err := poisonAndWait(ctx, p)
	if err == nil {
		err = c.held(ctx)
	}
	if err = errors.Join(err, p.end()); err != nil {
		return err
	}
	st.broke("partition %d of %s stands still at offset %d for every group that reads it: %s can't be decoded", stuck.Partition, stuck.Topic, stuck.Offset, coordinates(stuck))
	st.broke("the other partitions go on: lag grows in one place only, which an average hides")
	group := st.group(event.InventoryGroup)
	st.show(fmt.Sprintf("lag --group %s", group), fmt.Sprintf("lag check --group %s --warn 0 --critical 0", group))
	st.mend(fmt.Sprintf("replay reset --from-group %s --in-place --topic %s:%d --to %d", group, stuck.Topic, stuck.Partition, stuck.Offset+1))
	return poisonMended(ctx, st)
}

// poisonAndWait poisons a partition in the middle of its orders, and waits until the
// inventory service stands there and is done with everything else.
func poisonAndWait(ctx context.Context, p *playing) (*kgo.Record, error) {
	if err := p.order(ctx); err != nil {
		return nil, err
	}
	bad, err := p.poison(ctx)
	if err != nil {
		return nil, err
	}
	p.customers.shop.Seed++ // more customers, behind it
	if err := p.order(ctx); err != nil {
		return nil, err
	}
	group := p.topic(event.InventoryGroup)
	return bad, p.eventually(ctx, "the partition stands still", func(ctx context.Context) (bool, error) {
		committed, err := committedOffsets(ctx, p.admin, group)
		if err != nil {
			return false, err
		}
		at, _ := committed[group].Lookup(bad.Topic, bad.Partition)
		counts, err := p.db.Count(ctx)
		return at.At == bad.Offset && counts.Waiting == 0 && p.consumers[Inventory].Stats().Failed > 0, err
	})
}

// poison writes a record that is no event, into the partition of a key.
func (s *shop) poison(ctx context.Context) (*kgo.Record, error) {
	client, err := s.Open(ctx, kgo.ClientID("somebody-else"))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	bad := &kgo.Record{
		Topic: s.topic(event.OrderTopic), Key: []byte("order-poison"), Value: []byte("\x00\xff{not an event"), Timestamp: s.Clock(),
		Headers: []kgo.RecordHeader{{Key: event.HeaderType, Value: []byte("OrderPlacedEvent")}},
	}
	return bad, client.ProduceSync(ctx, bad).FirstErr()
}

func coordinates(r *kgo.Record) string {
	return fmt.Sprintf("%s:%d:%d", r.Topic, r.Partition, r.Offset)
}

func poisonMended(ctx context.Context, st *stage) (err error) {
	p, err := start(ctx, st.good())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	bad, err := p.poison(ctx)
	if err == nil {
		err = p.order(ctx)
	}
	if err == nil {
		err = p.settled(ctx)
	}
	if err == nil {
		err = p.eventually(ctx, "the letters are counted", func(context.Context) (bool, error) {
			letters, _ := p.monitor.seen()
			return letters >= 3, nil
		})
	}
	if err != nil {
		return err
	}
	v, err := p.verify(ctx)
	if err != nil {
		return err
	}
	st.out.StillBroken = v.Broken()
	dead := event.DeadLetters(bad.Topic)
	st.mended("with dead letters the same record goes to %s, once for each group that failed at it, and all orders go on", dead)
	st.show("dlq list", "dlq stats "+dead)
	return nil
}

// javaError is a failure as a service in Java would name it.
type javaError struct{ class, message string }

func (e *javaError) Error() string          { return e.message }
func (e *javaError) ExceptionClass() string { return e.class }

// deadLetters makes three kinds of failure, as they come together in reality: an
// article that the service doesn't know, a system behind it that doesn't answer, and
// records that aren't events.
func deadLetters(ctx context.Context, st *stage) error {
	n := 0
	c := st.broken(func(f *faults) {
		f.fail = func(e *event.OrderPlacedEvent) error {
			switch sum := checksum(e.OrderID); {
			case sum%10 == 0:
				return &javaError{"com.example.inventory.UnknownArticleException", fmt.Sprintf("article %s of order %s is not in the catalogue", e.Items[0], e.OrderID)}
			case sum%10 == 1:
				return &javaError{"java.util.concurrent.TimeoutException", fmt.Sprintf("warehouse did not answer within 3000 ms for order %s", e.OrderID)}
			}
			return nil
		}
	})
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	for err == nil && n < 4 {
		_, err = p.poison(ctx)
		n++
	}
	if err == nil {
		err = p.order(ctx)
	}
	if err == nil {
		err = p.settled(ctx)
	}
	var v *Verification
	if err == nil {
		v, err = p.verify(ctx)
	}
	var letters int
	var alerts []Alert
	if err == nil {
		want := int(p.consumers[Inventory].Stats().DeadLettered)
		err = p.eventually(ctx, "the letters are counted", func(context.Context) (bool, error) {
			letters, alerts = p.monitor.seen()
			return letters >= want, nil
		})
	}
	if err == nil {
		err = c.held(ctx)
	}
	if err = errors.Join(err, p.end()); err != nil {
		return err
	}
	st.out.Broken = v.Broken()
	dead := event.DeadLetters(st.orders())
	st.broke("%d records died and lie in %s: unknown articles, a warehouse that doesn't answer, and %d that are no events", letters, dead, n)
	st.broke("%d orders were paid and have no reservation", st.count("no "+string(store.OrderWithoutReservation)))
	for _, alert := range alerts {
		st.broke("the monitor raised the alert: %d letters within %s", alert.Letters, AlertWithin)
	}
	st.show("dlq list", "dlq stats "+dead, "dlq browse "+dead)
	st.mend(fmt.Sprintf("dlq replay %s --where '.cause.class == \"java.util.concurrent.TimeoutException\"' --reason 'the warehouse is back'", dead),
		fmt.Sprintf("dlq discard %s --where '.cause.class | endswith(\".DeserializationException\")' --reason 'no events'", dead))
	_, mv, err := st.whole(ctx, st.good())
	if err != nil {
		return err
	}
	st.out.StillBroken = mv.Broken()
	st.mended("with the warehouse back and the catalogue complete nothing dies, and every order has its reservation")
	return nil
}

// checksum spreads orders evenly, and the same way each time.
func checksum(id string) int {
	sum := 0
	for _, c := range strings.TrimPrefix(id, "order-") {
		sum = (sum*31 + int(c)) % 9973
	}
	return sum
}
