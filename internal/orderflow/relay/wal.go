package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/evtctl/evtctl/internal/orderflow/store"
)

const (
	// gather is how long events that were read wait for others, to be sent together.
	gather = 2 * time.Millisecond
	// confirmEvery is how often PostgreSQL hears from the relay when nothing happens. It
	// drops one that is silent for a minute.
	confirmEvery = 10 * time.Second
)

// RunWAL publishes by reading PostgreSQL's write-ahead log until ctx ends, which is no
// error. It promises what Run does, without asking the outbox again and again.
//
// What was read is kept in a replication slot: PostgreSQL holds the log from there on,
// until Kafka has acknowledged the events and they are marked. So a relay that was
// killed goes on where it was, with the slot that it left behind. Of several relays
// one reads, and the others wait for it to end. [DropSlot] ends this for good.
//
// Events written before there was a slot are published from the table first.
func (r *Relay) RunWAL(ctx context.Context) error {
	if !r.DB.IsPostgres() {
		return fmt.Errorf("outbox relay: %w", &WALError{errNotPostgres})
	}
	close, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer close()
	r.archived = r.Clock()
	for ctx.Err() == nil {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		if !passing(err) && !inUse(err) {
			return fmt.Errorf("outbox relay: %w", err)
		}
		r.Log.Warn("reading the log again", "error", err)
		pause(ctx, err)
	}
	return nil
}

var errNotPostgres = errors.New("the database isn't PostgreSQL")

// WALError is why the database's log can't be read.
type WALError struct{ Err error }

func (e *WALError) Error() string {
	return "read the database's write-ahead log: " + e.Err.Error()
}
func (e *WALError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *WALError) Hint() string {
	switch {
	case isState(e.Err, "42501"): // insufficient_privilege
		return "give the user the right: ALTER ROLE … REPLICATION"
	case isState(e.Err, "55000"): // object_not_in_prerequisite_state
		return "set wal_level = logical in postgresql.conf and restart PostgreSQL"
	case isState(e.Err, "53400"): // configuration_limit_exceeded
		return "set max_replication_slots higher, or drop slots that nobody reads: SELECT * FROM pg_replication_slots"
	case errors.Is(e.Err, errNotPostgres):
		return "use the relay that polls, which works with any database"
	}
	return "look at PostgreSQL's own log"
}

// inUse tells that another relay reads the slot, or one that was killed a moment ago.
func inUse(err error) bool { return isState(err, "55006") }

// follow reads the log until something fails. While it reads, the slot is its alone.
func (r *Relay) follow(ctx context.Context) error {
	outbox, err := pgx.Connect(ctx, r.DB.URL())
	if err != nil {
		return err
	}
	defer outbox.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on a good end
	slot, err := prepare(ctx, outbox)
	if err != nil {
		return &WALError{err}
	}
	config, err := pgconn.ParseConfig(r.DB.URL())
	if err != nil {
		return err
	}
	config.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on a good end
	err = pglogrepl.StartReplication(ctx, conn, slot, 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + publication + "'"},
	})
	if err != nil {
		return fmt.Errorf("read slot %s: %w", slot, err)
	}
	for n := batch; n == batch; { // what is older than the slot
		if n, err = r.pass(ctx); err != nil {
			return err
		}
	}
	return r.tail(ctx, &walReader{conn: conn}, outbox)
}

// tail publishes what comes, and tells PostgreSQL how far it got only afterwards.
func (r *Relay) tail(ctx context.Context, log *walReader, outbox *pgx.Conn) error {
	for {
		r.archive(ctx)
		rows, err := log.read(ctx)
		if err != nil {
			return err
		}
		if rows, err = unpublished(ctx, outbox, rows); err != nil {
			return err
		}
		if err := r.publish(ctx, rows); err != nil {
			return err
		}
		if err := log.confirm(ctx); err != nil {
			return err
		}
	}
}

// walReader reads inserted rows from the log.
type walReader struct {
	conn      *pgconn.PgConn
	columns   map[uint32][]*pglogrepl.RelationMessageColumn
	inside    bool // a transaction whose end hasn't come yet
	rows      []store.Row
	end       pglogrepl.LSN // of what was read
	confirmed pglogrepl.LSN
}

// read returns the rows of one or more whole transactions, in the order of their
// commits; none when there are none for a while.
func (w *walReader) read(ctx context.Context) ([]store.Row, error) {
	w.rows = nil
	for {
		if !w.inside && len(w.rows) >= batch {
			return w.rows, nil
		}
		wait := confirmEvery
		if len(w.rows) > 0 && !w.inside {
			wait = gather
		}
		data, err := w.receive(ctx, wait)
		if err != nil {
			return nil, err
		}
		if data == nil {
			if w.inside {
				continue
			}
			return w.rows, nil
		}
		if err := w.take(data); err != nil {
			return nil, err
		}
	}
}

// receive returns the next message; nil when none came in time, or when PostgreSQL
// asks how far the relay is.
func (w *walReader) receive(ctx context.Context, wait time.Duration) ([]byte, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	message, err := w.conn.ReceiveMessage(waiting)
	switch {
	case err != nil && ctx.Err() == nil && pgconn.Timeout(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch message := message.(type) {
	case *pgproto3.CopyData:
		return w.open(message.Data)
	case *pgproto3.ErrorResponse:
		return nil, pgconn.ErrorResponseToPgError(message)
	}
	return nil, fmt.Errorf("unexpected message %T", message)
}

// open takes a message of the log out of its wrapping.
func (w *walReader) open(data []byte) ([]byte, error) {
	switch data[0] {
	case pglogrepl.XLogDataByteID:
		log, err := pglogrepl.ParseXLogData(data[1:])
		return log.WALData, err
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		alive, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		// Other tables' changes move the end too. Without taking it PostgreSQL would keep
		// their log for ever.
		if err == nil && !w.inside {
			w.end = max(w.end, alive.ServerWALEnd)
		}
		return nil, err
	}
	return nil, fmt.Errorf("unexpected message %q", data[0])
}

// confirm lets PostgreSQL forget what was read.
func (w *walReader) confirm(ctx context.Context) error {
	w.confirmed = max(w.confirmed, w.end)
	return pglogrepl.SendStandbyStatusUpdate(ctx, w.conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: w.confirmed})
}
