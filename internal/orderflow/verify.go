package orderflow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// Verification is whether what must hold does.
type Verification struct {
	Version  int     `json:"version"` // of this document's form: 1
	Database string  `json:"database"`
	Holds    bool    `json:"holds"`
	Checks   []Check `json:"checks"`
}

// Check is one thing that must hold.
type Check struct {
	What  string `json:"what"`
	Holds bool   `json:"holds"`
	// Orders are those that it doesn't hold for, sorted, at most MaxExamples of Count.
	Orders []string `json:"orders"`
	Count  int      `json:"count"`
	Detail string   `json:"detail"` // may be empty
}

// MaxExamples bounds the orders that a check names.
const MaxExamples = 10

func (v *Verification) add(what string, orders []string, detail string) {
	slices.Sort(orders)
	orders = slices.Compact(orders)
	c := Check{What: what, Holds: len(orders) == 0 && detail == "", Count: len(orders), Detail: detail}
	c.Orders = append([]string{}, orders[:min(len(orders), MaxExamples)]...)
	v.Holds = v.Holds && c.Holds
	v.Checks = append(v.Checks, c)
}

// Broken lists the checks that don't hold.
func (v *Verification) Broken() []Check {
	return slices.DeleteFunc(slices.Clone(v.Checks), func(c Check) bool { return c.Holds })
}

// Verify looks whether what must hold of a shop that has nothing under way does: in
// its database, and in its topics.
func Verify(ctx context.Context, c Config) (*Verification, error) {
	c.Only = []Service{} // none: it only looks
	s, err := begin(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("verify the order flow: %w", err)
	}
	defer s.close()
	v, err := s.verify(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify the order flow: %w", err)
	}
	return v, nil
}

