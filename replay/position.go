package replay

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Position says where in a partition to begin, or to stop, in one of these forms:
//
//	start                        the first record that is still there
//	end                          behind the newest record
//	1234                         the offset 1234
//	+100, -100                   100 offsets behind the start, 100 before the end
//	@2026-03-02T12:00:00Z        the first record of that time or later (RFC 3339)
//	@2026-03-02T12:00[Europe/Berlin]  the same, as a clock shows it there (RFC 9557)
//	@1772452800000               the same, in milliseconds since 1970, UTC
//	@-2h, @-1d12h                the same, that long ago
type Position struct {
	kind   kind
	offset int64 // of an offset, and of the distance from start or end
	time   time.Time
	text   string // as it was written
}

type kind int

const (
	atOffset kind = iota
	afterStart
	beforeEnd
	atTime
)

// The two ends of a partition.
var (
	Start = Position{kind: afterStart, text: "start"}
	End   = Position{kind: beforeEnd, text: "end"}
)

// AtOffset is the position of an offset.
func AtOffset(offset int64) Position {
	return Position{kind: atOffset, offset: offset, text: strconv.FormatInt(offset, 10)}
}

// AtTime is the position of the first record of a time or later.
func AtTime(t time.Time) Position {
	return Position{kind: atTime, time: t, text: "@" + t.UTC().Format(time.RFC3339Nano)}
}

// Time is the position's time; ok is false for one that is no time.
func (p Position) Time() (t time.Time, ok bool) { return p.time, p.kind == atTime }

// String gives the position as it was written.
func (p Position) String() string { return p.text }

// PositionError is a position that makes no sense.
type PositionError struct {
	Text, Reason string
	hint         string
}

func (e *PositionError) Error() string { return fmt.Sprintf("position %q: %s", e.Text, e.Reason) }

// Hint says what to write instead.
func (e *PositionError) Hint() string { return e.hint }

const positionForms = "start, end, an offset, +N after the start, -N before the end, or @TIME as in @-2h, @2026-03-02T12:00:00Z and @1772452800000"

// ParsePosition reads a position. Durations count back from now. An error is a
// [*PositionError].
func ParsePosition(text string, now time.Time) (Position, error) {
	p, reason, hint := parsePosition(text, now)
	if reason != "" {
		if hint == "" {
			hint = positionForms
		}
		return Position{}, &PositionError{text, reason, hint}
	}
	p.text = text
	return p, nil
}

func parsePosition(text string, now time.Time) (p Position, reason, hint string) {
	switch {
	case text == "start" || text == "end":
		p = map[string]Position{"start": Start, "end": End}[text]
	case strings.HasPrefix(text, "@"):
		p.kind = atTime
		p.time, reason, hint = parseTime(text[1:], now)
	case strings.HasPrefix(text, "+"):
		p.kind = afterStart
		p.offset, reason = parseOffset(text[1:])
	case strings.HasPrefix(text, "-"):
		p.kind = beforeEnd
		p.offset, reason = parseOffset(text[1:])
	default:
		p.offset, reason = parseOffset(text)
	}
	return p, reason, hint
}

func parseOffset(digits string) (int64, string) {
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, "offsets end at 9223372036854775807"
	case err != nil:
		return 0, "it is none of the forms there are"
	}
	return int64(n), ""
}

// The times that are taken at face value: what lies before or after is most likely
// meant in another unit. Kafka itself is from 2011, and keeps no record from the
// seventies that doesn't come of such a mistake.
var (
	earliestMillis = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latestMillis   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
)

var onlyDigits = regexp.MustCompile(`^[0-9]+$`)

