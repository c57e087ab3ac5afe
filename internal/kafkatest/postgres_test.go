package kafkatest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// connect opens a connection that ends with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func ask(t *testing.T, conn *pgx.Conn, query string) (answer string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func execute(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestPostgresGivesEachTestADatabase(t *testing.T) {
	d := Postgres(t)
	if again := Postgres(t); again != d {
		t.Error("tests of one process don't share it")
	}
	one, other := connect(t, d.URL(t)), connect(t, d.URL(t))
	execute(t, one, "CREATE TABLE orders (id text)")
	if got := ask(t, other, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'orders'"); got != "0" {
		t.Errorf("the other database has %s such tables, want none", got)
	}
	if got := ask(t, one, "SHOW server_version"); !strings.HasPrefix(got, "18.1") {
		t.Errorf("it is %s, want 18.1", got)
	}
	if got := ask(t, one, "SHOW wal_level"); got != "logical" {
		t.Errorf("its WAL is %s, want logical", got)
	}
}

func TestWhatPostgresCommittedOutlivesAKill(t *testing.T) {
	d := OwnPostgres(t)
	url := d.URL(t)
	conn := connect(t, url)
	execute(t, conn, "CREATE TABLE orders (id text)")
	execute(t, conn, "INSERT INTO orders VALUES ('o-1')")
	for _, end := range []struct {
		name string
		how  func(testing.TB)
	}{{"killed", d.Kill}, {"stopped", d.Stop}} {
		open := connect(t, url) // a client that doesn't go by itself
		end.how(t)
		Eventually(t, soon, "connections to be cut", func() (bool, string) {
			return open.Ping(t.Context()) != nil, "it answers though it was " + end.name
		})
		d.Start(t)
		if got := ask(t, connect(t, url), "SELECT string_agg(id, ' ') FROM orders"); got != "o-1" {
			t.Errorf("after it was %s it has %q, want o-1", end.name, got)
		}
	}
}

func TestAPostgresEndsWithItsTest(t *testing.T) {
	var dir string
	var pid int
	t.Run("one of a test's own", func(t *testing.T) {
		d := OwnPostgres(t)
		dir = d.dir
		pid, _ = strconv.Atoi(strings.TrimSpace(readFile(filepath.Join(dir, "pid"))))
		if !alive(pid) {
			t.Fatalf("process %d, that should be it, doesn't run", pid)
		}
	})
	awaitEnd(t, pid, dir)
}

func TestAPostgresEndsWithAKilledTestProcess(t *testing.T) {
	needPostgres(t)
	h := hold(t, "postgres")
	dir := h.line()
	pid, err := strconv.Atoi(h.line())
	if err != nil || !alive(pid) {
		t.Fatalf("process %d, that should be it, doesn't run: %v", pid, err)
	}
	h.kill()
	awaitEnd(t, pid, dir)
}

func TestAPostgresThatDoesNotStartSaysWhy(t *testing.T) {
	home := needPostgres(t)
	bare := &postgresHome{folder: t.TempDir(), as: home.as}
	if _, err := startPostgres(bare); err == nil || !strings.Contains(err.Error(), "initdb") {
		t.Errorf("the error is %v, want one that names the missing program", err)
	}
	taken := Postgres(t)
	d := &Database{home: home, port: taken.port}
	var err error
	if d.dir, err = newDir("postgres"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.remove)
	if err := errors.Join(home.as.give(d.dir), d.initialise()); err != nil {
		t.Fatal(err)
	}
	if err := d.start(); !errors.Is(err, errPortTaken) {
		t.Errorf("on another's port the error is %v, want %v", err, errPortTaken)
	}
}

func TestPostgresIsBuiltForSomePlatforms(t *testing.T) {
	for platform, want := range map[string]string{"linux/amd64": "linux-amd64", "darwin/arm64": "darwin-arm64v8", "plan9/amd64": "", "linux/mips": ""} {
		system, processor, _ := strings.Cut(platform, "/")
		got, err := postgresPlatform(system, processor)
		if got != want || (want == "") != errors.Is(err, errUnavailable) {
			t.Errorf("%s is %q, error %v, want %q", platform, got, err, want)
		}
	}
}

func TestADamagedArchiveLeavesNoPrograms(t *testing.T) {
	files, folder := t.TempDir(), filepath.Join(t.TempDir(), "programs")
	if err := unpackPostgres(files, folder); err == nil || !strings.Contains(err.Error(), "0 archives") {
		t.Errorf("without an archive the error is %v", err)
	}
	if err := os.WriteFile(filepath.Join(files, "postgres.txz"), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unpackPostgres(files, folder); err == nil || !strings.Contains(err.Error(), "postgres.txz") {
		t.Errorf("the error is %v, want one that names the archive", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("a folder is left that the next run takes for complete: %v", err)
	}
}
