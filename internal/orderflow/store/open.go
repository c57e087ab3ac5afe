package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

//go:embed tables.sql
var tables string

// DB is the database. It may be used from any goroutine, and by several processes.
type DB struct {
	sql      *sql.DB
	look     *sql.DB // for reading, beside whoever writes
	url      string
	postgres bool
	folder   string // to be removed with it; empty: none
}

// Open opens a database and makes what tables it lacks. The URL is
// postgres://user:password@host:port/name, or sqlite:PATH; empty is an SQLite file
// that is gone after Close.
func Open(ctx context.Context, address string) (*DB, error) {
	db := &DB{url: address}
	var err error
	switch {
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		db.postgres = true
		db.sql, err = sql.Open("pgx", address)
		db.look = db.sql
	case address == "":
		if db.folder, err = os.MkdirTemp("", "evtctl-shop-"); err == nil {
			db.url = "sqlite:" + filepath.Join(db.folder, "shop.db")
			err = db.openSQLite(filepath.Join(db.folder, "shop.db"))
		}
	case strings.HasPrefix(address, "sqlite:") && address != "sqlite:":
		err = db.openSQLite(strings.TrimPrefix(address, "sqlite:"))
	default:
		err = errors.New("it begins with neither postgres:// nor sqlite:PATH")
	}
	if err == nil {
		err = db.migrate(ctx)
		for tries := 0; err != nil && strings.Contains(err.Error(), "SQLITE_BUSY") && tries < 20 && ctx.Err() == nil; tries++ {
			time.Sleep(50 * time.Millisecond) // another process makes the file just now
			err = db.migrate(ctx)
		}
	}
	if err != nil {
		if db.sql != nil {
			db.Close()
		}
		return nil, &Error{"open the database " + Redact(address), err}
	}
	return db, nil
}

// openSQLite has one connection for writing: SQLite has one writer at a time, and a
// queue in this process is quicker than its own of waiting and trying again.
func (db *DB) openSQLite(path string) (err error) {
	file := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	if db.sql, err = sql.Open("sqlite", file+"&_txlock=immediate"); err != nil {
		return err
	}
	db.sql.SetMaxOpenConns(1)
	if db.look, err = sql.Open("sqlite", file+"&_pragma=query_only(1)"); err == nil {
		db.look.SetMaxOpenConns(4)
	}
	return err
}

// migrate makes the tables. Several processes may do so at a time.
func (db *DB) migrate(ctx context.Context) error {
	text := tables
	if db.postgres {
		db.sql.SetMaxOpenConns(20)
		db.sql.SetMaxIdleConns(20) // of two, the default, most would be opened anew for each transaction
		db.sql.SetConnMaxIdleTime(time.Minute)
		text = strings.ReplaceAll(text, "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY")
	}
	return db.Do(ctx, func(tx *Tx) error {
		if db.postgres { // CREATE … IF NOT EXISTS isn't safe by itself
			if err := tx.exec("SELECT pg_advisory_xact_lock(7305)"); err != nil {
				return err
			}
		}
		for _, statement := range strings.Split(text, ";") {
			if statement = strings.TrimSpace(statement); statement != "" {
				if err := tx.exec(statement); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// URL is where the database is, with what Open made of an empty one.
func (db *DB) URL() string { return db.url }

// IsPostgres tells PostgreSQL from SQLite.
func (db *DB) IsPostgres() bool { return db.postgres }

// Close closes it, and removes a file that Open made.
func (db *DB) Close() error {
	err := db.sql.Close()
	if db.look != nil && db.look != db.sql {
		err = errors.Join(err, db.look.Close())
	}
	if db.folder != "" {
		_ = os.RemoveAll(db.folder)
	}
	return err
}

// Redact is a database's URL without its password.
func Redact(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return strings.SplitN(text, ":", 2)[0] + ":…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery = ""
	return u.String()
}
