package kafkatest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Database is a running PostgreSQL 18, set up for logical decoding.
type Database struct {
	home *postgresHome
	dir  string
	port int
	proc *Process
}

var (
	postgresOnce sync.Once
	postgres     *Database
	errPostgres  error
)

// Postgres gives the real PostgreSQL that all tests of this process share, started
// at the first call. Each has databases of its own, see [Database.URL]. A test that
// stops or kills it needs [OwnPostgres].
func Postgres(t testing.TB) *Database {
	t.Helper()
	home := needPostgres(t)
	postgresOnce.Do(func() { postgres, errPostgres = startPostgres(home) })
	if errPostgres != nil {
		t.Fatalf("starting the shared PostgreSQL: %v", errPostgres)
	}
	return postgres
}

// OwnPostgres starts one for this test alone, which ends with the test.
func OwnPostgres(t testing.TB) *Database {
	t.Helper()
	d, err := startPostgres(needPostgres(t))
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	t.Cleanup(d.remove)
	return d
}

// postgresUser may do everything, and needs no password: it is reached from this
// machine only.
const postgresUser = "evtctl"

// URL makes an empty database that no other test uses and says where it is. It is
// dropped with the test.
func (d *Database) URL(t testing.TB) string {
	t.Helper()
	// PostgreSQL cuts names after 63 bytes: the end is what makes them unique.
	name := uniqueName(t, "")
	name = name[max(0, len(name)-60):]
	if err := d.run("CREATE DATABASE " + pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatalf("making database %q: %v", name, err)
	}
	t.Cleanup(func() {
		// One with a replication slot, or whose server was stopped, stays. It goes with
		// the server's files.
		_ = d.run("DROP DATABASE " + pgx.Identifier{name}.Sanitize() + " WITH (FORCE)")
	})
	return d.url(name)
}

func (d *Database) url(name string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(postgresUser), Host: fmt.Sprintf("127.0.0.1:%d", d.port),
		Path: name, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// run runs a statement that belongs to no database.
func (d *Database) run(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing depends on a good end
	_, err = conn.Exec(ctx, statement)
	return err
}

// Stop ends the server as an operator would: connections are cut, what was
// committed is written out.
func (d *Database) Stop(t testing.TB) {
	t.Helper()
	// Asked with SIGTERM it would wait for its clients.
	if err := d.proc.signal("INT"); err != nil {
		t.Fatal(err)
	}
	if !d.proc.wait(endTime) {
		t.Fatalf("PostgreSQL didn't end within %s of being asked\n%s", endTime, d.proc.tails())
	}
}

// Kill is kill -9 to the server. The processes of its connections notice, and cut
// them a moment later. What was committed is there at the next Start.
func (d *Database) Kill(t testing.TB) {
	t.Helper()
	if err := d.proc.signal("KILL"); err != nil {
		t.Fatal(err)
	}
	if !d.proc.wait(endTime) {
		t.Fatalf("PostgreSQL survived SIGKILL for %s", endTime)
	}
}

// Start starts a server that was stopped or killed, at the same address, and waits
// until it answers.
func (d *Database) Start(t testing.TB) {
	t.Helper()
	if d.proc.Running() {
		t.Fatal("PostgreSQL runs already")
	}
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
}

// remove ends the server and deletes its files.
func (d *Database) remove() {
	if d.proc != nil {
		_ = d.proc.Kill()
	}
	_ = os.RemoveAll(d.dir)
}