func (s *shop) verify(ctx context.Context) (*Verification, error) {
	v := &Verification{Version: 1, Database: store.Redact(s.db.URL()), Holds: true}
	violations, err := s.db.Violations(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.db.Count(ctx)
	if err != nil {
		return nil, err
	}
	told, err := s.tell(ctx)
	if err != nil {
		return nil, err
	}
	orders, err := s.db.OrderIDs(ctx)
	if err != nil {
		return nil, err
	}
	rejected := func(id string) bool { return told.rejected[id] }
	lost := func(id string) bool { return !told.placed[id] }
	for _, kind := range store.Violations() {
		found := violations[kind]
		if kind == store.OrderWithoutReservation { // what was rejected or never told of can have none
			found = slices.DeleteFunc(found, func(id string) bool { return rejected(id) || lost(id) })
		}
		v.add("no "+string(kind), found, "")
	}
	var unheard []string
	for _, id := range orders {
		if lost(id) {
			unheard = append(unheard, id)
		}
	}
	v.add("every order has its event in Kafka", unheard, "")
	v.add("every event in Kafka has an order", told.withoutOrder(orders), "")
	v.add("no order has two different events of a kind in Kafka", told.twice, "")
	v.add("what is told of an order is in its order", told.disorder, "")
	v.add("all of an order's events on a topic are in one partition", told.scattered, "")
	detail := ""
	if paid := counts.Charged - counts.Refunded; paid != counts.Shipped {
		detail = fmt.Sprintf("%d are paid and not refunded, %d are shipped", paid, counts.Shipped)
	}
	v.add("what is paid is shipped", nil, detail)
	return v, nil
}

// told is what topics tell of orders.
type told struct {
	placed, rejected map[string]bool
	ids              map[string]string // of the event, by order and type
	partition        map[string]int32  // by topic and order
	stage            map[string]int    // how far an order is
	twice            []string
	disorder         []string
	scattered        []string
}

func (t *told) withoutOrder(orders []string) []string {
	known := map[string]bool{}
	for _, id := range orders {
		known[id] = true
	}
	var ghosts []string
	for id := range t.placed {
		if !known[id] {
			ghosts = append(ghosts, id)
		}
	}
	return ghosts
}

// stages are the order in which things are told of an order on one topic.
var stages = map[string]int{
	"OrderPlacedEvent": 1, "OrderShippedEvent": 2, "OrderCancelledEvent": 2, "OrderPaidEvent": 1, "OrderRefundedEvent": 2,
}

// tell reads the topics from their starts to where they end now.
func (s *shop) tell(ctx context.Context) (*told, error) {
	t := &told{placed: map[string]bool{}, rejected: map[string]bool{}, ids: map[string]string{}, partition: map[string]int32{}, stage: map[string]int{}}
	topics := s.Config.topics()[:3]
	return t, s.readAll(ctx, topics, func(r *kgo.Record) {
		envelope, err := event.Open(r)
		if err != nil {
			return // no event of the flow's
		}
		t.hear(r, envelope)
	})
}

func (t *told) hear(r *kgo.Record, v event.Envelope) {
	id := string(r.Key)
	if v.Type == "OrderPlacedEvent" {
		t.placed[id] = true
	}
	if v.Type == "StockRejectedEvent" {
		t.rejected[id] = true
	}
	kind := id + " " + v.Type
	first, seen := t.ids[kind]
	if seen && first != v.ID.String() {
		t.twice = append(t.twice, id)
	}
	t.ids[kind] = v.ID.String()
	place := r.Topic + " " + id
	if p, known := t.partition[place]; known && p != r.Partition {
		t.scattered = append(t.scattered, id)
	}
	t.partition[place] = r.Partition
	if stage, known := stages[v.Type]; known && !seen { // what comes again was in its order the first time
		if stage > 1 && t.stage[place] == 0 {
			t.disorder = append(t.disorder, id)
		}
		t.stage[place] = max(t.stage[place], stage)
	}
}

// readAll reads topics from their starts to where they end when it begins. Records of
// a partition come in their order, partitions beside each other.
func (s *shop) readAll(ctx context.Context, topics []string, each func(*kgo.Record)) error {
	ends, err := s.admin.ListEndOffsets(ctx, topics...)
	if err := firstError(ends, err); err != nil {
		return fmt.Errorf("end offsets: %w", err)
	}
	starts, err := s.admin.ListStartOffsets(ctx, topics...)
	if err := firstError(starts, err); err != nil {
		return fmt.Errorf("start offsets: %w", err)
	}
	from, left := spans(starts, ends)
	if len(left) == 0 {
		return nil
	}
	client, err := s.Open(ctx, kgo.ConsumePartitions(from), kgo.ClientID("order-flow-verify"))
	if err != nil {
		return fmt.Errorf("open a client: %w", err)
	}
	defer client.Close()
	for len(left) > 0 {
		limited, cancel := context.WithTimeout(ctx, s.Timeout)
		fetches := client.PollFetches(limited)
		cancel()
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("read topics %s: %w", strings.Join(topics, ", "), err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at := partitionOf{r.Topic, r.Partition}
			end, wanted := left[at]
			if wanted && r.Offset < end {
				each(r)
			}
			if wanted && r.Offset >= end-1 {
				delete(left, at)
			}
		})
	}
	return nil
}

type partitionOf struct {
	topic string
	id    int32
}

// spans are where to begin reading, and what is to be read.
func spans(starts, ends kadm.ListedOffsets) (map[string]map[int32]kgo.Offset, map[partitionOf]int64) {
	from, left := map[string]map[int32]kgo.Offset{}, map[partitionOf]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(end.Topic, end.Partition)
		if end.Offset <= start.Offset {
			return
		}
		if from[end.Topic] == nil {
			from[end.Topic] = map[int32]kgo.Offset{}
		}
		from[end.Topic][end.Partition] = kgo.NewOffset().At(start.Offset)
		left[partitionOf{end.Topic, end.Partition}] = end.Offset
	})
	return from, left
}
