package commands_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestLettersSentToAnotherClusterAreKnownThere sends letters away, and reads the ledger
// where they went.
func TestLettersSentToAnotherClusterAreKnownThere(t *testing.T) {
	here, there := kafkatest.Fake(t), kafkatest.Fake(t, kfake.ClusterID("there"))
	topic := here.Topic(t, 1)
	there.Produce(t, &kgo.Record{Topic: topicNamed(t, there, "orders"), Value: []byte("there already")})
	here.Produce(t, spring(topic, 0, "a", "v", "card expired"), spring(topic, 0, "b", "v", "card expired"), spring(topic, 0, "c", "v", "card expired"))
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf("contexts:\n  there:\n    brokers: [%q]\n", there.Brokers()[0])
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := brokers(here)
	env["EVTCTL_CONFIG"] = config
	evtctl := func(args ...string) result { return run(t, env, append([]string{"dlq"}, args...)...) }
	const away = "--to-context=there"

	holds(t, evtctl("replay", topic+":0:0", away, "--to", "orders", "--reason", "INC-4711", "--yes"), 0, "replayed 1 of 1 letter", "")
	holds(t, evtctl("discard", topic+":0:1", "--reason", "a test", "--yes"), 0, "discarded 1 of 1 letter", "")

	holds(t, evtctl("show", topic+":0:0", away), 0, "INC-4711", "")
	holds(t, evtctl("show", topic+":0:0", "-o", "json"), 0, `"disposition": null`, "")
	holds(t, evtctl("show", topic+":0:1", away, "-o", "json"), 0, `"disposition": null`, "")
	for _, command := range []string{"browse", "stats"} {
		if r := evtctl(command, topic, "--undisposed", "-o", "json"); !strings.Contains(r.stdout, topic+":0:2") {
			t.Errorf("%s: %+v", command, r)
		}
	}
	browsed := func(args ...string) string {
		r := evtctl(append([]string{"browse", topic, "--undisposed", "--all", "-o", "csv"}, args...)...)
		var found []string
		for _, n := range []string{"0", "1", "2"} {
			if strings.Contains(r.stdout, topic+":0:"+n) {
				found = append(found, n)
			}
		}
		return strings.Join(found, " ")
	}
	if here, there := browsed(), browsed(away); here != "0 2" || there != "1 2" {
		t.Errorf("undisposed are %s here and %s there, want 0 2 and 1 2", here, there)
	}
	holds(t, evtctl("stats", topic, "--undisposed", away, "-o", "json"), 0, `"count": 2`, "")
	holds(t, evtctl("list", topic, away, "-o", "json"), 0, `"undisposed": 2`, "")
	holds(t, evtctl("history", topic, away, "-o", "jsonl"), 0, `"why":"INC-4711"`, "")
	for _, args := range [][]string{{"history", topic}, {"history"}} {
		if r := evtctl(args...); strings.Contains(r.stdout, "INC-4711") || !strings.Contains(r.stdout, "a test") {
			t.Errorf("%v: %s", args, r.stdout)
		}
	}
	holds(t, evtctl("history", away), 0, "INC-4711", "")
	holds(t, evtctl("list", "--to-context", "nowhere"), 2, "", `context "nowhere" is not in`)
}

// topicNamed makes a topic with a name that is said.
func topicNamed(t *testing.T, c *kafkatest.Cluster, name string) string {
	t.Helper()
	if _, err := c.Admin(t).CreateTopic(t.Context(), 1, 1, nil, name); err != nil {
		t.Fatal(err)
	}
	c.AwaitTopic(t, name, 1)
	return name
}

func TestTheHistoryOfAllTopicsIsTheNewestInOrder(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		var topics []string
		for range 6 { // whose entries are in several partitions
			topic := c.Topic(t, 1)
			c.Produce(t, spring(topic, 0, "k", "v", "card expired"), spring(topic, 0, "k", "v", "card expired"))
			topics = append(topics, topic)
		}
		for offset := range 2 {
			for _, topic := range topics {
				holds(t, run(t, brokers(c), "dlq", "discard", fmt.Sprintf("%s:0:%d", topic, offset), "--reason", "order "+topic, "--yes"), 0, "discarded 1", "")
			}
		}
		limit := "7"
		if c.IsReal() { // others use it too
			limit = "100000"
		}
		r := run(t, brokers(c), "dlq", "history", "--limit", limit, "-o", "csv")
		var got []string
		for line := range strings.Lines(r.stdout) {
			if fields := strings.Split(line, ","); slices.ContainsFunc(topics, func(topic string) bool { return strings.HasPrefix(fields[1], topic+":") }) {
				got = append(got, fields[1])
			}
		}
		var want []string
		for offset := range 2 {
			for _, topic := range topics {
				want = append(want, fmt.Sprintf("%s:0:%d", topic, offset))
			}
		}
		if !c.IsReal() {
			want = want[5:]
			holds(t, r, 0, ",", "earlier entries: 5; --limit shows more")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
