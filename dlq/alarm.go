package dlq

import (
	"maps"
	"time"
)

// AlertVersion is the version of the JSON form of [Alert].
const AlertVersion = 1

// Why there is an alert.
const (
	TooMany  = "rate"      // as many letters in the time as the limit
	NewCause = "new-cause" // a fingerprint that was not there before
)

// Alert is a reason to look at a topic.
type Alert struct {
	Version int       `json:"version"`
	Kind    string    `json:"kind"` // rate or new-cause
	Topic   string    `json:"topic"`
	At      time.Time `json:"at"`
	// Letters are those that came in the last WindowSeconds.
	Letters       int64   `json:"letters"`
	WindowSeconds float64 `json:"window_seconds"`
	Limit         *int64  `json:"limit"` // null for a new cause
	// Example is a letter: of the new cause the first, else the newest.
	Example Coordinates `json:"example"`
	Origin  Origin      `json:"origin"` // the example's
	Cause   Cause       `json:"cause"`  // the example's; its stack trace is left out
}

// Alarm tells from the letters of one topic, as they arrive, when there is a reason to
// look at it. It is for one goroutine.
type Alarm struct {
	Topic  string
	Window time.Duration // in which letters are counted
	Limit  int64         // as many in a window are too many; 0: none are

	known    map[string]bool
	arrivals map[int64]int64 // letters by the second, within the window
	newest   *Letter
	last     time.Time // of the last alert about the rate
	over     bool
}

// Know says that causes are no news.
func (a *Alarm) Know(fingerprints ...string) {
	if a.known == nil {
		a.known = map[string]bool{}
	}
	for _, f := range fingerprints {
		a.known[f] = true
	}
}

// Arrived counts a letter that came at a time, and gives an alert for one that died of a
// cause that isn't known; from then on it is.
func (a *Alarm) Arrived(l *Letter, at time.Time) *Alert {
	if a.arrivals == nil {
		a.arrivals = map[int64]int64{}
	}
	a.arrivals[at.Unix()]++
	a.newest = l
	if a.known[l.Cause.Fingerprint] {
		return nil
	}
	a.Know(l.Cause.Fingerprint)
	return a.alert(NewCause, l, at)
}

// Letters is how many came in the window up to now.
func (a *Alarm) Letters(now time.Time) (n int64) {
	cut := now.Add(-a.Window).Unix()
	maps.DeleteFunc(a.arrivals, func(second, _ int64) bool { return second <= cut })
	for _, letters := range a.arrivals {
		n += letters
	}
	return n
}

// Rate gives an alert when the letters of the window reach the limit, and again each
// time a window has passed while they still do.
func (a *Alarm) Rate(now time.Time) *Alert {
	n := a.Letters(now)
	if a.Limit <= 0 || n < a.Limit {
		a.over = false
		return nil
	}
	if a.over && now.Sub(a.last) < a.Window {
		return nil
	}
	a.over, a.last = true, now
	alert := a.alert(TooMany, a.newest, now)
	limit := a.Limit
	alert.Limit = &limit
	return alert
}

func (a *Alarm) alert(kind string, l *Letter, at time.Time) *Alert {
	cause := l.Cause
	cause.Stack = nil
	return &Alert{
		Version: AlertVersion, Kind: kind, Topic: a.Topic, At: at.UTC(), Letters: a.Letters(at), WindowSeconds: a.Window.Seconds(),
		Example: l.Coordinates, Origin: l.Origin.utc(), Cause: cause,
	}
}
