package commands

import (
	"context"
	"slices"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

// dlqReplayFlags are the flags as typed.
type dlqReplayFlags struct {
	choiceFlags
	set, payload, partition, order, rate string
}

func newDLQReplayCmd(env *Env, run func(context.Context, *dlqWriteOptions) error) *cobra.Command {
	opts := &dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Replay}}
	flags := &dlqReplayFlags{}
	cmd := &cobra.Command{
		Use:   "replay TOPIC|COORDINATES…",
		Short: "Send letters back, exactly once",
		Long: `Send dead letters back to where they came from, or with --to elsewhere: all of a
topic that nobody has dealt with, those that a query chooses, or single ones.

Each letter is sent exactly once, for readers of committed records, whatever
happens to evtctl meanwhile: the same command again goes on where it ended. What
became of each is written to the topics evtctl.dlq.ledger and evtctl.dlq.audit of
the cluster that is sent to; the dead-letter topic itself is never changed.

A record keeps its key, its partition and the user's headers. The framework's
headers are left away, and evtctl-replay-id, evtctl-replay-count and
evtctl-replay-job added. A null value is sent only where the source record had
none either, or with --allow-tombstones.

Where the key of a letter has newer records in the target, --order says what to
do: warn, skip, latest-only (and of several letters of a key send the newest), or
force. A letter that was sent back --max-replays times already is parked.

With --canary N so many letters are sent first, and for the time of --watch it is
looked whether any comes back; if so, the others are not sent.

Exit codes: 0 done; 4 some letters could not be sent, or the canary came back;
130 interrupted, and the receipt has what was done; 2 asked wrongly or not
confirmed, nothing was written; 1 it couldn't be done.`,
		Example: `  evtctl dlq replay orders-dlt --dry-run
  evtctl dlq replay orders-dlt --fingerprint 0f2a9c1d44e7 --canary 5 --watch 2m
  evtctl dlq replay orders-dlt:0:17 orders-dlt:0:18 --yes --reason "INC-4711 fixed"
  evtctl dlq replay orders-dlt --where '.cause.class == "java.net.ConnectException"' --rate 100/s --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.finish(opts, args); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	f, req := cmd.Flags(), &opts.Request
	f.StringVar(&flags.set, "set", "", "change each value by this `jq`, such as '.currency = \"EUR\"'")
	f.StringVar(&req.To, "to", "", "send to this `topic` (default: where each letter came from)")
	f.StringVar(&opts.ToContext, "to-context", "", "send to the cluster of this `context`")
	f.StringVar(&flags.payload, "payload", "dlq", "`whose` bytes to send: the letter's (dlq), or those of the record that it came from (original)")
	f.StringVar(&flags.partition, "partition", "original", "the `partition` to send to: original, key (let the key choose), or a number")
	f.StringVar(&flags.rate, "rate", "", "at most so many letters in a time, `N/s`")
	f.IntVar(&opts.Canary, "canary", 0, "send so many letters first, `N`, and watch whether they come back")
	f.DurationVar(&opts.Watch, "watch", 2*time.Minute, "how long to watch the canary")
	f.StringVar(&flags.order, "order", "warn", "what to do when the key has newer records in the target: warn, skip, latest-only, force")
	f.IntVar(&req.MaxReplays, "max-replays", dispose.DefaultMaxReplays, "park what was sent back so often already, `N`")
	f.BoolVar(&req.AllowTombstones, "allow-tombstones", false, "send null values, which delete what their key stands for")
	f.StringVar(&req.Reason, "reason", "", "why, `text` for the history")
	f.BoolVar(&opts.AtLeastOnce, "at-least-once", false, "do without transactions, where they aren't permitted: records may be doubled by two runs at once")
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	for _, kept := range []string{"set", "to", "payload", "partition", "order", "max-replays", "allow-tombstones", "reason"} {
		cmd.MarkFlagsMutuallyExclusive("plan", kept) // a saved plan has them
	}
	complete(cmd, "to", topicNames(env))
	complete(cmd, "to-context", contextNames(env))
	complete(cmd, "payload", fixed("dlq", "original"))
	complete(cmd, "partition", fixed("original", "key"))
	complete(cmd, "order", fixed(orders...))
	return cmd
}

var orders = []string{string(dispose.Warn), string(dispose.Skip), string(dispose.LatestOnly), string(dispose.Force)}

func (f *dlqReplayFlags) finish(o *dlqWriteOptions, args []string) (err error) {
	req := &o.Request
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Rate, err = parseRate(f.rate, "letters"); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{"dlq", "original"}, f.payload):
		return usagef("dlq sends the letter's bytes, original those of the record that it came from", "--payload %q is neither dlq nor original", f.payload)
	case !slices.Contains(orders, f.order):
		return usagef("warn, skip, latest-only or force", "--order %q is none", f.order)
	case req.MaxReplays < 1:
		return usagef("such as --max-replays 3", "--max-replays %d is no number of times", req.MaxReplays)
	case o.Canary < 0:
		return usagef("such as --canary 5", "--canary %d is no number of letters", o.Canary)
	case o.Watch < 0:
		return usagef("such as --watch 2m", "--watch %s is no time", o.Watch)
	}
	req.Payload, req.Order = dispose.Payload(f.payload), dispose.Order(f.order)
	if req.Partition, err = dispose.ParsePartitioning(f.partition); err != nil {
		return usagef("original, key, or a number", "--partition: %v", err)
	}
	if f.set != "" {
		if o.Set, err = dispose.NewSet(f.set); err != nil {
			return err
		}
		req.EditText = f.set
	}
	return f.chooseOrPlan(o, args)
}

// chooseOrPlan reads the arguments, which a saved plan stands in for.
func (f *choiceFlags) chooseOrPlan(o *dlqWriteOptions, args []string) error {
	if o.Plan == "" {
		err := f.choose(&o.Request, args)
		o.Request.QueryText = f.words()
		return err
	}
	if len(args) > 0 || f.words() != "" || o.Set != nil {
		return usagef("leave the rest out", "--plan says which letters, and so do the arguments")
	}
	o.Request.Query, o.Request.Now = dlq.Query{}, f.env.Now
	return nil
}
