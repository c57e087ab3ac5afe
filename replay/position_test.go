package replay_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/replay"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestTimesAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"@2026-03-02T12:00:00Z":               "2026-03-02T12:00:00Z",
		"@2026-03-02T12:00:00.5+01:00":        "2026-03-02T11:00:00.5Z",
		"@1772452800000":                      "2026-03-02T12:00:00Z",
		"@-2h":                                "2026-03-02T10:00:00Z",
		"@-90m":                               "2026-03-02T10:30:00Z",
		"@-1d12h":                             "2026-03-01T00:00:00Z",
		"@-7d":                                "2026-02-23T12:00:00Z",
		"@2026-03-02T12:00[Europe/Berlin]":    "2026-03-02T11:00:00Z",
		"@2026-07-02 12:00:30[Europe/Berlin]": "2026-07-02T10:00:30Z",
		"@2026-03-02[UTC]":                    "2026-03-02T00:00:00Z",
	} {
		p, err := replay.ParsePosition(text, noon)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		at, ok := p.Time()
		if got := at.UTC().Format(time.RFC3339Nano); !ok || got != want || p.String() != text {
			t.Errorf("%s is %s (%v), written %s; want %s", text, got, ok, p, want)
		}
	}
}

func TestPositionsThatMakeNoSenseSayWhatToWrite(t *testing.T) {
	for text, want := range map[string]struct{ reason, hint string }{
		"":                                    {"none of the forms", "start, end"},
		"beginning":                           {"none of the forms", "start, end"},
		"--5":                                 {"none of the forms", "-N before the end"},
		"1.5":                                 {"none of the forms", "an offset"},
		"9223372036854775808":                 {"9223372036854775807", ""},
		"+99999999999999999999":               {"9223372036854775807", ""},
		"@2026-03-02T12:00:00":                {"which time zone", "@2026-03-02T12:00:00Z for UTC"},
		"@2026-03-02":                         {"which time zone", "@2026-03-02T00:00:00Z for UTC, or @2026-03-02[Europe/Berlin]"},
		"@1772452800":                         {"1970-01-21", "in seconds it would be 2026-03-02T12:00:00Z: write @1772452800000"},
		"@1772452800000000":                   {"58136", "in microseconds"},
		"@1772452800000000000":                {"milliseconds", "in nanoseconds"},
		"@5":                                  {"1970-01-01", "start"},
		"@99999999999999999999":               {"too large", ""},
		"@yesterday":                          {"no time", "@-2h"},
		"@-2":                                 {"no span of time", "@-2h"},
		"@--2h":                               {"no span of time", ""},
		"@-1d-1h":                             {"no span of time", ""},
		"@2026-03-29T02:30[Europe/Berlin]":    {"never showed it", "UTC"},
		"@2026-10-25T02:30[Europe/Berlin]":    {"showed it twice", "@2026-10-25T02:30:00+02:00 or @2026-10-25T02:30:00+01:00"},
		"@2026-03-02T12:00[Europe/Nowhere]":   {"no time zone", "[UTC]"},
		"@2026-03-02T12:00[]":                 {"no time zone", ""},
		"@noon[UTC]":                          {"no time", ""},
		"@2026-02-30T12:00:00Z":               {"no time", ""},
		"@2026-03-02T12:00[../../etc/passwd]": {"no time zone", ""},
	} {
		_, err := replay.ParsePosition(text, noon)
		var position *replay.PositionError
		if !errors.As(err, &position) {
			t.Errorf("%q: error %v, want a *PositionError", text, err)
			continue
		}
		if !strings.Contains(position.Reason, want.reason) || !strings.Contains(position.Hint(), want.hint) {
			t.Errorf("%q: %s; hint: %s; want %q and %q in them", text, err, position.Hint(), want.reason, want.hint)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, seed := range []string{"start", "+1", "-1", "@-1d2h", "@2026-10-25T02:30[Europe/Berlin]", "@1772452800000", "@2026-03-02T12:00:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := replay.ParsePosition(text, noon)
		if err == nil && p.String() != text {
			t.Errorf("%q became %q", text, p)
		}
	})
}
