package health_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
)

// A consumer that holds a partition and commits nothing, as one does that fails at a
// record over and over. The clock of the look is ahead, so that nobody has to wait; the
// fake keeps no times of commits, and takes a whole window.
func TestACommitThatStandsStillIsAWarningHoweverFewWait(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		produce(t, c, topic, 3, time.Minute)
		c.Commit(t, group, topic, map[int32]int64{0: 1})
		cl := c.Client(t, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit())
		kafkatest.Eventually(t, 60*time.Second, "a member that reads", func() (bool, string) {
			return cl.PollFetches(t.Context()).NumRecords() > 0, "nothing read"
		})
		config := health.Config{Limits: health.DefaultLimits, Window: 6 * time.Second, Now: time.Now}
		if c.IsReal() {
			config.Window, config.Now = time.Second, func() time.Time { return time.Now().Add(time.Minute) }
		}
		r := collect(t, c, config)
		var found *health.Finding
		f := figure(t, r, health.LagFigure)
		for i := range f.Findings {
			if string(f.Findings[i].Group) == group {
				found = &f.Findings[i]
			}
		}
		if found == nil || found.Verdict != lag.Warning || !strings.Contains(found.Evidence, "2 records wait") || !strings.Contains(found.Evidence, "stands still at 1") {
			t.Errorf("%+v, of %+v", found, r.Standing)
		}
	})
}
