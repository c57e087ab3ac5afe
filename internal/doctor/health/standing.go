package health

import (
	"fmt"
	"time"

	"github.com/evtctl/evtctl/lag"
)

// Standing is a partition in which records wait for a group, and whose commit stands
// still though a member holds it.
type Standing struct {
	Group     string  `json:"group"`
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Committed lag.Int `json:"committed_offset"`
	Lag       lag.Int `json:"lag"`
	Seconds   Number  `json:"for_seconds"` // at least
}

// How long a commit must have stood still to be told: three times as long as consumers
// take between two commits by default; or, where Kafka's times of commits can't be read,
// the whole of a window that is longer than that, with the group at rest elsewhere too.
const (
	standingFor    = 15 * time.Second
	standingWindow = 6 * time.Second
)

// standing lists the partitions in which a group stands still.
func (k *collector) standing(group string) (list []Standing) {
	a, window := k.seen.Activities[group], k.seen.Window()
	moved := k.seen.Moved(group)
	for _, p := range k.seen.Still(group) {
		if p.MemberID == "" || !p.TimeLag.Known() || p.TimeLag == 0 || p.Transaction != nil {
			continue // nobody has it, it is a transaction's marker, or it has a figure of its own
		}
		since := a.Since(p.Topic, p.Partition, p.Committed)
		switch stood := k.seen.Last.TakenAt.Sub(since); {
		case !since.IsZero() && stood >= standingFor:
			window = stood
		case !since.IsZero() || moved || window < standingWindow:
			continue
		}
		list = append(list, Standing{group, p.Topic, p.Partition, p.Committed, p.Lag, Number(window.Seconds())})
		window = k.seen.Window()
	}
	return list
}

// stalled makes findings of partitions in which groups stand still.
func (j *judge) stalled() (list []Finding) {
	for _, s := range j.r.Standing {
		at := "nothing committed yet"
		if s.Committed.Known() {
			at = fmt.Sprintf("its commit stands still at %d", int64(s.Committed))
		}
		list = append(list, Finding{
			Verdict: lag.Warning, Group: lag.Text(s.Group), Topic: lag.Text(s.Topic), Partition: lag.Int(s.Partition), Value: Number(s.Lag), Reasons: []string{"stalled"},
			Evidence: fmt.Sprintf("%s: %s in %s:%d, and %s for %s", shown(s.Group), waiting(s.Lag), s.Topic, s.Partition, at, short(s.Seconds.Seconds())),
			Next:     j.next.why(s.Group),
		})
	}
	return list
}

func waiting(n lag.Int) string {
	if n == 1 {
		return "1 record waits"
	}
	return fmt.Sprintf("%d records wait", int64(n))
}
