package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// Error is what couldn't be done in the database.
type Error struct {
	What string
	Err  error
}

func (e *Error) Error() string { return e.What + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Passing tells an error that may be gone at the next attempt, such as a database
// that restarts or a deadlock, from one that stays.
func Passing(err error) bool {
	var sqlState interface{ SQLState() string }
	if errors.As(err, &sqlState) {
		class := sqlState.SQLState()[:2] // 08 connections, 40 conflicts, 53 resources, 57 operators
		return class == "08" || class == "40" || class == "53" || class == "57"
	}
	var connect *pgconn.ConnectError
	var network net.Error
	busy := strings.Contains(err.Error(), "SQLITE_BUSY") || strings.Contains(err.Error(), "unexpected EOF")
	return busy || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err)
}

// Tx is a transaction under way.
type Tx struct {
	ctx      context.Context
	sql      *sql.Tx
	postgres bool
}

// Do does work in a transaction, all or none of it. What comes of a commit whose
// answer is lost isn't known: such work needs [DB.Once].
func (db *DB) Do(ctx context.Context, work func(*Tx) error) error {
	return db.begin(ctx, db.sql, nil, work)
}

// View looks at the database as it is at one moment. Its work can't write.
func (db *DB) View(ctx context.Context, work func(*Tx) error) error {
	return db.begin(ctx, db.look, &sql.TxOptions{ReadOnly: true, Isolation: db.snapshot()}, work)
}

// snapshot is what keeps what is seen at one moment; SQLite does so in any case.
func (db *DB) snapshot() sql.IsolationLevel {
	if db.postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

func (db *DB) begin(ctx context.Context, on *sql.DB, opts *sql.TxOptions, work func(*Tx) error) error {
	tx, err := on.BeginTx(ctx, opts)
	if err != nil {
		return &Error{"begin a transaction", err}
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after a commit
	if err := work(&Tx{ctx, tx, db.postgres}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &Error{"commit a transaction", err}
	}
	return nil
}

// Once does the work that an event causes in a consumer, and never again: the event's
// id is written in the same transaction. It says false when that had been done before.
func (db *DB) Once(ctx context.Context, consumer string, id uuid.UUID, now time.Time, work func(*Tx) error) (first bool, err error) {
	err = db.Do(ctx, func(tx *Tx) error {
		n, err := tx.change("remember event "+id.String(),
			"INSERT INTO processed_events (consumer, event_id, processed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			consumer, id.String(), now.UnixMilli())
		if err != nil || n == 0 {
			return err
		}
		first = true
		return work(tx)
	})
	return first && err == nil, err
}

// RememberFor is how long processed events are remembered. It has to be longer than
// any delivery can be late: a replay of older records would be taken for new ones.
const RememberFor = 7 * 24 * time.Hour

// Purge forgets processed events that are older than RememberFor.
func (db *DB) Purge(ctx context.Context, now time.Time) (n int64, err error) {
	err = db.Do(ctx, func(tx *Tx) (err error) {
		n, err = tx.change("purge processed events", "DELETE FROM processed_events WHERE processed_at < ?", now.Add(-RememberFor).UnixMilli())
		return err
	})
	return n, err
}

// change runs a statement and says how many rows it changed.
func (tx *Tx) change(what, query string, args ...any) (int64, error) {
	result, err := tx.sql.ExecContext(tx.ctx, tx.rebind(query), args...)
	if err != nil {
		return 0, &Error{what, err}
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, &Error{what, err}
	}
	return n, nil
}

func (tx *Tx) exec(statement string) error {
	_, err := tx.sql.ExecContext(tx.ctx, statement)
	return err
}

// each calls f for each row of a query.
func (tx *Tx) each(what, query string, f func(scan func(...any) error) error, args ...any) error {
	rows, err := tx.sql.QueryContext(tx.ctx, tx.rebind(query), args...)
	if err != nil {
		return &Error{what, err}
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return &Error{what, err}
		}
	}
	if err := rows.Err(); err != nil {
		return &Error{what, err}
	}
	return nil
}

// rebind writes ? as PostgreSQL wants it: $1, $2, ….
func (tx *Tx) rebind(query string) string {
	if !tx.postgres {
		return query
	}
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(query, "?") {
		if before, ok := strings.CutSuffix(part, "?"); ok {
			n++
			b.WriteString(before + "$" + strconv.Itoa(n))
			continue
		}
		b.WriteString(part)
	}
	return b.String()
}

// Retry calls f until it succeeds, fails for good, or ctx ends, telling of each
// failure that passes. The pauses grow to two seconds.
func Retry(ctx context.Context, tell func(error), f func() error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := f()
		if err == nil || !Passing(err) {
			return err
		}
		tell(err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
