package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
)

// Column runs a query on a database of anybody's, and gives the first column of each
// row to visit, as text. The database isn't changed: PostgreSQL and SQLite are told that
// the session only reads, and no table is made. An error of visit ends it and is
// returned.
func Column(ctx context.Context, address, query string, visit func(string) error) error {
	attempt := "query the database " + Redact(address)
	db, err := openReading(address)
	if err != nil {
		return &Error{attempt, err}
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return &Error{attempt, err}
	}
	defer tx.Rollback() //nolint:errcheck // there is nothing to take back
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return &Error{attempt, err}
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return &Error{attempt, err}
	}
	if len(columns) == 0 {
		return &Error{attempt, errors.New("the query gives no column")}
	}
	var first sql.NullString
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(any)
	}
	into[0] = &first
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return &Error{attempt, err}
		}
		if err := visit(first.String); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return &Error{attempt, err}
	}
	return nil
}

func openReading(address string) (*sql.DB, error) {
	switch {
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return sql.Open("pgx", address)
	case strings.HasPrefix(address, "sqlite:") && address != "sqlite:":
		path := strings.TrimPrefix(address, "sqlite:")
		return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)")
	}
	return nil, errors.New("it begins with neither postgres:// nor sqlite:PATH")
}
