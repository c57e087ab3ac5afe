package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// startPostgres makes a database server's files, starts it and waits until it
// answers.
func startPostgres(home *postgresHome) (d *Database, err error) {
	for range 3 {
		if d, err = tryPostgres(home); !errors.Is(err, errPortTaken) {
			break
		}
	}
	return d, err
}

func tryPostgres(home *postgresHome) (_ *Database, err error) {
	d := &Database{home: home}
	defer func() {
		if err != nil {
			d.remove()
		}
	}()
	if d.dir, err = newDir("postgres"); err != nil {
		return nil, err
	}
	if err = home.as.give(d.dir); err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	if d.port, err = freePort(nil); err != nil {
		return nil, err
	}
	if err = d.initialise(); err != nil {
		return nil, err
	}
	return d, d.start()
}

func (d *Database) data() string { return filepath.Join(d.dir, "data") }

// initialise makes the files of an empty server.
func (d *Database) initialise() error {
	ctx, cancel := context.WithTimeout(context.Background(), bootTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.home.program("initdb"), "--pgdata="+d.data(), "--username="+postgresUser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = d.dir
	d.home.as.run(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making PostgreSQL's files: initdb: %w\n%s", err, out)
	}
	return nil
}

// command runs the server. Nothing is forced to the disk: what a killed process has
// written is the system's, and only the machine's end would lose it.
func (d *Database) command() command {
	args := []string{d.home.program("postgres"), "-D", d.data()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", d.port), "unix_socket_directories=",
		"wal_level=logical", "max_replication_slots=50", "max_wal_senders=50", "max_connections=300",
		"shared_buffers=32MB", "fsync=off", "full_page_writes=off", "max_wal_size=256MB",
	} {
		args = append(args, "-c", setting)
	}
	// Killed, it would leave a System V segment behind, of which a machine has few.
	return command{args: args, farewell: "QUIT", as: d.home.as}
}

// start starts the server on its files. After a kill -9 its processes need a moment
// to notice, and until then another doesn't start.
func (d *Database) start() error {
	for deadline := time.Now().Add(bootTime); ; time.Sleep(pollEvery) {
		var err error
		if d.proc, err = start("PostgreSQL", d.command(), d.dir); err != nil {
			return err
		}
		err = d.await()
		if !errors.Is(err, errStillInUse) || time.Now().After(deadline) {
			return err
		}
	}
}

// errStillInUse says that processes of a killed server are still there.
var errStillInUse = errors.New("its files are in use")

// await waits until the server answers. On a port that was taken after all, somebody
// else's may, until this one has ended.
func (d *Database) await() error {
	detail, ok := poll(bootTime, func() (bool, string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := d.ask(ctx)
		return err == nil || !d.proc.Running(), fmt.Sprint(err)
	})
	complaint := d.proc.Stderr()
	switch {
	case !ok:
		return fmt.Errorf("waited %s for PostgreSQL to answer: %s\n%s", bootTime, detail, d.proc.tails())
	case d.proc.Running():
		return nil
	case strings.Contains(complaint, "Address already in use"):
		return fmt.Errorf("starting PostgreSQL: %w\n%s", errPortTaken, d.proc.tails())
	case strings.Contains(complaint, "is still in use"), strings.Contains(complaint, "already exists"):
		return fmt.Errorf("starting PostgreSQL: %w\n%s", errStillInUse, d.proc.tails())
	}
	return fmt.Errorf("PostgreSQL ended with exit code %d while it started\n%s", d.proc.ExitCode(), d.proc.tails())
}

// ask asks whoever answers where its files are, which only the right one has here.
func (d *Database) ask(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing depends on a good end
	var data string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return err
	}
	if data != d.data() {
		return fmt.Errorf("the server of %s answers", data)
	}
	return nil
}

// reach lets the login that runs the server into the folder of this process's files.
func reach(as *login) error {
	home, err := workspace()
	if err != nil || as == nil {
		return err
	}
	return os.Chmod(home.dir, 0o711)
}
