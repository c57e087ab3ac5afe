package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/internal/doctor/timeline"
	"github.com/evtctl/evtctl/schema"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// traceOptions is what "evtctl trace" was asked.
type traceOptions struct {
	Env    *Env
	Query  timeline.Query
	OTLP   string // a file or a URL; empty: no export
	Format render.Format
	// Next makes the commands that are shown.
	Next func(*cluster.Settings) health.Commands
}

func newTraceCmd(env *Env, run func(context.Context, *traceOptions) error) *cobra.Command {
	opts := &traceOptions{Env: env}
	var since, until string
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "Show where an order went, from any of its ids",
		Long: `Find a trace, correlation, event or order id in the headers, keys and decoded values
of all topics, retry topics and dead-letter topics, and show the records as one
timeline: what happened, where and when, how long it took, which groups have gone past
it, and what is missing. Nobody has to say what kind of id it is.

An id counts where it is the whole of a header, of a key or of a string or number in a
value, or the trace in traceparent, b3, uber-trace-id and the like; a part of something
else is no match. What the found records name (their trace, correlation, events and,
unless ID is one, their key) is looked for as well, once: an event leads to its order's
whole story. Only committed records are read.

All partitions are read, also where ID is found as a key: records with other keys may
name it in a value or a header, and its trace and events may be anywhere; Kafka has no
index that would tell. With --no-follow, a topic that has ID as a key is read in that
key's partition only. --key says that ID is a key, and reads no other partition of any
topic but those of letters and retries; --all reads all. The answer says what was left
out.

Time stamps come from producers' clocks, unless a topic has the broker's; one that goes
backwards within a partition is said to differ. Kafka doesn't keep when a group read
a record, so that only whether it did is told.

Exit codes: 0 found; 3 nothing was found, or a step of --expect is missing; 4 a part
could not be read, or nothing was found and a record could not be decoded; 2 asked
wrongly, or ID is in more than --limit records.`,
		Example: `  evtctl trace order-7-000012
  evtctl trace 4bf92f3577b34da6a3ce929d0e0e4736 --since 7d
  evtctl trace order-7-000012 --expect placed,paid,shipped --group delivery-group
  evtctl trace order-7-000012 --topic 'order-*' --otlp http://localhost:4318`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := opts.finish(args, since, until); err != nil {
				return err
			}
			opts.Next = func(s *cluster.Settings) health.Commands { return nextCommands(env, cmd, s) }
			return run(cmd.Context(), opts)
		},
	}
	q, f := &opts.Query, cmd.Flags()
	f.StringArrayVarP(&q.Topics, "topic", "t", nil, "only this `topic`, or those of a pattern such as 'order-*' (repeat for more)")
	f.StringVar(&since, "since", "24h", "only records from this `time` on: 2h (ago), 2026-03-02T12:00:00Z, milliseconds since 1970, or start")
	f.StringVar(&until, "until", "", "only records before this `time`")
	f.StringArrayVarP(&q.Groups, "group", "g", nil, "only say whether this `group` has gone past them (repeat for more; default: all that read the topics)")
	f.StringSliceVar(&q.Expect, "expect", nil, "`steps` that must be there, such as placed,paid,shipped: words of an event's type")
	f.IntVar(&q.Limit, "limit", timeline.DefaultLimit, "an id in more `records` is no id of one story")
	f.BoolVar(&q.Key, "key", false, "ID is a record's key: read only its partition of each topic")
	f.BoolVar(&q.NoFollow, "no-follow", false, "only records with ID itself")
	f.BoolVar(&q.All, "all", false, "read all partitions, even where the key's would do")
	f.StringVar(&opts.OTLP, "otlp", "", "also write the trace as OTLP: to a new `file` as JSON, or to the URL of a receiver")
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "group", groupNames(env))
	return cmd
}

func (o *traceOptions) finish(args []string, since, until string) (err error) {
	const hint = "of a trace, a correlation, an event or an order: evtctl trace ID"
	if len(args) == 0 || strings.TrimSpace(args[0]) == "" {
		return usagef(hint, "no id is named")
	}
	now, q := o.Env.Now(), &o.Query
	q.ID = args[0]
	if since != "start" {
		if q.Since, err = parseMoment("--since", since, now); err != nil {
			return err
		}
	}
	if q.Until, err = parseMoment("--until", until, now); err != nil {
		return err
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) && !q.Since.IsZero() {
		return usagef("give the earlier time to --since", "--since %s isn't before --until %s: no record can be between them", since, until)
	}
	if slices.Contains(q.Groups, "") {
		return usagef("name a group; \"evtctl lag\" lists them", "--group is empty")
	}
	if q.Limit < 1 {
		return usagef("such as --limit 1000", "--limit %d: at least one record is needed", q.Limit)
	}
	if q.Key && q.All {
		return usagef("leave one of them out", "--key reads the key's partition only, and --all reads all")
	}
	o.Format, err = o.Env.format()
	return err
}

