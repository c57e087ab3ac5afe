package commands

import (
	"context"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

// dlqRetryOptions is what "evtctl dlq retry" was asked.
type dlqRetryOptions struct {
	dlqWriteOptions
	Daemon bool
	Every  time.Duration
}

func newDLQRetryCmd(env *Env, run func(context.Context, *dlqRetryOptions) error) *cobra.Command {
	opts := &dlqRetryOptions{dlqWriteOptions: dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Retry}}}
	flags := &choiceFlags{}
	var after, maxWait, rate string
	var once bool
	cmd := &cobra.Command{
		Use:   "retry TOPIC --after TIME",
		Short: "Send back what has waited long enough, and park what keeps dying",
		Long: `Send dead letters back that have been dead for the time of --after, as "evtctl dlq
replay" does. A letter that was sent back and died again waits twice as long, then
four times, and so on up to --max-wait; after --max times it is parked: it stays where
it is, and isn't tried again before "evtctl dlq restore".

How often a letter was sent back is in its header evtctl-replay-count, which
frameworks keep. Where a letter has the time stamp of its source record, as those of
Kafka Connect and Kafka Streams have, it has waited since then.

With --daemon it goes on until Ctrl-C or SIGTERM, and then sums up what it did. It
looks for letters every --every, and when the next one is due; a cluster that can't be
reached is waited for. Once it is confirmed, it doesn't ask again.

A saved plan has the letters that were due when it was made.`,
		Example: `  evtctl dlq retry orders-dlt --after 15m --max 5 --dry-run
  evtctl dlq retry orders-dlt --after 15m --max 5 --once --yes
  evtctl dlq retry orders-dlt --after 15m --plan-out retry.json
  evtctl dlq retry orders-dlt --after 15m --daemon --rate 50/s --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(flags, args, after, maxWait, rate); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	f := cmd.Flags()
	f.StringVar(&after, "after", "", "how long a letter must have been dead, `TIME`, such as 15m")
	f.StringVar(&maxWait, "max-wait", "24h", "how long a letter waits at most, `TIME`")
	f.IntVar(&opts.Request.MaxReplays, "max", 5, "park what was sent back so often already, `N`")
	f.StringVar(&rate, "rate", "", "at most so many letters in a time, `N/s`")
	f.StringVar(&opts.Request.Reason, "reason", "", "why, `text` for the history")
	f.BoolVar(&once, "once", false, "look for letters once (the default)")
	f.BoolVar(&opts.Daemon, "daemon", false, "go on until it is interrupted")
	f.DurationVar(&opts.Every, "every", time.Minute, "how often --daemon looks for letters, `TIME`")
	f.BoolVar(&opts.AtLeastOnce, "at-least-once", false, "do without transactions, where they aren't permitted")
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("once", "daemon")
	for _, single := range []string{"dry-run", "plan", "plan-out"} {
		cmd.MarkFlagsMutuallyExclusive(single, "daemon")
	}
	for _, kept := range []string{"after", "max-wait", "max", "reason"} {
		cmd.MarkFlagsMutuallyExclusive("plan", kept) // a saved plan has them
	}
	return cmd
}

func (o *dlqRetryOptions) finish(flags *choiceFlags, args []string, after, maxWait, rate string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Rate, err = parseRate(rate, "letters"); err != nil {
		return err
	}
	if o.Plan != "" {
		return flags.chooseOrPlan(&o.dlqWriteOptions, args)
	}
	if o.Request.After, err = parseDays(after); err != nil || o.Request.After <= 0 {
		return usagef("such as --after 15m", "--after %q is no time to wait", after)
	}
	if o.Request.MaxAfter, err = parseDays(maxWait); err != nil || o.Request.MaxAfter <= 0 {
		return usagef("such as --max-wait 24h", "--max-wait %q is no time to wait", maxWait)
	}
	switch {
	case o.Request.MaxReplays < 1:
		return usagef("such as --max 5", "--max %d is no number of times", o.Request.MaxReplays)
	case o.Every < time.Second:
		return usagef("a second or more, such as --every 1m", "--every %s is too often", o.Every)
	case len(args) == 0:
		return usagef("\"evtctl dlq list\" shows the dead-letter topics", "no topic is named")
	case o.Daemon && !isText(o.Format) && o.Format != render.JSONL:
		return usagef("-o table or -o jsonl", "a stream of receipts has no form %q", o.Format)
	}
	return flags.chooseOrPlan(&o.dlqWriteOptions, args)
}

func runDLQRetry(ctx context.Context, opts *dlqRetryOptions) error {
	if !opts.Daemon {
		return runDLQWrite(ctx, &opts.dlqWriteOptions)
	}
	return (&retrying{dlqRetryOptions: opts}).run(ctx)
}
