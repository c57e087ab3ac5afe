package commands

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Env is what a command knows of the world it runs in. Tests make one of their own.
type Env struct {
	Streams *render.Streams
	Getenv  func(string) string
	Now     func() time.Time
	Flags   globalFlags
	// Collect sets when the process collects garbage: when there is so much more than what
	// is in use, in percent (0: as it was), or so many bytes in all. Nil: it isn't this
	// program's own process.
	Collect func(percent int, bytes int64)
	// Brake is pulled by a second Ctrl-C. Nil: the process just ends.
	Brake *Brake
}

// globalFlags are the flags that every command has.
type globalFlags struct {
	cluster.Flags
	Output  string
	NoColor bool
	Quiet   bool
	Verbose int
}

// Settings resolves the flags, the environment and the context into what to
// connect to. No connection is opened.
func (e *Env) Settings() (*cluster.Settings, error) {
	return cluster.Resolve(e.Flags.Flags, e.Getenv)
}

// Open connects to the configured cluster. The caller closes the client.
func (e *Env) Open(ctx context.Context, opts ...kgo.Opt) (*kgo.Client, *cluster.Settings, error) {
	settings, err := e.Settings()
	if err != nil {
		return nil, nil, err
	}
	if e.Flags.Verbose > 0 {
		context := "no context"
		if settings.Context != "" {
			context = "context " + settings.Context
		}
		render.Message(e.Streams, render.Faint, "brokers %v (from %s), %s, time limit %s", settings.Brokers, settings.BrokersFrom, context, settings.Timeout)
	}
	progress := render.NewProgress(e.Streams, "connecting")
	defer progress.Done()
	cl, err := settings.Open(ctx, opts...)
	return cl, settings, err
}

// format reads -o for a command that offers more than the usual forms.
func (e *Env) format(more ...render.Format) (render.Format, error) {
	return render.ParseFormat(e.Flags.Output, more...)
}

// within bounds one question to the cluster by the time limit and words its error.
func within[T any](ctx context.Context, s *cluster.Settings, ask func(context.Context) (T, error)) (T, error) {
	bounded, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	answer, err := ask(bounded)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return answer, err // interrupted: not the cluster's doing
	}
	return answer, s.Explain(err)
}

// SystemEnv is the world of a process: its streams and its clock.
func SystemEnv(getenv func(string) string) *Env {
	return &Env{Streams: render.SystemStreams(getenv), Getenv: getenv, Now: time.Now, Collect: collect}
}

func collect(percent int, bytes int64) {
	if percent > 0 {
		debug.SetGCPercent(percent)
	}
	debug.SetMemoryLimit(bytes)
}
