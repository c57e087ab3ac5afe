package observe_test

import (
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/observe"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// A group that is two hours late consumes records that are older than the history.
func TestAGroupThatIsLaterThanTheHistoryIsLong(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	produce(t, c, topic, 2, 2*time.Hour)
	now := time.Now()
	commit := func(offset int64) observe.Commit {
		return observe.Commit{Topic: topic, Offset: offset, At: now}
	}
	for name, test := range map[string]struct {
		first   int64
		samples int
	}{"made within the history": {1, 1}, "perhaps made before": {2, 0}} {
		o := &observe.Observation{
			History: observe.History{Since: now.Add(-time.Hour)},
			Activities: map[string]*observe.Activity{"g": {
				First: []observe.Commit{commit(test.first)}, Commits: []observe.Commit{commit(2)},
			}},
		}
		latencies, err := o.Latencies(t.Context(), c.Client(t))
		if err != nil {
			t.Fatal(err)
		}
		if l := latencies["g"]; l.Samples != test.samples || test.samples > 0 && l.Max < 7000 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
