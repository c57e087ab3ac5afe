package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/evtctl/evtctl/replay/copies"
	"github.com/spf13/cobra"
)

// replayCopyOptions are what "evtctl replay copy" was asked, parsed and checked.
type replayCopyOptions struct {
	Env       *Env
	Request   copies.Request
	Set       *copies.Set // jq that changes each value; nil: none
	ToContext string      // the context to copy to; empty: where the topic is
	Rate      float64     // records a second; 0: no limit
	Verify    bool
	writeFlags
	planFileFlags
	Format render.Format
}

// replayCopyFlags are the flags as typed.
type replayCopyFlags struct {
	cmd                                                            *cobra.Command
	topic, from, until, where, set, setRecord, partition, rate, to string
	limit                                                          int64
}

func newReplayCopyCmd(env *Env, run func(context.Context, *replayCopyOptions) error) *cobra.Command {
	opts := &replayCopyOptions{Env: env}
	flags := &replayCopyFlags{}
	cmd := &cobra.Command{
		Use:   "copy --topic TOPIC --to TOPIC --from POSITION",
		Short: "Copy a span of a topic to another topic or cluster, exactly once",
		Long: `Copy a span of a topic to another topic, or to another cluster, exactly once: what
is to be replayed in production is tried out on a copy first.

Records keep their key, value, headers and partition; null values stay null. Their
time becomes that of the copy, since a topic with retention deletes old records at
once: --keep-time keeps it. Three headers are added: evtctl-copy-id,
evtctl-copied-from (topic:partition:offset) and evtctl-original-time.

--set masks or changes each value, as JSON; --where chooses by the JSON form of a
record: .key, .value, .headers, .timestamp, .coordinates, .decoded.value.json. A
record at which the query fails is not copied: the same command tries it again.
--set-record changes that form: keys and headers name persons, too.

The end is that of now, where --until is the end or in the future. Whatever happens
to evtctl meanwhile, the same command again goes on where it ended, and copies
nothing twice, for readers of committed records: what was copied is kept in the
topic evtctl.replay.copies of the cluster that is copied to. Ctrl-C ends it after
the transaction under way, a second one at once.

--verify reads both sides when all is copied, and compares record by record.

Exit codes: 0 done; 3 --verify found differences; 4 some records could not be
copied, or the copy ended early; 130 interrupted; 2 asked wrongly or not confirmed,
nothing was written; 1 it couldn't be done.`,
		Example: `  evtctl replay copy --topic order-events --to order-events-copy --from @-2h --dry-run
  evtctl replay copy --topic order-events --to order-events-copy --from start --limit 1000 --verify --yes
  evtctl replay copy --topic order-events --to order-events-copy --from start --set '.amount=0' --rate 100/s --yes
  evtctl replay copy --topic order-events --to order-events-copy --from start --set-record '.key="x"|.headers=[]' --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.finish(opts); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, opts)
	return cmd
}

func (f *replayCopyFlags) register(cmd *cobra.Command, o *replayCopyOptions) {
	f.cmd = cmd
	flags, req := cmd.Flags(), &o.Request
	flags.StringVarP(&f.topic, "topic", "t", "", "`T[:P,P]`: the topic to copy from, or some of its partitions")
	flags.StringVar(&f.to, "to", "", "the `topic` to copy to (with --to-context, default: the same name)")
	flags.StringVar(&o.ToContext, "to-context", "", "copy to the cluster of this `context`")
	flags.StringVar(&f.from, "from", "", "the `POSITION` to begin at")
	flags.StringVar(&f.until, "until", "end", "the `POSITION` to stop before")
	flags.StringVarP(&f.where, "where", "w", "", "only records that this `jq` query over their JSON lets through")
	flags.StringVar(&f.set, "set", "", "change each value by this `jq`, such as '.email = \"x\"'; a value that can't be changed isn't copied")
	flags.StringVar(&f.setRecord, "set-record", "", "change each record by this `jq` over its JSON form, such as '.key = \"x\" | del(.headers[] | select(.key == \"user\"))'")
	flags.StringVar(&f.partition, "partition", "original", "the `partition` to copy to: original, or key (let the key choose)")
	flags.BoolVar(&req.KeepTime, "keep-time", false, "keep the records' times; the target's retention counts from them")
	flags.StringVar(&f.rate, "rate", "", "at most so many records in a time, `N/s`")
	flags.Int64Var(&f.limit, "limit", 0, "at most so many records, `N`; the same command again copies the next ones")
	flags.BoolVar(&o.Verify, "verify", false, "compare both sides when all is copied")
	flags.StringVar(&req.Reason, "reason", "", "why, `text` that is kept with the copy")
	o.writeFlags.register(cmd)
	o.planFileFlags.register(cmd)
	complete(cmd, "topic", topicNames(o.Env))
	complete(cmd, "to", topicNames(o.Env))
	complete(cmd, "to-context", contextNames(o.Env))
	complete(cmd, "from", fixed("start", "end"))
	complete(cmd, "until", fixed("end"))
	complete(cmd, "partition", fixed(string(copies.Original), string(copies.ByKey)))
}

// planned are the flags that a saved plan stands for.
var planned = []string{"topic", "to", "from", "until", "where", "set", "set-record", "partition", "keep-time", "limit", "reason"}

func (f *replayCopyFlags) finish(o *replayCopyOptions) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Rate, err = parseRate(f.rate, "records"); err != nil {
		return err
	}
	o.Request.Now = o.Env.Now()
	if o.Plan == "" {
		return f.request(o)
	}
	for _, name := range planned {
		if f.cmd.Flags().Changed(name) {
			return usagef("leave the rest out", "--plan says what to copy, and so does --%s", name)
		}
	}
	return nil
}

func (f *replayCopyFlags) request(o *replayCopyOptions) (err error) {
	req := &o.Request
	switch {
	case f.topic == "":
		return usagef("name it with --topic", "no topic to copy from is named")
	case f.from == "":
		return usagef("such as --from @-2h or --from start", "no position to begin at")
	case f.limit < 0:
		return usagef("such as --limit 100", "--limit %d is no number of records", f.limit)
	}
	topics, err := parseTopics([]string{f.topic}, req.Now)
	if err != nil {
		return err
	}
	if req.From, req.To, req.Limit = topics[0], f.to, f.limit; req.From.To != nil {
		return usagef("name it with --from", "--topic %q has a position", f.topic)
	}
	if req.To == "" && o.ToContext != "" {
		req.To = req.From.Topic
	}
	if req.To == "" {
		return usagef("name it with --to, or another cluster with --to-context", "no topic to copy to is named")
	}
	if req.Start, err = replay.ParsePosition(f.from, req.Now); err != nil {
		return err
	}
	if req.Until, err = replay.ParsePosition(f.until, req.Now); err != nil {
		return err
	}
	if req.Partition, err = copies.ParsePartitioning(f.partition); err != nil {
		return usagef("original keeps the number, key lets the key choose", "--partition: %v", err)
	}
	return o.compile(f.where, f.set, f.setRecord)
}

// compile reads the jq of a request, before anything is connected to.
func (o *replayCopyOptions) compile(where, set, setRecord string) (err error) {
	req := &o.Request
	if where != "" {
		if req.Where, err = copies.NewWhere(where); err != nil {
			return err
		}
	}
	if setRecord != "" {
		if req.SetRecord, err = copies.NewRecordSet(setRecord); err != nil {
			return err
		}
	}
	if req.Set = set; set != "" {
		o.Set, err = copies.NewSet(set)
	}
	return err
}
