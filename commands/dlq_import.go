package commands

import (
	"context"
	"fmt"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

// dlqImportOptions is what "evtctl dlq import" was asked.
type dlqImportOptions struct {
	dlqWriteOptions
	File   string // "-": stdin
	Import dispose.ImportRequest
}

func newDLQImportCmd(env *Env, run func(context.Context, *dlqImportOptions) error) *cobra.Command {
	opts := &dlqImportOptions{dlqWriteOptions: dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Import}}}
	var partition, times, rate string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Write letters of an export back into a topic, exactly once",
		Long: `Write the letters of a file that "evtctl dlq export" wrote into the topic of the same
name, or with --to into another. A file that isn't whole, or was changed, is refused
before anything is written. "-" reads from stdin.

Keys, values, headers, partitions and time stamps are the same as they were. The topic
must exist. What can't be kept as it was isn't written, and is told with the reason: a
letter that is too large, whose partition isn't there, or that is older than the topic's
retention and would be deleted at once; --time now gives it the time of the import, and
keeps its own in the header evtctl-original-time.

Each letter is imported once: what was imported into the topic already, from this file or
another export of the same topic, is skipped, and so is what the topic still has. What
became of a letter is in the ledger and not in the file: imported, it counts as not dealt
with. So letters are skipped that this cluster's ledger says were dealt with, but not with
--all.

Exit codes: 0 done; 4 some letters could not be imported; 130 interrupted, and the same
command again goes on; 2 the file is refused, asked wrongly or not confirmed, nothing was
written; 1 it couldn't be done.`,
		Example: `  evtctl dlq import orders-dlt.jsonl --dry-run
  evtctl dlq import orders-dlt.jsonl --to orders-dlt-restored --time now --yes
  evtctl dlq import orders-dlt.jsonl --to-context staging --plan-out import.json
  gunzip -c timeouts.jsonl.gz | evtctl dlq import - --yes --reason INC-4711`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(args, partition, times, rate); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f, req := cmd.Flags(), &opts.Import
	f.StringVar(&req.To, "to", "", "write to this `topic` (default: the one that the letters came from)")
	f.StringVar(&opts.ToContext, "to-context", "", "write to the cluster of this `context`")
	f.StringVar(&partition, "partition", "original", "the `partition` to write to: original, key (let the key choose), or a number")
	f.StringVar(&times, "time", "original", "the `time` stamps: original, or now, with the original one in a header")
	f.BoolVar(&req.All, "all", false, "import letters too that were dealt with already")
	f.StringVar(&rate, "rate", "", "at most so many letters in a time, `N/s`")
	f.StringVar(&req.Reason, "reason", "", "why, `text` for the history")
	opts.writeFlags.register(cmd)
	opts.planFileFlags.register(cmd)
	for _, kept := range []string{"to", "partition", "time", "all", "reason"} {
		cmd.MarkFlagsMutuallyExclusive("plan", kept) // a saved plan has them
	}
	complete(cmd, "to", topicNames(env))
	complete(cmd, "to-context", contextNames(env))
	complete(cmd, "partition", fixed("original", "key"))
	complete(cmd, "time", fixed("original", "now"))
	return cmd
}

func (o *dlqImportOptions) finish(args []string, partition, times, rate string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Rate, err = parseRate(rate, "letters"); err != nil {
		return err
	}
	if o.Import.Partition, err = dispose.ParsePartitioning(partition); err != nil {
		return usagef("original, key, or a number", "--partition: %v", err)
	}
	switch {
	case times != "original" && times != "now":
		return usagef("original keeps them, now gives the time of the import", "--time %q is neither original nor now", times)
	case len(args) == 0:
		return usagef("\"evtctl dlq export\" writes one; - reads from stdin", "no file is named")
	}
	o.File, o.Import.Now, o.Import.Clock = args[0], times == "now", o.Env.Now
	return nil
}

// runDLQImport plans, shows, asks, writes, and shows what happened.
func runDLQImport(ctx context.Context, o *dlqImportOptions) error {
	file, err := openArchive(ctx, o.File, o.Env.Streams.In)
	if err != nil {
		return err
	}
	defer file.close()
	counter, err := o.openTarget(ctx)
	if err != nil {
		return err
	}
	defer counter.client.Close()
	plan, err := o.planImport(ctx, file, counter)
	if err != nil {
		return file.explain(counter.settings.Explain(err))
	}
	text := importText(plan, o.File)
	switch {
	case o.PlanOut != "":
		if err := plan.Save(o.PlanOut); err != nil {
			return err
		}
		savedPlan(o.Env.Streams, "evtctl dlq import "+shellWord(o.File)+o.contextWords(), o.PlanOut)
		return o.printImport(plan, text)
	case o.DryRun:
		return o.printImport(plan, text)
	case plan.Planned > 0:
		if err := text.show(o.Env.Streams, false); err != nil {
			return err
		}
		question := fmt.Sprintf("Import %s into %s?", plural(plan.Planned, "letter"), plan.Topic)
		if err := o.confirmName(ctx, o.Env.Streams, counter.settings, plan.Topic, question); err != nil {
			return err
		}
	}
	receipt, err := o.importAll(ctx, counter, plan)
	if plan.Planned == 0 {
		o.tellTimes(plan)
	}
	return o.conclude(ctx, plan.Action, receipt, file.explain(err), counter)
}

