package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Order is what a customer ordered.
type Order struct {
	ID             string
	Amount         float64
	Items          []string // SKUs, one for each piece
	CustomerTier   *string
	IdempotencyKey string // empty: none
	PlacedAt       time.Time
}

// PlaceOrder writes an order. One that was written before, with the same id or the same
// idempotency key, isn't written again: the id of that one is returned.
func (tx *Tx) PlaceOrder(o Order) (existing string, err error) {
	what := "write order " + o.ID
	items, err := json.Marshal(o.Items)
	if err != nil {
		return "", &Error{what, err}
	}
	var key *string
	if o.IdempotencyKey != "" {
		key = &o.IdempotencyKey
	}
	n, err := tx.change(what, "INSERT INTO orders (id, amount, items, customer_tier, idempotency_key, placed_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		o.ID, o.Amount, string(items), o.CustomerTier, key, o.PlacedAt.UnixMilli())
	if err != nil || n > 0 {
		return "", err
	}
	err = tx.each(what, "SELECT id FROM orders WHERE id = ? OR idempotency_key = ?", func(scan func(...any) error) error { return scan(&existing) }, o.ID, o.IdempotencyKey)
	return existing, err
}

// FindOrder returns an order; ok is false when there is none.
func (db *DB) FindOrder(ctx context.Context, id string) (o Order, ok bool, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.each("read order "+id, "SELECT id, amount, items, customer_tier, placed_at FROM orders WHERE id = ?", func(scan func(...any) error) error {
			var items string
			var placed int64
			ok = true
			if err := scan(&o.ID, &o.Amount, &items, &o.CustomerTier, &placed); err != nil {
				return err
			}
			o.PlacedAt = time.UnixMilli(placed).UTC()
			return json.Unmarshal([]byte(items), &o.Items)
		}, id)
	})
	return o, ok, err
}

// SetStock says how many pieces there are of each SKU. What is known already stays as
// it is.
func (db *DB) SetStock(ctx context.Context, stock map[string]int64) error {
	return db.Do(ctx, func(tx *Tx) error {
		for _, sku := range sorted(stock) { // in one order in all processes: no deadlocks
			if _, err := tx.change("stock "+sku, "INSERT INTO stock (sku, quantity) VALUES (?, ?) ON CONFLICT DO NOTHING", sku, stock[sku]); err != nil {
				return err
			}
		}
		return nil
	})
}

// ErrUnknownSKU is a SKU that the shop doesn't have.
var ErrUnknownSKU = errors.New("unknown SKU")

// InStock says how many pieces there are of a SKU.
func (db *DB) InStock(ctx context.Context, sku string) (quantity int64, err error) {
	found := false
	err = db.View(ctx, func(tx *Tx) error {
		return tx.each("stock of "+sku, "SELECT quantity FROM stock WHERE sku = ?", func(scan func(...any) error) error {
			found = true
			return scan(&quantity)
		}, sku)
	})
	if err == nil && !found {
		err = fmt.Errorf("stock of %q: %w", sku, ErrUnknownSKU)
	}
	return quantity, err
}

// Reserve takes an order's items from stock and puts them aside. It names a SKU that
// there aren't enough of: the transaction must be given up then.
func (tx *Tx) Reserve(orderID string, items []string, now time.Time) (missing string, err error) {
	pieces := map[string]int{}
	for _, sku := range items {
		pieces[sku]++
	}
	for _, sku := range sorted(pieces) { // in one order in all transactions: no deadlocks
		n, err := tx.change("take "+sku+" from stock", "UPDATE stock SET quantity = quantity - ? WHERE sku = ? AND quantity >= ?", pieces[sku], sku, pieces[sku])
		if err != nil {
			return "", err
		}
		if n == 0 {
			return sku, nil
		}
	}
	text, err := json.Marshal(items)
	if err != nil {
		return "", &Error{"reserve for order " + orderID, err}
	}
	_, err = tx.change("reserve for order "+orderID, "INSERT INTO reservations (order_id, items, reserved_at) VALUES (?, ?, ?)", orderID, string(text), now.UnixMilli())
	return "", err
}

// Payment is a charge or its refund.
type Payment struct {
	ID, OrderID string
	Amount      float64
}

// Charge writes a charge.
func (tx *Tx) Charge(p Payment, now time.Time) error { return tx.pay("charge", p, now) }

// Refund writes a refund of a charge.
func (tx *Tx) Refund(p Payment, now time.Time) error { return tx.pay("refund", p, now) }

func (tx *Tx) pay(kind string, p Payment, now time.Time) error {
	_, err := tx.change(kind+" order "+p.OrderID, "INSERT INTO payments (payment_id, kind, order_id, amount, at) VALUES (?, ?, ?, ?, ?)",
		p.ID, kind, p.OrderID, p.Amount, now.UnixMilli())
	return err
}

// ChargeOf finds an order's charge; found is false when there is none.
func (tx *Tx) ChargeOf(orderID string) (p Payment, found bool, err error) {
	err = tx.each("look for the charge of order "+orderID, "SELECT payment_id, order_id, amount FROM payments WHERE kind = 'charge' AND order_id = ?",
		func(scan func(...any) error) error { found = true; return scan(&p.ID, &p.OrderID, &p.Amount) }, orderID)
	return p, found, err
}

// Part is a condition of a delivery.
type Part string

// What a delivery waits for.
const (
	Paid     Part = "paid"
	Reserved Part = "reserved"
)

// Ready notes that an order has one of its parts, and says whether it has both and
// wasn't shipped: it is then, under the tracking id.
func (tx *Tx) Ready(orderID string, part Part, trackingID string, now time.Time) (shipped bool, err error) {
	paid, reserved := 0, 0
	if part == Paid {
		paid = 1
	} else {
		reserved = 1
	}
	what := "note that order " + orderID + " is " + string(part)
	if _, err := tx.change(what, "INSERT INTO deliveries (order_id, paid, reserved) VALUES (?, 0, 0) ON CONFLICT DO NOTHING", orderID); err != nil {
		return false, err
	}
	if _, err := tx.change(what, "UPDATE deliveries SET paid = paid + ?, reserved = reserved + ? WHERE order_id = ?", paid, reserved, orderID); err != nil {
		return false, err
	}
	n, err := tx.change("ship order "+orderID,
		"UPDATE deliveries SET tracking_id = ?, shipped_at = ? WHERE order_id = ? AND paid > 0 AND reserved > 0 AND shipped_at IS NULL", trackingID, now.UnixMilli(), orderID)
	return n > 0, err
}

// Notify writes down that a customer was written to.
func (tx *Tx) Notify(orderID, subject string, now time.Time) error {
	_, err := tx.change("write to the customer of order "+orderID, "INSERT INTO notifications (order_id, subject, at) VALUES (?, ?, ?)", orderID, subject, now.UnixMilli())
	return err
}
