package replay

import (
	"context"
	"fmt"
	"time"
)

// Cutout is a span of a topic in all its partitions.
type Cutout struct {
	ClusterID string
	TopicID   string
	// Moves are the partitions, in order: from NewOffset up to but not including
	// UntilOffset, which is never null.
	Moves []Move
	// Warnings say where a position isn't what it seems to be.
	Warnings []string
}

// Cut finds where a span of a topic begins and ends in each partition. Both ends are
// offsets as of now: what comes later isn't in it, even where until is in the future.
//
// What is asked wrongly is a [*RequestError]: an unknown topic or partition, or an end
// before the beginning.
func Cut(ctx context.Context, r Reader, topic Selection, from, until Position, now time.Time) (*Cutout, error) {
	p := &planner{r: r, req: Request{Topics: []Selection{topic}, To: from, Until: &until, Now: now}}
	if err := p.readLogs(ctx); err != nil {
		return nil, err
	}
	if t, timed := until.Time(); timed && t.After(now) {
		p.warn("topic %s: the end %s is in the future: the span ends where the topic ends now", topic.Topic, until)
	}
	if err := p.place(ctx); err != nil {
		return nil, err
	}
	for _, m := range p.moves {
		at := partition{m.Topic, m.Partition}
		if m.Moved != "" {
			p.warn("%s:%d: %s", m.Topic, m.Partition, m.Moved)
		}
		if _, _, moved := p.logs.resolve(at, until); moved != "" {
			p.warn("%s:%d: the end: %s", m.Topic, m.Partition, moved)
		}
	}
	if len(p.warnings) > maxCutWarnings {
		more := len(p.warnings) - maxCutWarnings
		p.warnings = append(p.warnings[:maxCutWarnings], fmt.Sprintf("and the same of %d more partitions", more))
	}
	return &Cutout{p.clusterID, p.logs.ids[topic.Topic], p.moves, append([]string{}, p.warnings...)}, nil
}

// maxCutWarnings is how many partitions are named one by one.
const maxCutWarnings = 20