// openTarget connects to where the letters go, which is all that an import needs. The
// caller closes its client.
func (o *dlqImportOptions) openTarget(ctx context.Context) (*counter, error) {
	if o.ToContext == "" {
		office, err := o.Env.openDLQ(ctx)
		if err != nil {
			return nil, err
		}
		c, _, err := o.openCounter(ctx, office)
		if err != nil {
			office.client.Close()
		}
		return c, err
	}
	o.Env.limitMemory(dlqMemory)
	settings, err := o.Env.otherSettings(o.ToContext)
	if err != nil {
		return nil, err
	}
	options, err := settings.Options(ctx)
	if err != nil {
		return nil, err
	}
	client, err := settings.Open(ctx)
	return &counter{client, settings, options}, err
}

// contextWords are the flags that say which cluster it is.
func (o *dlqImportOptions) contextWords() string {
	if o.ToContext == "" {
		return ""
	}
	return " --to-context " + shellWord(o.ToContext)
}

func (o *dlqImportOptions) planImport(ctx context.Context, file *archiveFile, counter *counter) (*dispose.ImportPlan, error) {
	progress := render.NewProgress(o.Env.Streams, "checking "+file.name)
	defer progress.Done()
	target := dispose.Look(counter.client)
	if o.Plan == "" {
		return dispose.NewImport(ctx, file.read, target, o.Import)
	}
	saved, err := dispose.LoadImport(o.Plan)
	if err != nil {
		return nil, err
	}
	return saved.Renew(ctx, file.read, target, o.Import)
}

func (o *dlqImportOptions) importAll(ctx context.Context, counter *counter, plan *dispose.ImportPlan) (*dispose.Receipt, error) {
	progress := render.NewProgress(o.Env.Streams, "importing")
	defer progress.Done()
	hard, release := o.Env.heedBrake(ctx)
	defer release()
	dealt := int64(0)
	w := &dispose.Writer{
		Client: counter.client, Options: counter.options, Who: o.Env.who(), Job: dispose.NewJob(plan.Action, o.Env.Now(), random32()),
		Rate: o.Rate, Hard: hard, Now: o.Env.Now,
		Notice: func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) },
		Report: func(item dispose.Item) {
			dealt++
			progress.Update(dealt, plan.From.Letters)
			if o.Format == render.JSONL {
				_ = o.printItem(item)
			}
		},
	}
	return w.Import(ctx, plan)
}

// importText is a plan in words.
func importText(p *dispose.ImportPlan, file string) planText {
	var text planText
	add := func(tone render.Tone, format string, args ...any) {
		text = append(text, planLine{tone, fmt.Sprintf(format, args...)})
	}
	add(render.Plain, "import %s of %s in %s into %s", render.Count(p.Planned), plural(p.From.Letters, "letter"), file, p.Topic)
	add(render.Plain, "  exported from %s of cluster %s", p.From.Topic, p.From.Cluster)
	for _, t := range p.LeftOut {
		add(render.Warn, "- left out: %s: %s (%s)%s", plural(t.Count, "letter"), t.Why, t.First, timesHints[t.Kind])
	}
	for _, t := range p.Warnings {
		add(render.Warn, "! %s: %s%s", plural(t.Count, "letter"), t.Why, timesHints[t.Kind])
	}
	return text
}

// timesHints say what to do about time stamps that a topic doesn't keep.
var timesHints = map[string]string{
	"expired": givesTime, "too-old": givesTime, "too-new": givesTime,
	"append-time": "; --time now keeps them in a header",
}

const givesTime = "; --time now gives it the time of the import"

// tellTimes says, where the plan isn't shown, what to do about what is left out.
func (o *dlqImportOptions) tellTimes(p *dispose.ImportPlan) {
	for _, t := range p.LeftOut {
		if timesHints[t.Kind] != "" {
			render.Message(o.Env.Streams, render.Plain, "hint: --time now imports what is left out for its time stamp")
			return
		}
	}
}

// printImport gives the plan as the answer.
func (o *dlqImportOptions) printImport(p *dispose.ImportPlan, text planText) error {
	if isText(o.Format) {
		return text.show(o.Env.Streams, true)
	}
	return render.Print(o.Env.Streams, o.Format, render.View[dispose.Example]{
		Document: p, Lines: []any{p}, Rows: p.Examples, Columns: exampleColumns,
	})
}
