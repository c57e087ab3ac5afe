package commands_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestACopyThatIsInterruptedSaysHowMuchIsLeftAndGoesOn(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		from, to := c.Topic(t, 1), c.Topic(t, 1)
		records := make([]*kgo.Record, 2000)
		for i := range records {
			records[i] = &kgo.Record{Topic: from, Key: fmt.Appendf(nil, "k%d", i), Value: []byte("v")}
		}
		c.Produce(t, records...)
		args := []string{"replay", "copy", "--topic", from, "--to", to, "--from", "start", "--yes", "-b", strings.Join(c.Brokers(), ",")}

		ctx, interrupt := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		env := &commands.Env{Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Getenv: func(string) string { return "" }, Now: time.Now}
		var ended sync.WaitGroup
		code := 0
		ended.Go(func() { code = commands.Run(ctx, env, append(args, "--rate", "100/s")) })
		adm := c.Admin(t)
		kafkatest.Eventually(t, time.Minute, "the first records", func() (bool, string) {
			ends, err := adm.ListEndOffsets(t.Context(), to)
			o, _ := ends.Lookup(to, 0)
			return err == nil && o.Offset >= 50, fmt.Sprint(o.Offset, err)
		})
		interrupt()
		ended.Wait()
		if code != 130 || !strings.Contains(out.String(), " left; job ") || !strings.Contains(errs.String(), "left; the same command again goes on from there") {
			t.Errorf("exit code %d, stdout %q, stderr %q", code, out.String(), errs.String())
		}
		if r := run(t, nil, append(args, "--verify")...); r.code != 0 || !strings.Contains(r.stdout, "verified: 2,000 records, alike on both sides") || strings.Contains(r.stdout, "copied 2,000") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
	})
}
