package lag_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/lag"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	consumerGroupsTool = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
	shareGroupsTool    = "org.apache.kafka.tools.consumer.group.ShareGroupCommand"
)

// row is what Apache's tool and evtctl both tell of a partition of a group.
type row struct{ committed, end, lag, member string }

// apacheRows reads the table of kafka-consumer-groups --describe --all-groups for
// the groups named.
func apacheRows(t *testing.T, out string, groups []string) map[string]row {
	t.Helper()
	rows := map[string]row{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 7 || !slices.Contains(groups, f[0]) {
			continue
		}
		rows[fmt.Sprintf("%s %s %s", f[0], f[1], f[2])] = row{f[3], f[4], f[5], f[6]}
	}
	return rows
}

func evtctlRows(r *lag.Report) map[string]row {
	rows := map[string]row{}
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	for _, p := range r.ByPartition() {
		rows[fmt.Sprintf("%s %s %d", p.Group, p.Topic, p.Partition.Partition)] = row{
			dash(p.Committed.String()), dash(p.LogEnd.String()), dash(p.Lag.String()), dash(string(p.MemberID)),
		}
	}
	return rows
}

// What evtctl tells otherwise than Apache's tool, and on purpose.
func asEvtctl(apache map[string]row) map[string]row {
	for k, r := range apache {
		var end, committed int64
		fmt.Sscan(r.end, &end)
		switch _, err := fmt.Sscan(r.committed, &committed); {
		case err != nil: // no commit: everything in the log waits
			r.lag = r.end
		case committed > end: // Apache's tool shows a negative lag
			r.lag = "-"
		}
		apache[k] = r
	}
	return apache
}

func TestNumbersEqualApachesTool(t *testing.T) {
	c := kafkatest.Real(t)
	var groups []string
	topics := []string{topicOf(t, c, 20), topicOf(t, c, 20)}
	for i, topic := range topics {
		for p := range int32(20) {
			produce(t, c, topic, p, 1+int(p)%4+i)
		}
	}
	for i := range 10 {
		group := c.Name(t, fmt.Sprintf("group-%d", i))
		groups = append(groups, group)
		for _, topic := range topics {
			offsets := map[int32]int64{}
			for p := range int32(20) {
				offsets[p] = int64((i + int(p)) % 7) // some of them beyond the end
			}
			c.Commit(t, group, topic, offsets)
		}
	}
	live := c.Name(t, "live")
	consume(t, c, kgo.ConsumerGroup(live), kgo.ConsumeTopics(topics...), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	eventually(t, c, live, func(g lag.Group) bool { return g.State == "Stable" && g.Members == 1 && len(g.Partitions) == 40 })
	groups = append(groups, live)

	want := asEvtctl(apacheRows(t, c.Tool(t, consumerGroupsTool, "--describe", "--all-groups"), groups))
	got := evtctlRows(collect(t, c, lag.Request{Groups: groups}))
	if len(want) != 11*40 {
		t.Fatalf("Apache's tool told of %d partitions, want %d", len(want), 11*40)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("evtctl (+) differs from Apache's tool (-):\n%s", diff)
	}
}

func TestShareLagEqualsApachesTool(t *testing.T) {
	c := kafkatest.Real(t)
	topic, group := topicOf(t, c, 1), c.Name(t, "share")
	setGroupConfig(t, c, group, "share.auto.offset.reset", "earliest")
	produce(t, c, topic, 0, 5)
	consume(t, c, kgo.ShareGroup(group), kgo.ConsumeTopics(topic))
	g := eventually(t, c, group, func(g lag.Group) bool { return read(g) && g.Partitions[0].LogEnd == 5 })

	out := c.Tool(t, shareGroupsTool, "--describe", "--offsets", "--group", group)
	var lags []string
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) >= 5 && f[0] == group {
			lags = append(lags, f[4])
		}
	}
	if !slices.Equal(lags, []string{g.Partitions[0].Lag.String()}) {
		t.Errorf("Apache's tool tells lags %v, evtctl %v\n%s", lags, g.Partitions[0].Lag, out)
	}
}
