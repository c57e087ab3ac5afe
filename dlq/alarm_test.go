package dlq_test

import (
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
)

func died(offset int64, fingerprint string) *dlq.Letter {
	return &dlq.Letter{Coordinates: dlq.Coordinates{Topic: "orders-dlt", Offset: offset}, Cause: dlq.Cause{Fingerprint: fingerprint}}
}

func TestAnAlarmTellsOfEachNewCauseOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a := dlq.Alarm{Topic: "orders-dlt", Window: time.Minute}
	a.Know("known")
	for i, c := range []struct {
		fingerprint string
		alerts      bool
	}{{"known", false}, {"new", true}, {"new", false}, {"newer", true}, {"known", false}} {
		alert := a.Arrived(died(int64(i), c.fingerprint), now)
		if (alert != nil) != c.alerts {
			t.Errorf("letter %d of cause %q: alert %v", i, c.fingerprint, alert)
		}
		if alert != nil && (alert.Kind != dlq.NewCause || alert.Example.Offset != int64(i) || alert.Letters != int64(i+1)) {
			t.Errorf("letter %d: %+v", i, alert)
		}
	}
	if alert := a.Rate(now); alert != nil {
		t.Errorf("%v, without a limit", alert)
	}
}

func TestAnAlarmTellsOfTooManyLettersOncePerWindow(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a := dlq.Alarm{Window: time.Minute, Limit: 3}
	a.Know("c")
	for _, step := range []struct {
		second, letters int
		alert           int64 // how many letters it tells of; 0: none
	}{
		{0, 2, 0},
		{10, 1, 3},    // the third within a minute
		{20, 5, 0},    // told already
		{60, 0, 0},    // the two of second 0 are out of the window
		{70, 0, 5},    // a minute after the first alert, and still too many
		{80, 0, 0},    // the five of second 20 are gone
		{85, 2, 0},    // below the limit
		{90, 1, 3},    // above it anew
		{200, 0, 0},   // silence
		{201, 10, 10}, // at once
	} {
		now := start.Add(time.Duration(step.second) * time.Second)
		for range step.letters {
			a.Arrived(died(0, "c"), now)
		}
		var got int64
		if alert := a.Rate(now); alert != nil {
			got = alert.Letters
			if alert.Kind != dlq.TooMany || alert.Limit == nil || *alert.Limit != 3 {
				t.Errorf("at second %d: %+v", step.second, alert)
			}
		}
		if got != step.alert {
			t.Errorf("at second %d: an alert of %d letters, want %d", step.second, got, step.alert)
		}
	}
}
