package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// publication names what of the database the log's readers get: inserts into the
// outbox.
const publication = "evtctl_outbox"

// slotName is the slot's. Slots belong to the server, so the database's number is in
// it.
func slotName(ctx context.Context, conn *pgx.Conn) (name string, err error) {
	err = conn.QueryRow(ctx, "SELECT 'evtctl_outbox_' || oid FROM pg_database WHERE datname = current_database()").Scan(&name)
	return name, err
}

// prepare makes the publication and the slot unless they are there. A slot whose log
// PostgreSQL has thrown away is made anew: the table still has what wasn't published.
func prepare(ctx context.Context, conn *pgx.Conn) (slot string, err error) {
	if slot, err = slotName(ctx, conn); err != nil {
		return "", err
	}
	// Two relays that start together would make both at the same time, at which the
	// publication fails in ways of its own.
	if _, err = conn.Exec(ctx, "SELECT pg_advisory_lock(7306)"); err != nil {
		return "", fmt.Errorf("wait for another relay's start: %w", err)
	}
	defer conn.Exec(ctx, "SELECT pg_advisory_unlock(7306)") //nolint:errcheck // it ends with the connection
	// The slot can't be read before the time of the publication, so that comes first.
	_, err = conn.Exec(ctx, "CREATE PUBLICATION "+publication+" FOR TABLE outbox_events WITH (publish = 'insert')")
	if err != nil && !isState(err, "42710") { // duplicate_object
		return "", fmt.Errorf("make publication %s: %w", publication, err)
	}
	if _, err = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND wal_status = 'lost'", slot); err != nil {
		return "", fmt.Errorf("drop the lost slot %s: %w", slot, err)
	}
	_, err = conn.Exec(ctx, "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", slot)
	if err != nil && !isState(err, "42710") {
		return "", fmt.Errorf("make slot %s: %w", slot, err)
	}
	return slot, nil
}

// DropSlot drops what [Relay.RunWAL] leaves in a database: the slot, for which
// PostgreSQL would keep its log for ever, and the publication. It waits a few seconds
// for a relay that ends. Without a slot, or in another kind of database, it does
// nothing.
func DropSlot(ctx context.Context, db *store.DB) error {
	if !db.IsPostgres() {
		return nil
	}
	conn, err := pgx.Connect(ctx, db.URL())
	if err != nil {
		return fmt.Errorf("drop the relay's slot: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on a good end
	slot, err := slotName(ctx, conn)
	if err != nil {
		return fmt.Errorf("drop the relay's slot: %w", err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; pause(ctx, nil) {
		_, err = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", slot)
		if !inUse(err) || ctx.Err() != nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("drop slot %s: %w", slot, err)
	}
	if _, err := conn.Exec(ctx, "DROP PUBLICATION IF EXISTS "+publication); err != nil {
		return fmt.Errorf("drop publication %s: %w", publication, err)
	}
	return nil
}

// isState tells an error of PostgreSQL by its code.
func isState(err error, code string) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == code
}
