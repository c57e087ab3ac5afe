package relay

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// take reads one message of the log.
func (w *walReader) take(data []byte) error {
	message, err := pglogrepl.Parse(data)
	if err != nil {
		return err
	}
	switch message := message.(type) {
	case *pglogrepl.BeginMessage:
		w.inside = true
	case *pglogrepl.RelationMessage:
		if w.columns == nil {
			w.columns = map[uint32][]*pglogrepl.RelationMessageColumn{}
		}
		w.columns[message.RelationID] = message.Columns
	case *pglogrepl.InsertMessage:
		row, err := readRow(w.columns[message.RelationID], message.Tuple)
		if err != nil {
			return err
		}
		w.rows = append(w.rows, row)
	case *pglogrepl.CommitMessage:
		w.inside, w.end = false, message.TransactionEndLSN
	}
	return nil
}

// readRow makes a row of what the log has of it: each column as text.
func readRow(columns []*pglogrepl.RelationMessageColumn, tuple *pglogrepl.TupleData) (row store.Row, err error) {
	if len(columns) != len(tuple.Columns) {
		return row, fmt.Errorf("a row of %d columns in a table of %d", len(tuple.Columns), len(columns))
	}
	for i, column := range columns {
		text := string(tuple.Columns[i].Data)
		switch column.Name {
		case "seq":
			row.Seq, err = strconv.ParseInt(text, 10, 64)
		case "id":
			row.ID, err = uuid.Parse(text)
		case "aggregate_id":
			row.AggregateID = text
		case "aggregate_type":
			row.AggregateType = text
		case "event_type":
			row.EventType = text
		case "payload":
			row.Payload = []byte(text)
		case "created_at":
			var ms int64
			ms, err = strconv.ParseInt(text, 10, 64)
			row.CreatedAt = time.UnixMilli(ms)
		case "trace_parent":
			row.TraceParent = text
		case "correlation_id":
			row.CorrelationID = text
		}
		if err != nil {
			return row, fmt.Errorf("column %s of an event: %w", column.Name, err)
		}
	}
	return row, nil
}

// unseen bounds how long a row that the log has may be missing from the table.
const unseen = time.Second

// unpublished leaves out rows that are marked as published: the log has them again
// after a restart, and those that were published from the table.
//
// The log has a commit a moment before others see its rows. Marking them then would
// mark nothing, so they are waited for. Rows that don't come were archived, which only
// published ones are, or deleted, which takes nothing back: those are published.
func unpublished(ctx context.Context, outbox *pgx.Conn, rows []store.Row) ([]store.Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID.String()
	}
	for deadline := time.Now().Add(unseen); ; pause(ctx, nil) {
		published, err := marks(ctx, outbox, ids)
		if err != nil {
			return nil, err
		}
		if len(published) < len(rows) && time.Now().Before(deadline) {
			continue
		}
		var left []store.Row
		for i, row := range rows {
			if !published[ids[i]] {
				left = append(left, row)
			}
		}
		return left, nil
	}
}

// marks tells of the rows that can be seen whether they are marked as published.
func marks(ctx context.Context, outbox *pgx.Conn, ids []string) (map[string]bool, error) {
	found, err := outbox.Query(ctx, `SELECT id, published_at IS NOT NULL FROM outbox_events WHERE id = ANY($1)
		UNION ALL SELECT id, true FROM outbox_archive WHERE id = ANY($1)`, ids)
	if err != nil {
		return nil, err
	}
	published := map[string]bool{}
	var id string
	var marked bool
	_, err = pgx.ForEachRow(found, []any{&id, &marked}, func() error {
		published[id] = marked
		return nil
	})
	return published, err
}
