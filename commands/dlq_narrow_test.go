package commands_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// What the next command takes, and what tells that there is something to do, is there on a
// terminal of 80 columns, whole; the rest may be cut or left out.
func TestNarrowTablesOfLettersHaveWhatTheNextCommandTakes(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := "shipments-dead-letters-dlt"
	if _, err := c.Admin(t).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	c.Produce(t, spring(topic, 0, "k1", "a", strings.Repeat("a message that goes on and on ", 10)))
	c.Produce(t, spring(topic, 0, "k2", "b", "other"), spring(topic, 0, "k3", "c", "other"))
	if r := run(t, brokers(c), "dlq", "discard", topic+":0:0", "--reason", strings.Repeat("all of it is known to be wrong ", 5), "--yes"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	for _, test := range []struct {
		args string
		want []string // expressions for parts of lines
	}{
		{"stats " + topic, []string{`UNDISPOSED`, `(?m)^ +2 +2 .* [0-9a-f]{12}$`, `(?m)^ +1 +0 .* [0-9a-f]{12}$`}},
		{"list", []string{`LETTERS  UNDISPOSED`, `(?m)^` + topic + ` +≤3 +≤2 `}},
		{"browse " + topic + " --limit 5", []string{`DISPOSITION`, `(?m)^` + topic + `:0:0 .*discarded`}},
		{"history " + topic, []string{`(?m) ` + topic + `:0:0 +discarded .*…`}},
	} {
		var out, errs bytes.Buffer
		env := &commands.Env{
			Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, OutTTY: true, Width: 80},
			Getenv:  func(key string) string { return brokers(c)[key] }, Now: func() time.Time { return time.Now().Add(3 * time.Hour) },
		}
		if code := commands.Run(t.Context(), env, append([]string{"dlq"}, strings.Fields(test.args)...)); code != 0 {
			t.Fatalf("dlq %s: exit code %d: %s", test.args, code, errs.String())
		}
		for _, want := range test.want {
			if !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("dlq %s has no %s:\n%s%s", test.args, want, out.String(), errs.String())
			}
		}
		if wide := tooWide(out.String(), 80); len(wide) > 0 {
			t.Errorf("dlq %s is too wide:\n%s", test.args, strings.Join(wide, "\n"))
		}
	}
}
