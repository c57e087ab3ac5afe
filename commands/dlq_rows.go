package commands

import (
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// letterRow is a letter in a list. It holds none of the record's bytes, so that many of
// them fit into memory.
type letterRow struct {
	at          dlq.Coordinates
	dialect     string
	diedAt      *time.Time
	timestamp   *time.Time
	class       string
	message     string
	fingerprint string
	origin      string
	group       string
	key         string
	state       string
	expiresAt   *time.Time
	attempts    *int64
}

// Bounds of what a row keeps.
const (
	maxRowMessage = 300
	maxRowKey     = 100
)

func rowOf(l *dlq.Letter) letterRow {
	row := letterRow{
		at: l.Coordinates, dialect: l.Dialect, diedAt: l.DiedAt, timestamp: l.Timestamp,
		class: strings.Clone(deref(l.Cause.Class)), message: strings.Clone(firstLine(l.Cause.Message, maxRowMessage)),
		fingerprint: l.Cause.Fingerprint, origin: originOf(l.Origin), group: strings.Clone(deref(l.Origin.Group)),
		expiresAt: l.ExpiresAt, attempts: l.Cause.Attempts,
	}
	if l.Key != nil {
		row.key = string(l.Key[:min(len(l.Key), maxRowKey)])
	}
	if l.Disposition != nil {
		row.state = l.Disposition.State
	}
	return row
}

// originOf is as much of topic:partition:offset as a letter says.
func originOf(o dlq.Origin) string {
	text := strings.Clone(deref(o.Topic))
	if o.Topic != nil && o.Partition != nil && o.Offset != nil {
		text = dlq.Coordinates{Topic: *o.Topic, Partition: *o.Partition, Offset: *o.Offset}.String()
	}
	return text
}

// letterColumns are those of a list of rows.
func letterColumns(now time.Time) []render.Column[letterRow] {
	type r = letterRow
	return []render.Column[r]{
		{Name: "COORDINATES", Raw: func(r r) string { return r.at.String() }},
		{Name: "TIME", Right: true, Raw: func(r r) string { return stamp(r.timestamp) }, Text: func(r r) string { return ago(now, r.timestamp) }},
		{Name: "DIALECT", Drop: 6, Raw: func(r r) string { return r.dialect }},
		{Name: "CLASS", Raw: func(r r) string { return r.class }, Text: func(r r) string { return simpleName(&r.class) }, Shrink: true},
		{Name: "MESSAGE", Raw: func(r r) string { return r.message }, Text: func(r r) string { return firstLine(&r.message, 100) }, Shrink: true},
		{Name: "ORIGIN", Raw: func(r r) string { return r.origin }, Shrink: true, Drop: 5},
		{Name: "GROUP", Wide: true, Raw: func(r r) string { return r.group }},
		{Name: "KEY", Wide: true, Raw: func(r r) string { return r.key }},
		{Name: "ATTEMPTS", Wide: true, Right: true, Raw: func(r r) string { return digits(r.attempts) }},
		{Name: "DISPOSITION", Raw: func(r r) string { return r.state }},
		expiryColumn(now),
		{Name: "FINGERPRINT", Drop: 7, Raw: func(r r) string { return r.fingerprint }},
	}
}

func expiryColumn(now time.Time) render.Column[letterRow] {
	return render.Column[letterRow]{
		Name: "EXPIRES", Right: true, Drop: 3, Raw: func(r letterRow) string { return stamp(r.expiresAt) },
		Text: func(r letterRow) string { return until(now, r.expiresAt) }, Tone: func(r letterRow) render.Tone { return expiryTone(now, r.expiresAt) },
	}
}

// roomForOrigin is how wide a screen must be to show where letters came from beside why
// they died.
const roomForOrigin = 110

// screenColumns are those of the browser, which has the topic in its title and less
// room: 80 columns are enough.
func screenColumns(now time.Time, width int, disposed bool) []render.Column[letterRow] {
	type r = letterRow
	columns := []render.Column[r]{
		{Name: "AT", Raw: func(r r) string { return strings.TrimPrefix(r.at.String(), r.at.Topic+":") }},
		{Name: "TIME", Right: true, Raw: func(r r) string { return ago(now, r.timestamp) }},
		{Name: "CAUSE", Shrink: true, Raw: func(r r) string { return causeOf(r.class, r.message) }},
	}
	if width >= roomForOrigin {
		columns = append(columns, render.Column[r]{Name: "ORIGIN", Drop: 4, Shrink: true, Raw: func(r r) string { return r.origin }})
	}
	if disposed {
		columns = append(columns, render.Column[r]{Name: "DISPOSITION", Drop: 5, Raw: func(r r) string { return r.state }})
	}
	return append(columns, expiryColumn(now))
}

// causeOf is a class and a message on one line.
func causeOf(class, message string) string {
	text := simpleName(&class)
	if text != "" && message != "" {
		text += ": "
	}
	return text + firstLine(&message, maxRowMessage)
}
