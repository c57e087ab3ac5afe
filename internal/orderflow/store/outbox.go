package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Row is an event that waits to be published, or was.
type Row struct {
	Seq           int64 // in the order of writing
	ID            uuid.UUID
	AggregateID   string // the order's id: the record's key
	AggregateType string // order, inventory or payment: says the topic
	EventType     string
	Payload       []byte // the event as JSON
	CreatedAt     time.Time
	TraceParent   string
	CorrelationID string
}

// Publish writes an event to the outbox, in the transaction of the work that it tells
// of.
func (tx *Tx) Publish(r Row) error {
	_, err := tx.change("write event "+r.ID.String()+" to the outbox",
		`INSERT INTO outbox_events (id, aggregate_id, aggregate_type, event_type, payload, created_at, trace_parent, correlation_id)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID.String(), r.AggregateID, r.AggregateType, r.EventType, string(r.Payload), r.CreatedAt.UnixMilli(), r.TraceParent, r.CorrelationID)
	return err
}

// Waiting returns the oldest events that aren't marked as published, in the order of
// writing, at most n.
func (db *DB) Waiting(ctx context.Context, n int) (rows []Row, err error) {
	err = db.Do(ctx, func(tx *Tx) error {
		return tx.each("read the outbox", `SELECT seq, id, aggregate_id, aggregate_type, event_type, payload, created_at, trace_parent, correlation_id
			FROM outbox_events WHERE published_at IS NULL ORDER BY seq LIMIT ?`, func(scan func(...any) error) error {
			var r Row
			var id, payload string
			var created int64
			if err := scan(&r.Seq, &id, &r.AggregateID, &r.AggregateType, &r.EventType, &payload, &created, &r.TraceParent, &r.CorrelationID); err != nil {
				return err
			}
			r.Payload, r.CreatedAt = []byte(payload), time.UnixMilli(created).UTC()
			if r.ID, err = uuid.Parse(id); err != nil {
				return fmt.Errorf("event %q: %w", id, err)
			}
			rows = append(rows, r)
			return nil
		}, n)
	})
	return rows, err
}

// MarkPublished marks events, by their ids, as published.
func (db *DB) MarkPublished(ctx context.Context, ids []uuid.UUID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{now.UnixMilli()}
	for _, id := range ids {
		args = append(args, id.String())
	}
	return db.Do(ctx, func(tx *Tx) error {
		_, err := tx.change("mark events as published",
			"UPDATE outbox_events SET published_at = ? WHERE id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
		return err
	})
}

// Archive moves published events that are older than the given time out of the
// outbox, at most n, and says how many.
func (db *DB) Archive(ctx context.Context, before time.Time, n int) (moved int64, err error) {
	const columns = "seq, id, aggregate_id, aggregate_type, event_type, payload, created_at, trace_parent, correlation_id, published_at"
	const old = "SELECT seq FROM outbox_events WHERE published_at < ? ORDER BY seq LIMIT ?"
	err = db.Do(ctx, func(tx *Tx) error {
		if _, err := tx.change("archive events", "INSERT INTO outbox_archive ("+columns+") SELECT "+columns+" FROM outbox_events WHERE seq IN ("+old+") ON CONFLICT DO NOTHING",
			before.UnixMilli(), n); err != nil {
			return err
		}
		moved, err = tx.change("archive events", "DELETE FROM outbox_events WHERE seq IN (SELECT seq FROM outbox_archive WHERE seq = outbox_events.seq)")
		return err
	})
	return moved, err
}
