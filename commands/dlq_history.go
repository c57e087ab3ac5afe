package commands

import (
	"context"
	"slices"
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
	Env          *Env
	Topic        string           // empty: all topics
	Letter       *dlq.Coordinates // nil: all of the topic
	State        string           // only what brought this about; empty: anything
	Since, Until time.Time        // zero: no bound
	Limit        int
	ToContext    string // whose ledger; empty: the one of the letters' cluster
	Format       render.Format
}

// historyDocument is the history of letters, the oldest first.
type historyDocument struct {
	Version int            `json:"version"`
	Topic   *string        `json:"topic"` // null: all topics
	Entries []ledger.Entry `json:"entries"`
	// Earlier is how many entries there are before those.
	Earlier int64 `json:"earlier"`

	sort bool // entries come in the order of their topics
}

func newDLQHistoryCmd(env *Env, run func(context.Context, *dlqHistoryOptions) error) *cobra.Command {
	opts := &dlqHistoryOptions{Env: env}
	var since, until string
	cmd := &cobra.Command{
		Use:   "history [TOPIC|COORDINATES]",
		Short: "Show who did what about letters, when and why",
		Long: `Show what was done about letters: of all topics, those included that were deleted
since, of one topic, or about one letter. They were replayed, edited, discarded, parked,
restored or imported, and it is said who did it, when and why, and where the record went.
It is read from the topic evtctl.dlq.audit of the cluster; --to-context reads that of a
cluster that letters were sent to.

The oldest comes first. COORDINATES of what was imported are those in the file, and
TARGET is where the letter is; it is found by either.`,
		Example: `  evtctl dlq history
  evtctl dlq history --since 12h -o jsonl
  evtctl dlq history orders-dlt
  evtctl dlq history orders-dlt:0:17
  evtctl dlq history orders-dlt --limit 100000 -o csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(args, since, until); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.IntVar(&opts.Limit, "limit", 1000, "the newest `N` entries")
	f.StringVar(&since, "since", "", "only what was done from this `time` on: 2h (ago), 2026-03-02T12:00:00Z, milliseconds since 1970")
	f.StringVar(&until, "until", "", "only what was done before this `time`")
	ledgerFlag(cmd, env, &opts.ToContext)
	completeArgs(cmd, false, topicNames(env))
	return cmd
}

func (o *dlqHistoryOptions) finish(args []string, since, until string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Limit < 1 {
		return usagef("such as --limit 1000", "--limit %d is no number of entries", o.Limit)
	}
	if o.Since, o.Until, err = parseTimes(since, until, o.Env.Now()); err != nil {
		return err
	}
	if len(args) == 0 {
		return nil
	}
	if args[0] == "" {
		return usagef("leave it out for all topics", "the topic's name is empty")
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
	office, err := opts.Env.openDLQTo(ctx, opts.ToContext)
	if err != nil {
		return err
	}
	defer office.close()
	progress := render.NewProgress(opts.Env.Streams, "reading the history")
	doc, err := opts.read(ctx, office)
	progress.Done()
	if err != nil {
		return office.explain(ctx, err)
	}
	s := opts.Env.Streams
	if doc.Earlier > 0 {
		render.Message(s, render.Faint, "earlier entries: %s; --limit shows more", render.Count(doc.Earlier))
	}
	return render.Print(s, opts.Format, render.View[ledger.Entry]{
		Document: doc, Rows: doc.Entries, Columns: historyColumns(opts.Env.Now()), Empty: opts.nothing(),
	})
}

func (o *dlqHistoryOptions) nothing() string {
	text := "nothing was done about letters"
	switch {
	case o.Letter != nil:
		text = "nothing was done about letter " + o.Letter.String()
	case o.Topic != "":
		text += " of " + o.Topic
	}
	if !o.Since.IsZero() || !o.Until.IsZero() {
		text += " in that time"
	}
	return text
}

// read keeps the newest entries only: there may be any number of them.
func (o *dlqHistoryOptions) read(ctx context.Context, office *postOffice) (*historyDocument, error) {
	doc := &historyDocument{Version: 1, Entries: []ledger.Entry{}, sort: o.Topic == ""}
	notice := func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) }
	each := func(e ledger.Entry) error {
		if !o.wants(&e) {
			return nil
		}
		if doc.Entries = append(doc.Entries, e); len(doc.Entries) >= 2*o.Limit { // not at each entry: it copies
			doc.trim(o.Limit)
		}
		return nil
	}
	var err error
	if o.Topic == "" {
		err = dispose.AllHistory(ctx, office.books, notice, each)
	} else {
		doc.Topic = &o.Topic
		err = dispose.History(ctx, office.client, office.books, o.Topic, notice, each)
	}
	doc.trim(o.Limit)
	return doc, err
}

func (o *dlqHistoryOptions) wants(e *ledger.Entry) bool {
	if !o.Since.IsZero() && e.At.Before(o.Since) || !o.Until.IsZero() && !e.At.Before(o.Until) {
		return false
	}
	if o.State != "" && string(e.Disposition) != o.State {
		return false
	}
	at := func(topic string, partition int32, offset int64) bool {
		return *o.Letter == dlq.Coordinates{Topic: topic, Partition: partition, Offset: offset}
	}
	return o.Letter == nil || at(e.Topic, e.Partition, e.Offset) ||
		e.Disposition == ledger.Imported && e.Target != nil && at(e.Target.Topic, e.Target.Partition, e.Target.Offset)
}

// disposition adds to a letter's state who brought it about, when and why.
func (o *postOffice) disposition(ctx context.Context, at dlq.Coordinates, state *dlq.Disposition) (*dlq.Disposition, error) {
	opts := &dlqHistoryOptions{Env: o.decoder.env, Topic: at.Topic, Letter: &at, State: state.State, Limit: 1}
	doc, err := opts.read(ctx, o)
	if err != nil || len(doc.Entries) == 0 {
		return state, err
	}
	e := doc.Entries[0]
	return &dlq.Disposition{State: state.State, Job: e.Job, Who: e.Who, Why: e.Why, At: &e.At}, nil
}

// trim leaves the newest entries.
func (d *historyDocument) trim(limit int) {
	if d.sort {
		slices.SortStableFunc(d.Entries, func(a, b ledger.Entry) int { return a.At.Compare(b.At) })
	}
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
		}, Drop: 2},
		{Name: "WHO", Raw: func(e e) string { return e.Who }, Drop: 1},
		{Name: "WHY", Raw: func(e e) string { return e.Why }, Shrink: true},
		{Name: "ATTEMPT", Wide: true, Right: true, Raw: func(e e) string { return strconv.Itoa(e.Attempt) }},
		{Name: "JOB", Wide: true, Raw: func(e e) string { return e.Job }},
		{Name: "REPLAY-ID", Wide: true, Raw: func(e e) string { return e.ReplayID }},
	}
}
