package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// dlqBrowseOptions is what "evtctl dlq browse" was asked.
type dlqBrowseOptions struct {
	Env       *Env
	Query     dlq.Query
	Where     string // as typed, which a browser begins with
	All       bool
	Rows      bool   // rows are wanted even on a terminal
	ToContext string // whose ledger; empty: the one of the letters' cluster
	Format    render.Format
}

func newDLQBrowseCmd(env *Env, run func(context.Context, *dlqBrowseOptions) error) *cobra.Command {
	opts := &dlqBrowseOptions{Env: env}
	flags := &letterFlags{}
	var oldest, newest bool
	cmd := &cobra.Command{
		Use:   "browse TOPIC",
		Short: "Look through the letters of a topic",
		Long: `Look through the letters of a topic: on a terminal full-screen, with the details of
a letter in tabs, a filter in jq and groups by cause; ? shows the keys. Piped, or
with --limit, --all or another form of output, they are rows, the newest first.

--where, and / in the browser, is a jq query over the JSON of a letter, as -o json
shows it: coordinates, dialect, died_at, timestamp, origin, cause, key, value, headers,
decoded and the rest. A letter is let through when the query's first value is neither
false nor null. It is checked before reading starts. What can't be decoded is null in
.decoded.value.json, and how many letters that concerns is told.

Exit codes: 0 all was read, also when nothing fits; 4 a part of it; 1 nothing.`,
		Example: `  evtctl dlq browse orders-dlt
  evtctl dlq browse orders-dlt --where '.cause.class | test("Timeout")' --since 2h --limit 20
  evtctl dlq browse orders-dlt --where '.decoded.value.json.total > 100' -o jsonl --all
  evtctl dlq browse orders-dlt --fingerprint 2d9f6eb0eefc --oldest -o json`,
		Args: topicArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if oldest && cmd.Flags().Changed("newest") {
				return usagef("leave one of them out", "--oldest and --newest: only one of them can be had")
			}
			if err := opts.finish(flags, args[0], oldest || !newest, cmd.Flags().Changed("limit")); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	f := cmd.Flags()
	f.IntVar(&opts.Query.Limit, "limit", 50, "at most so many letters")
	f.BoolVar(&opts.All, "all", false, "all letters, in the order in which they are read")
	f.BoolVar(&oldest, "oldest", false, "the oldest letters instead of the newest")
	f.BoolVar(&newest, "newest", true, "the newest letters")
	ledgerFlag(cmd, env, &opts.ToContext)
	return cmd
}

func (o *dlqBrowseOptions) finish(f *letterFlags, topic string, oldest, limited bool) error {
	limit := o.Query.Limit
	q, err := f.parse(topic)
	if err != nil {
		return err
	}
	q.Limit, q.Order = limit, dlq.Newest
	if limit < 1 {
		return usagef("such as --limit 50", "--limit %d: at least one letter is needed", limit)
	}
	switch {
	case oldest && o.All:
		return usagef("leave one of them out", "--oldest sorts letters, and --all gives them as they are read")
	case oldest:
		q.Order = dlq.Oldest
	case o.All:
		q.Order = dlq.Stream
		if !limited {
			q.Limit = 0
		}
	}
	if !o.All && limit > dlq.MaxPage {
		return usagef("--all, which doesn't sort them, has no such limit", "--limit %d: at most %d letters are sorted", limit, dlq.MaxPage)
	}
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.All && (o.Format == render.JSON || o.Format == render.YAML) {
		return usagef("-o jsonl, a letter a line", "--all can't be one document, as it would have to fit into memory")
	}
	o.Query, o.Where, o.Rows = q, f.where, oldest || o.All || limited
	return nil
}

func runDLQBrowse(ctx context.Context, opts *dlqBrowseOptions) error {
	office, err := opts.Env.openDLQTo(ctx, opts.ToContext)
	if err != nil {
		return err
	}
	defer office.close()
	if opts.Format == render.Table && !opts.Rows && opts.Env.fullScreen() {
		return browseLetters(ctx, opts, office)
	}
	if opts.Query.Order == dlq.Stream {
		return streamLetters(ctx, opts, office)
	}
	return pageLetters(ctx, opts, office)
}

// fullScreen tells whether there is a terminal to fill.
func (e *Env) fullScreen() bool {
	return e.Streams.InTTY && e.Streams.OutTTY && e.Getenv("TERM") != "dumb"
}
