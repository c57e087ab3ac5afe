package commands_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// ids are what each cluster makes anew.
var ids = regexp.MustCompile(`("(?:cluster_id|topic_id)": )"[^"]*"`)

// golden compares a document with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = ids.ReplaceAllString(got, `$1"…"`)
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s isn't as it was (-want +got):\n%s", path, diff)
	}
}

// atOne runs evtctl at one o'clock, which plans and names of groups tell.
func atOne(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	env := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		Getenv:  func(string) string { return "" },
		Now:     func() time.Time { return time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC) },
	}
	if code := commands.Run(t.Context(), env, args); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, &errs)
	}
	return out.String()
}

// The fields that scripts rely on: none of them goes, or means something else, unless
// the version does.
func TestTheDocumentsOfReplaysStayAsTheyAre(t *testing.T) {
	c := kafkatest.Fake(t)
	forever := "-1"
	if _, err := c.Admin(t).CreateTopic(t.Context(), 2, 1, map[string]*string{"retention.ms": &forever}, "orders"); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"a", "b", "b", "c", "d"} {
		c.Produce(t, &kgo.Record{
			Topic: "orders", Key: []byte("k"), Timestamp: time.Date(2026, 3, 2, 12, i, 0, 0, time.UTC),
			Headers: []kgo.RecordHeader{{Key: "event-id", Value: []byte(id)}},
		})
	}
	c.Commit(t, "inventory-group", "orders", map[int32]int64{0: 4})
	evtctl := func(args ...string) string {
		return atOne(t, append(append([]string{"replay"}, args...), "-b", strings.Join(c.Brokers(), ","))...)
	}
	golden(t, "replay_list_empty.json", evtctl("list", "-o", "json"))
	golden(t, "replay_plan.json", evtctl("plan", "--from-group", "inventory-group", "--to", "@2026-03-02T12:01:00Z", "--until", "@2026-03-02T12:04:00Z", "-o", "json"))
	golden(t, "replay_reset.json", evtctl("reset", "--from-group", "inventory-group", "--to", "@2026-03-02T12:01:00Z", "--yes", "-o", "json"))
	isolated := "inventory-group.replay.20260302T130000"
	golden(t, "replay_status.json", evtctl("status", "--group", isolated, "-o", "json"))
	c.Commit(t, isolated, "orders", map[int32]int64{0: 3})
	golden(t, "replay_status_duplicates.json", evtctl("status", "--group", isolated, "--duplicates", "-o", "json"))
	evtctl("reset", "--from-group", "inventory-group", "--in-place", "--to", "start", "--yes")
	golden(t, "replay_list.json", evtctl("list", "-o", "json"))
}
