package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// dlqWatchOptions is what "evtctl dlq watch" was asked.
type dlqWatchOptions struct {
	Env     *Env
	Query   dlq.Query
	Limit   int64 // letters in Window that are too many; 0: none are
	Window  time.Duration
	Every   time.Duration
	Once    bool
	For     time.Duration // 0: until interrupted
	Exec    string
	Webhook string
	Format  render.Format
}

func newDLQWatchCmd(env *Env, run func(context.Context, *dlqWatchOptions) error) *cobra.Command {
	opts := &dlqWatchOptions{Env: env}
	flags := &letterFlags{}
	var alert string
	cmd := &cobra.Command{
		Use:   "watch TOPIC",
		Short: "Tell when letters come too fast, or die of something new",
		Long: `Tell when as many letters come in a time as --alert says, and of every new cause: a
fingerprint that the topic's older letters don't have. What came before the watch began
counts by its time stamp; letters of Kafka Connect and Kafka Streams carry their
source's. From then on letters count when they arrive.

An alert is a line, or with -o jsonl an object. --exec runs a command in the shell for
each, with the object on its standard input; --webhook posts it. Both have --timeout to
end in. An alert about the rate comes again after that time while it is still too high.

Exit codes, with --once or --for: 0 no alert; 3 alerts; 4 alerts, and not all of them
could be handed on; 1 the topic could not be read.`,
		Example: `  evtctl dlq watch orders-dlt --alert 10/5m
  evtctl dlq watch orders-dlt --once || echo "look at the letters"
  evtctl dlq watch orders-dlt --alert 1/1h --webhook http://alerts:8080/dlq --for 1h`,
		Args: topicArg,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.Query, err = flags.parse(args[0]); err != nil {
				return err
			}
			if opts.Limit, opts.Window, err = parseAlert(alert); err != nil {
				return err
			}
			if err := opts.finish(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.registerSome(cmd, env)
	f := cmd.Flags()
	f.StringVar(&alert, "alert", "10/5m", "as many `letters/time` are too many; 0/5m: alert of new causes only")
	f.DurationVar(&opts.Every, "every", 5*time.Second, "the time between two looks")
	f.BoolVar(&opts.Once, "once", false, "look once at the letters of that time, and end")
	f.DurationVar(&opts.For, "for", 0, "end after this time (0: go on until Ctrl-C)")
	f.StringVar(&opts.Exec, "exec", "", "run this `command` for each alert")
	f.StringVar(&opts.Webhook, "webhook", "", "post each alert to this `URL`")
	return cmd
}

// parseAlert reads letters/time, such as 10/5m.
func parseAlert(s string) (int64, time.Duration, error) {
	letters, window, ok := strings.Cut(s, "/")
	n, err := strconv.ParseInt(letters, 10, 64)
	d, windowErr := parseDays(window)
	if !ok || err != nil || windowErr != nil || n < 0 || d < time.Second {
		return 0, 0, usagef("such as --alert 10/5m: ten letters in five minutes", "--alert %q is no number of letters and a time of a second or more", s)
	}
	return n, d, nil
}

func (o *dlqWatchOptions) finish() (err error) {
	switch {
	case o.Every <= 0:
		return usagef("such as --every 5s", "--every %s is no time", o.Every)
	case o.For < 0:
		return usagef("such as --for 1h", "--for %s is negative", o.For)
	case o.Once && o.For > 0:
		return usagef("leave one of them out", "--once looks once, and --for goes on looking")
	case o.Exec != "" && o.Webhook != "":
		return usagef("leave one of them out", "--exec and --webhook: an alert goes to one of them")
	}
	if o.Webhook != "" {
		if err := checkWebhook(o.Webhook); err != nil {
			return err
		}
	}
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Format != render.Table && o.Format != render.JSONL {
		return usagef("-o table or -o jsonl", "a stream of alerts has no form %q", o.Format)
	}
	return nil
}

func runDLQWatch(ctx context.Context, opts *dlqWatchOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	w := newLetterWatch(opts, office)
	if err := w.begin(ctx); errors.As(err, new(*partialError)) && !opts.Once {
		render.Error(opts.Env.Streams, "%s", err)
	} else if err != nil {
		return office.explain(ctx, err)
	}
	if opts.Once {
		return w.verdict()
	}
	return w.follow(ctx)
}

// follow looks again and again. A look that fails is told, and the next one comes.
func (w *letterWatch) follow(ctx context.Context) error {
	opts := w.opts
	timed := ctx
	if opts.For > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeout(ctx, opts.For)
		defer cancel()
	}
	for pause(timed, opts.Every) == nil {
		switch err := w.look(timed); {
		case timed.Err() != nil:
		case errors.As(err, new(*outputError)):
			return err
		case err != nil:
			failure := Exit(w.office.explain(ctx, err))
			render.Error(opts.Env.Streams, "%s", failure.Message)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.verdict()
}

// verdict gives the error that stands for the exit code.
func (w *letterWatch) verdict() error {
	switch {
	case w.undelivered > 0:
		return &partialError{fmt.Errorf("%s could not be handed on", plural(w.undelivered, "alert"))}
	case w.alerts > 0:
		return answerError{ExitBadNews}
	case w.opts.Format != render.Table:
		return nil
	}
	return render.Line(w.opts.Env.Streams, render.Good, "no alert: %s in %s, all of known causes",
		plural(w.alarm.Letters(w.opts.Env.Now()), "letter"), render.Age(w.opts.Window))
}
