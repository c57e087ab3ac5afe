package commands_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestAnImportAndACopyHeedTheBrakeAndSaySo(t *testing.T) {
	c := kafkatest.Fake(t)
	topic, to := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
	for i := range 20 {
		c.Produce(t, spring(topic, 0, fmt.Sprint(i), "v", "card expired"))
	}
	file := filepath.Join(t.TempDir(), "letters.jsonl")
	holds(t, run(t, brokers(c), "dlq", "export", topic, "--file", file), 0, "", "20 letters written")
	for _, args := range [][]string{
		{"dlq", "import", file, "--to", to, "--rate", "1/m", "--yes"},
		{"replay", "copy", "--topic", topic, "--to", to, "--from", "start", "--rate", "1/m", "--yes"},
	} {
		t.Run(args[1], func(t *testing.T) {
			var out bytes.Buffer
			var errs locked
			env := &commands.Env{
				Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
				Getenv:  func(key string) string { return brokers(c)[key] }, Now: time.Now, Brake: commands.NewBrake(t.Context()),
			}
			ctx, interrupt := context.WithCancel(t.Context())
			code := 0
			var ended sync.WaitGroup
			ended.Go(func() { code = commands.Run(ctx, env, args) })
			kafkatest.Eventually(t, time.Minute, "the brake to be heeded", func() (bool, string) { return env.Brake.Heeded(), "" })
			interrupt()
			ended.Wait()
			if code != 130 || !strings.Contains(errs.String(), "Ctrl-C again ends at once") || env.Brake.Heeded() {
				t.Errorf("exit code %d, heeded %t, stderr %q", code, env.Brake.Heeded(), errs.String())
			}
		})
	}
}

// locked is a stderr that several goroutines write to.
type locked struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}
