package commands_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestAScenarioIsHeldUntilEnter(t *testing.T) {
	c := kafkatest.Fake(t)
	in, enter := io.Pipe()
	var out, errs buffer
	env := &commands.Env{Streams: &render.Streams{In: in, Out: &out, Err: &errs}, Getenv: func(string) string { return "" }, Now: time.Now}
	brokers := strings.Join(c.Brokers(), ",")
	ended := make(chan int, 1)
	go func() {
		ended <- commands.Run(t.Context(), env, []string{"demo", "wrong-key", "--hold", "--orders", "40", "--rate", "0", "--events", "json", "--yes", "-b", brokers})
	}()
	kafkatest.Eventually(t, 60*time.Second, "the scenario to be held", func() (bool, string) {
		return strings.Contains(errs.String(), "Enter goes on"), errs.String()
	})
	if !strings.Contains(errs.String(), "evtctl doctor --topic payment-events -b "+brokers) {
		t.Errorf("it isn't said where to look:\n%s", errs.String())
	}
	r := run(t, nil, "doctor", "--topic", "payment-events", "--window", "1s", "-b", brokers)
	if r.code != commands.ExitBadNews || !strings.Contains(r.stdout, "several partitions") {
		t.Errorf("%d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if len(out.String()) > 0 {
		t.Errorf("it went on: %s", out.String())
	}
	if _, err := enter.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 || !strings.Contains(out.String(), "mended:") {
		t.Errorf("%d\n%s\n%s", code, out.String(), errs.String())
	}
}
