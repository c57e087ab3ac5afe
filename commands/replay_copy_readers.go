package commands

import (
	"context"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay/copies"
	"github.com/twmb/franz-go/pkg/kgo"
)

// audience asks the groups of a cluster what they read.
type audience struct {
	client   *kgo.Client
	settings *cluster.Settings
	now      func() time.Time
}

// Readers implements copies.Audience.
func (a *audience) Readers(ctx context.Context, topic string) (*copies.Readers, error) {
	word := func(err error) string { return a.settings.Explain(err).Error() }
	report, err := lag.Collect(ctx, a.client, lag.Request{Topics: []string{topic}, MaxPositions: -1, Now: a.now, Word: word})
	if err != nil {
		return nil, a.settings.Explain(err)
	}
	return readersIn(report), nil
}

// readersIn finds them in a report about one topic.
func readersIn(report *lag.Report) *copies.Readers {
	r := &copies.Readers{Groups: []copies.Group{}}
	switch {
	case report.VisibleOnly:
		r.Reason = "this user doesn't see all groups (DESCRIBE on the cluster shows them)"
	case len(report.Problems) > 0:
		r.Reason = report.Problems[0]
	}
	for i := range report.Groups {
		g := &report.Groups[i]
		if strings.HasPrefix(g.Name, "evtctl.dlq.") { // what evtctl itself keeps
			continue
		}
		if reader := readerOf(g); reader.Members+reader.Committed > 0 {
			r.Groups = append(r.Groups, reader)
		} else if g.Error != "" && r.Reason == "" {
			r.Reason = "group " + g.Name + ": " + string(g.Error)
		}
	}
	r.Known = r.Reason == ""
	return r
}

func readerOf(g *lag.Group) copies.Group {
	reader := copies.Group{Group: g.Name, Type: string(g.Type), State: string(g.State)}
	members := map[lag.Text]bool{}
	for _, p := range g.Partitions {
		if p.Committed.Known() {
			reader.Committed++
		}
		if p.MemberID != "" {
			members[p.MemberID] = true
		}
	}
	reader.Members = len(members)
	return reader
}
