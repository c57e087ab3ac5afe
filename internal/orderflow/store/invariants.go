package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Counts are how many there are of each thing.
type Counts struct {
	Orders, Waiting, Reserved, Charged, Refunded, Shipped, Notified int64
}

// Count counts, all at one moment.
func (db *DB) Count(ctx context.Context) (c Counts, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.each("count orders", `SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM outbox_events WHERE published_at IS NULL),
			(SELECT COUNT(*) FROM reservations), (SELECT COUNT(*) FROM payments WHERE kind = 'charge'), (SELECT COUNT(*) FROM payments WHERE kind = 'refund'),
			(SELECT COUNT(*) FROM deliveries WHERE shipped_at IS NOT NULL), (SELECT COUNT(*) FROM notifications)`, func(scan func(...any) error) error {
			return scan(&c.Orders, &c.Waiting, &c.Reserved, &c.Charged, &c.Refunded, &c.Shipped, &c.Notified)
		})
	})
	return c, err
}

// Violation is a kind of thing that must not be, with the orders that it concerns.
type Violation string

// What must not be.
const (
	OrderWithoutEvent       Violation = "order without an event in the outbox"
	EventWithoutOrder       Violation = "event in the outbox without an order"
	ReservationWithoutOrder Violation = "reservation without an order"
	DoubleReservation       Violation = "order reserved more than once"
	OrderWithoutReservation Violation = "order without a reservation"
	DoubleCharge            Violation = "order charged more than once"
	ChargeWithoutOrder      Violation = "charge without an order"
	ShippedUnpaid           Violation = "order shipped without a charge and a reservation"
)

const events = "(SELECT aggregate_id, aggregate_type, event_type FROM outbox_events UNION ALL SELECT aggregate_id, aggregate_type, event_type FROM outbox_archive) AS events"

// violations are the queries that find them: each selects orders' ids.
var violations = map[Violation]string{
	OrderWithoutEvent:       "SELECT id FROM orders WHERE id NOT IN (SELECT aggregate_id FROM " + events + " WHERE event_type = 'OrderPlacedEvent')",
	EventWithoutOrder:       "SELECT aggregate_id FROM " + events + " WHERE event_type = 'OrderPlacedEvent' AND aggregate_id NOT IN (SELECT id FROM orders)",
	ReservationWithoutOrder: "SELECT order_id FROM reservations WHERE order_id NOT IN (SELECT id FROM orders)",
	DoubleReservation:       "SELECT order_id FROM reservations GROUP BY order_id HAVING COUNT(*) > 1",
	OrderWithoutReservation: "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM reservations)",
	DoubleCharge:            "SELECT order_id FROM payments WHERE kind = 'charge' GROUP BY order_id HAVING COUNT(*) > 1",
	ChargeWithoutOrder:      "SELECT order_id FROM payments WHERE kind = 'charge' AND order_id NOT IN (SELECT id FROM orders)",
	ShippedUnpaid: `SELECT order_id FROM deliveries WHERE shipped_at IS NOT NULL AND
		(order_id NOT IN (SELECT order_id FROM payments WHERE kind = 'charge') OR order_id NOT IN (SELECT order_id FROM reservations))`,
}

// Violations lists all kinds, sorted.
func Violations() []Violation { return sorted(violations) }

// OrderIDs lists all orders, sorted.
func (db *DB) OrderIDs(ctx context.Context) (ids []string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.each("list orders", "SELECT id FROM orders ORDER BY id", func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// Violations finds what must not be, all at one moment: the orders' ids, sorted, by
// kind. While orders are under way some have no reservation yet; that is no violation
// of the others.
func (db *DB) Violations(ctx context.Context) (map[Violation][]string, error) {
	found := map[Violation][]string{}
	err := db.View(ctx, func(tx *Tx) error {
		for _, kind := range sorted(violations) {
			err := tx.each("look for "+string(kind), violations[kind], func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				found[kind] = append(found[kind], id)
				return err
			})
			if err != nil {
				return err
			}
			slices.Sort(found[kind])
		}
		return nil
	})
	return found, err
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
