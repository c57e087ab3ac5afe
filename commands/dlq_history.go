package commands

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/spf13/cobra"
)

// dlqHistoryOptions is what "evtctl dlq history" was asked.
type dlqHistoryOptions struct {
	Env    *Env
	Topic  string
	Letter *dlq.Coordinates // nil: all of the topic
	Limit  int
	Format render.Format
}

// historyDocument is the history of a topic's letters, the oldest first.
type historyDocument struct {
	Version int            `json:"version"`
	Topic   string         `json:"topic"`
	Entries []ledger.Entry `json:"entries"`
	// Earlier is how many entries there are before those.
	Earlier int64 `json:"earlier"`
}

func newDLQHistoryCmd(env *Env, run func(context.Context, *dlqHistoryOptions) error) *cobra.Command {
	opts := &dlqHistoryOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "history TOPIC|COORDINATES",
		Short: "Show who did what about letters, when and why",
		Long: `Show what was done about the letters of a topic, or about one letter: replayed,
edited, discarded, parked, restored, with who did it, when and why, and where the
record went. It is read from the topic evtctl.dlq.audit of the cluster.`,
		Example: `  evtctl dlq history orders-dlt
  evtctl dlq history orders-dlt:0:17
  evtctl dlq history orders-dlt --limit 100000 -o csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(args); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().IntVar(&opts.Limit, "limit", 1000, "the newest `N` entries")
	completeArgs(cmd, false, topicNames(env))
	return cmd
}

func (o *dlqHistoryOptions) finish(args []string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Limit < 1 {
		return usagef("such as --limit 1000", "--limit %d is no number of entries", o.Limit)
	}
	if len(args) == 0 {
		return usagef("\"evtctl dlq list\" shows the dead-letter topics", "neither a topic nor a letter is named")
	}
	o.Topic = args[0]
	if strings.Contains(args[0], ":") {
		c, err := coordinatesArg(args)
		if err != nil {
			return err
		}
		o.Topic, o.Letter = c.Topic, &c
	}
	return nil
}

func runDLQHistory(ctx context.Context, opts *dlqHistoryOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	doc, err := opts.read(ctx, office)
	if err != nil {
		return office.explain(ctx, err)
	}
	s := opts.Env.Streams
	if doc.Earlier > 0 {
		render.Message(s, render.Faint, "earlier entries: %s; --limit shows more", render.Count(doc.Earlier))
	}
	return render.Print(s, opts.Format, render.View[ledger.Entry]{
		Document: doc, Rows: doc.Entries, Columns: historyColumns(opts.Env.Now()), Empty: "nothing was done about letters of " + opts.Topic,
	})
}

func (o *dlqHistoryOptions) read(ctx context.Context, office *postOffice) (*historyDocument, error) {
	doc := &historyDocument{Version: 1, Topic: o.Topic, Entries: []ledger.Entry{}}
	notice := func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) }
	err := dispose.History(ctx, office.client, o.Topic, notice, func(e ledger.Entry) error {
		if o.Letter != nil && (e.Partition != o.Letter.Partition || e.Offset != o.Letter.Offset) {
			return nil
		}
		if doc.Entries = append(doc.Entries, e); len(doc.Entries) >= 2*o.Limit { // not at each entry: it copies
			doc.trim(o.Limit)
		}
		return nil
	})
	doc.trim(o.Limit)
	return doc, err
}

// disposition adds to a letter's state who brought it about, when and why.
func (o *postOffice) disposition(ctx context.Context, at dlq.Coordinates, state *dlq.Disposition) (*dlq.Disposition, error) {
	opts := &dlqHistoryOptions{Env: o.decoder.env, Topic: at.Topic, Letter: &at, Limit: 1}
	doc, err := opts.read(ctx, o)
	if err != nil || len(doc.Entries) == 0 {
		return state, err
	}
	e := doc.Entries[0]
	return &dlq.Disposition{State: state.State, Job: e.Job, Who: e.Who, Why: e.Why, At: &e.At}, nil
}

// trim leaves the newest entries.
func (d *historyDocument) trim(limit int) {
	if more := len(d.Entries) - limit; more > 0 {
		d.Earlier += int64(more)
		d.Entries = append([]ledger.Entry{}, d.Entries[more:]...)
	}
}

func historyColumns(now time.Time) []render.Column[ledger.Entry] {
	type e = ledger.Entry
	return []render.Column[e]{
		{Name: "AT", Raw: func(e e) string { return stamp(&e.At) }, Text: func(e e) string { return ago(now, &e.At) }},
		{Name: "COORDINATES", Raw: func(e e) string { return e.Coordinates() }},
		{Name: "DISPOSITION", Raw: func(e e) string { return string(e.Disposition) }},
		{Name: "TARGET", Raw: func(e e) string {
			if e.Target == nil {
				return ""
			}
			return e.Target.Topic + ":" + strconv.Itoa(int(e.Target.Partition)) + ":" + strconv.FormatInt(e.Target.Offset, 10)
		}},
		{Name: "WHO", Raw: func(e e) string { return e.Who }},
		{Name: "WHY", Raw: func(e e) string { return e.Why }, Shrink: true},
		{Name: "ATTEMPT", Wide: true, Right: true, Raw: func(e e) string { return strconv.Itoa(e.Attempt) }},
		{Name: "JOB", Wide: true, Raw: func(e e) string { return e.Job }},
		{Name: "REPLAY-ID", Wide: true, Raw: func(e e) string { return e.ReplayID }},
	}
}
