package commands_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
)

// result is what a run of evtctl left.
type result struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// run runs evtctl without a terminal, in a world of its own.
func run(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	home := t.TempDir()
	e := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		Getenv: func(key string) string {
			if key == "HOME" {
				return home
			}
			return env[key]
		},
		Now: time.Now,
	}
	start := time.Now()
	code := commands.Run(t.Context(), e, args)
	return result{code, out.String(), errs.String(), time.Since(start)}
}