func parseTime(text string, now time.Time) (t time.Time, reason, hint string) {
	switch {
	case strings.HasPrefix(text, "-"):
		ago, ok := parseAgo(text[1:])
		if !ok {
			return t, "it is no span of time", "such as @-90m, @-2h or @-1d12h"
		}
		return now.Add(-ago), "", ""
	case onlyDigits.MatchString(text):
		return parseMillis(text)
	case strings.HasSuffix(text, "]"):
		return parseZoned(text)
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, "", ""
	}
	for _, layout := range clockLayouts {
		if local, err := time.Parse(layout, text); err == nil {
			return t, "it doesn't say in which time zone",
				fmt.Sprintf("@%s for UTC, or @%s[Europe/Berlin]", local.Format(time.RFC3339), text)
		}
	}
	return t, "it is no time", "such as @2026-03-02T12:00:00Z, @2026-03-02T12:00[Europe/Berlin], @1772452800000 or @-2h"
}

func parseMillis(digits string) (t time.Time, reason, hint string) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return t, "it is too large for a time in milliseconds", ""
	}
	if n >= earliestMillis && n <= latestMillis {
		return time.UnixMilli(n), "", ""
	}
	as := func(unit string, millis int64) string {
		return fmt.Sprintf("in %s it would be %s: write @%d", unit, time.UnixMilli(millis).UTC().Format(time.RFC3339), millis)
	}
	reason = "as milliseconds since 1970 it is " + time.UnixMilli(n).UTC().Format(time.DateOnly)
	within := func(millis int64) bool { return millis >= earliestMillis && millis <= latestMillis }
	switch {
	case n <= latestMillis/1000 && within(n*1000):
		return t, reason, as("seconds", n*1000)
	case within(n / 1000):
		return t, reason, as("microseconds", n/1000)
	case within(n / 1e6):
		return t, reason, as("nanoseconds", n/1e6)
	}
	return t, reason, "for the first record that is there, write start"
}

var daysAgo = regexp.MustCompile(`^([0-9]{1,5})d(.*)$`)

// parseAgo reads a duration of Go's, with days before it.
func parseAgo(text string) (time.Duration, bool) {
	var days time.Duration
	if m := daysAgo.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		days, text = time.Duration(n)*24*time.Hour, m[2]
		if text == "" {
			return days, true
		}
	}
	rest, err := time.ParseDuration(text)
	sum := days + rest
	return sum, err == nil && rest >= 0 && sum >= 0 && text[0] != '+' && text[0] != '-'
}

var clockLayouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// parseZoned reads what a clock shows in a zone. When clocks are set forward there
// are times that they never show, and when they are set back some that they show
// twice.
func parseZoned(text string) (t time.Time, reason, hint string) {
	clock, name, _ := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return t, fmt.Sprintf("no time zone is called %q", name), "such as [Europe/Berlin] or [UTC]"
	}
	for _, layout := range clockLayouts {
		wall, err := time.Parse(layout, clock)
		if err != nil {
			continue
		}
		switch moments := momentsOf(wall, zone); len(moments) {
		case 1:
			return moments[0], "", ""
		case 0:
			return t, fmt.Sprintf("clocks in %s never showed it: they were set forward", name), "say it in UTC, as in @2026-03-29T01:30:00Z"
		default:
			return t, fmt.Sprintf("clocks in %s showed it twice: they were set back", name),
				fmt.Sprintf("@%s or @%s", moments[0].Format(time.RFC3339), moments[1].Format(time.RFC3339))
		}
	}
	return t, "it is no time", "such as @2026-03-02T12:00[Europe/Berlin]"
}

// momentsOf lists the moments at which a clock in a zone shows a time, in order.
func momentsOf(wall time.Time, zone *time.Location) []time.Time {
	var list []time.Time
	for _, near := range []time.Duration{-26 * time.Hour, 26 * time.Hour} { // no zone changes twice in that time
		_, offset := wall.Add(near).In(zone).Zone()
		moment := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		shows := moment.Format(time.DateTime) == wall.Format(time.DateTime)
		if shows && (len(list) == 0 || !list[0].Equal(moment)) {
			list = append(list, moment)
		}
	}
	return list
}