func runTrace(ctx context.Context, opts *traceOptions) error {
	out, err := openOTLP(opts.OTLP)
	if err != nil {
		return err
	}
	defer out.close()
	office, err := opts.Env.openOffice(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	report, err := searchTrace(ctx, opts, office)
	if report == nil {
		return office.explainTrace(err)
	}
	if err := printTrace(opts, report); err != nil {
		return err
	}
	tellTrace(opts, report, opts.Next(office.settings))
	if err != nil {
		return err // interrupted: what was found until then is told
	}
	if err := out.write(ctx, report, office.settings.Timeout); err != nil {
		return err
	}
	return judgeTrace(report)
}

func searchTrace(ctx context.Context, opts *traceOptions, office *postOffice) (*timeline.Report, error) {
	progress := render.NewProgress(opts.Env.Streams, "reading")
	defer progress.Done()
	s := &timeline.Searcher{
		Client: office.client, Decoder: traceDecoder{office.decoder}, Dialects: office.Dialects, Dispositions: office.Reader.Open,
		Timeout: office.settings.Timeout, Now: opts.Env.Now, Progress: progress.Update,
		Word: func(err error) string { return office.settings.Explain(err).Error() },
	}
	return s.Search(ctx, opts.Query)
}

// traceDecoder decodes with the schemas of the configured registry.
type traceDecoder struct{ *letterDecoder }

// Decode implements timeline.Decoder.
func (d traceDecoder) Decode(ctx context.Context, headers []kgo.RecordHeader, key bool, data []byte) (*timeline.Decoded, error) {
	m, err := d.message(ctx, headers, key, data)
	if m == nil {
		return nil, err
	}
	return &timeline.Decoded{JSON: m.JSON, Type: m.Name}, nil
}

// explainTrace words what kept a search from beginning, or from ending.
func (o *postOffice) explainTrace(err error) error {
	var (
		asked   *timeline.RequestError
		many    *timeline.TooManyError
		missing *timeline.TopicNotFoundError
	)
	switch {
	case errors.As(err, &asked):
		return usagef(asked.Hint, "%v", err)
	case errors.As(err, &many):
		return usagef("a more telling id, a narrower --since, --topic, or a higher --limit", "%v", err)
	case errors.As(err, &missing):
		hint := "\"evtctl lag --by topic\" lists the topics that groups read"
		if near := schema.Near(missing.Topic, missing.Names); len(near) > 0 {
			hint = "there is " + strings.Join(near, ", ")
		}
		return usagef(hint, "%v", err)
	}
	return o.settings.Explain(err)
}

// judgeTrace gives the exit code. What could not be read might hold what wasn't found.
// Records that could not be decoded are only told where something was found: any topic
// without a schema that is at hand has some.
func judgeTrace(r *timeline.Report) error {
	if len(r.Unread) > 0 {
		err := errors.New(unreadText(r.Unread[0], len(r.Unread)))
		if r.Searched.Records == 0 {
			return err
		}
		return &partialError{err}
	}
	if len(r.Events) == 0 && r.Undecided.Records > 0 {
		return &partialError{fmt.Errorf("%s with the bytes of the id could not be decoded", plural(r.Undecided.Records, "record"))}
	}
	missing := slices.ContainsFunc(r.Missing, func(m timeline.Missing) bool { return m.What == timeline.ExpectedStep })
	if len(r.Events) == 0 || missing {
		return answerError{ExitBadNews}
	}
	return nil
}

func unreadText(u timeline.Unread, places int) string {
	at := u.Topic
	switch {
	case u.To > 0:
		at = fmt.Sprintf("%s:%d: offsets %d to %d", u.Topic, u.Partition, u.From, u.To-1)
	case u.Partition >= 0:
		at = fmt.Sprintf("%s:%d", u.Topic, u.Partition)
	}
	text := fmt.Sprintf("%s could not be read: %s", at, u.Reason)
	if places > 1 {
		text += fmt.Sprintf("; and %d more such places", places-1)
	}
	return text
}

// traceWindow is the window in words.
func traceWindow(w timeline.Window) string {
	stamp := func(t *time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	switch {
	case w.Since != nil && w.Until != nil:
		return "from " + stamp(w.Since) + " until " + stamp(w.Until)
	case w.Since != nil:
		return "from " + stamp(w.Since) + " on"
	case w.Until != nil:
		return "until " + stamp(w.Until)
	}
	return "from the start on"
}
