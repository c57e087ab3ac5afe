package dispose

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// times are what a topic does about time stamps. Nil: no bound.
type times struct {
	own       bool           // it gives all records the time of the broker
	retention *time.Duration // what is older is deleted, within minutes of being written
	before    *time.Duration // what is older isn't taken
	after     *time.Duration // what is so far ahead isn't taken
}

func timesOf(config kadm.ResourceConfig) times {
	var t times
	deletes := true
	bound := func(text string) *time.Duration {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < 0 || ms > int64(longest/time.Millisecond) {
			return nil
		}
		d := time.Duration(ms) * time.Millisecond
		return &d
	}
	for _, c := range config.Configs {
		switch value := c.MaybeValue(); c.Key {
		case "cleanup.policy":
			deletes = strings.Contains(value, "delete")
		case "message.timestamp.type":
			t.own = value == "LogAppendTime"
		case "retention.ms":
			t.retention = bound(value)
		case "message.timestamp.before.max.ms":
			t.before = bound(value)
		case "message.timestamp.after.max.ms":
			t.after = bound(value)
		}
	}
	if !deletes {
		t.retention = nil
	}
	return t
}

// longest is the longest time there is; a longer one is no bound.
const longest = 1<<63 - 1

// refuses says why a topic doesn't keep a record for its time stamp; nil: it does. A
// record without one is kept, and so is one that is given that of its writing.
func (t times) refuses(rec *kgo.Record, topic string, now time.Time) *Finding {
	if t.own || rec.Timestamp.UnixMilli() < 0 {
		return nil
	}
	age, at := now.Sub(rec.Timestamp), rec.Timestamp.UTC().Format(time.RFC3339)
	switch {
	case t.retention != nil && age > *t.retention:
		return found("expired", "its time stamp %s is older than topic %q keeps (retention.ms %s): it would be deleted at once",
			at, topic, *t.retention)
	case t.before != nil && age > *t.before:
		return found("too-old", "its time stamp %s is older than topic %q takes (message.timestamp.before.max.ms)", at, topic)
	case t.after != nil && -age > *t.after:
		return found("too-new", "its time stamp %s is further ahead than topic %q takes (message.timestamp.after.max.ms)", at, topic)
	}
	return nil
}
