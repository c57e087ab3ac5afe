package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// dlqListOptions is what "evtctl dlq list" was asked.
type dlqListOptions struct {
	Env       *Env
	Request   dlq.FindRequest
	ToContext string // whose ledger; empty: the one of the letters' cluster
	Format    render.Format
}

func newDLQListCmd(env *Env, run func(context.Context, *dlqListOptions) error) *cobra.Command {
	opts := &dlqListOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "list [TOPIC…]",
		Short: "Find the dead-letter topics of the cluster",
		Long: `Find the dead-letter topics of the cluster: by their names, by what share groups
and topics are configured to do, and by what their newest records say. Topics that
hold letters on their way to another try are told apart.

LETTERS counts offsets. Transaction markers and what compaction removed are in it,
so it is an upper bound, marked with ≤; --count reads all letters and counts them.
LAST-HOUR is how many of them have a time stamp in the last hour. FIRST-EXPIRY is
when retention may delete the first of them.

Exit codes: 0 all was read; 4 a part of it; 1 nothing.`,
		Example: `  evtctl dlq list
  evtctl dlq list --count -o wide
  evtctl dlq list -o json | jq '.queues[] | select(.letters > 0) | .topic'`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts.Request.Topics = args
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Request.Count, "count", false, "read all letters to count them")
	ledgerFlag(cmd, env, &opts.ToContext)
	cmd.ValidArgsFunction = completeEvery(topicNames(env))
	return cmd
}

func runDLQList(ctx context.Context, opts *dlqListOptions) error {
	office, err := opts.Env.openDLQTo(ctx, opts.ToContext)
	if err != nil {
		return err
	}
	defer office.close()
	progress := render.NewProgress(opts.Env.Streams, "looking for dead-letter topics")
	found, err := office.Find(ctx, opts.Request)
	progress.Done()
	if err != nil {
		return office.explain(ctx, err)
	}
	if err := render.Print(opts.Env.Streams, opts.Format, render.View[dlq.Queue]{
		Document: found, Rows: found.Queues, Columns: queueColumns(opts.Env.Now()), Empty: "no dead-letter topics found",
	}); err != nil {
		return err
	}
	explainQueues(opts.Env.Streams, found)
	return incompleteQueues(found)
}

// explainQueues tells on stderr what the columns have no room for.
func explainQueues(s *render.Streams, found *dlq.Found) {
	for _, note := range found.Notes {
		render.Message(s, render.Faint, "note: %s", note)
	}
	if len(found.Retries) > 0 {
		render.Message(s, render.Faint, "retry topics, which their frameworks read themselves: %s", strings.Join(found.Retries, ", "))
	}
	empty := len(found.Queues) == 0
	for _, q := range found.Queues {
		empty = empty || q.Letters == 0 && q.Error == nil
		if q.RetentionBytes != nil && q.Letters > 0 {
			render.Message(s, render.Warn, "%s: retention by size (%s bytes a partition) may delete letters at any time", q.Topic, render.Count(*q.RetentionBytes))
		}
	}
	if empty {
		render.Message(s, render.Plain, "hint: an empty dead-letter topic is not health: a consumer that can't write its letters tries for ever. Look at \"evtctl lag\" as well")
	}
}

// incompleteQueues gives the error of an answer that lacks something.
func incompleteQueues(found *dlq.Found) error {
	for _, q := range found.Queues {
		if q.Error != nil {
			return &partialError{fmt.Errorf("topic %q could not be looked at in full: %s", q.Topic, *q.Error)}
		}
		if err := faulty(q.Topic, q.Faults, 1); err != nil {
			return err
		}
	}
	return nil
}

// queueColumns never cut a topic's name, which the next commands take, and keep what is
// left to be dealt with.
func queueColumns(now time.Time) []render.Column[dlq.Queue] {
	type q = dlq.Queue
	return []render.Column[q]{
		{Name: "TOPIC", Raw: func(q q) string { return q.Topic }},
		{Name: "LETTERS", Right: true, Raw: func(q q) string { return digits(&q.Letters) }, Text: func(q q) string { return bound(&q.Letters, q.Exact) }},
		{Name: "EXACT", Wide: true, Raw: func(q q) string { return mark(q.Exact, "yes") }},
		{Name: "UNDISPOSED", Right: true, Raw: func(q q) string { return digits(q.Undisposed) }, Text: func(q q) string { return bound(q.Undisposed, q.Exact) }},
		{Name: "OLDEST", Right: true, Drop: 2, Raw: func(q q) string { return stamp(q.Oldest) }, Text: func(q q) string { return ago(now, q.Oldest) }},
		{Name: "NEWEST", Right: true, Drop: 4, Raw: func(q q) string { return stamp(q.Newest) }, Text: func(q q) string { return ago(now, q.Newest) }},
		{Name: "LAST-HOUR", Right: true, Drop: 3, Raw: func(q q) string { return digits(q.LastHour) }, Text: func(q q) string { return thousands(q.LastHour) }},
		{Name: "FIRST-EXPIRY", Right: true, Drop: 1, Raw: func(q q) string { return stamp(q.FirstExpiry) },
			Text: func(q q) string { return until(now, q.FirstExpiry) }, Tone: func(q q) render.Tone { return expiryTone(now, q.FirstExpiry) }},
		{Name: "DIALECTS", Drop: 5, Raw: func(q q) string { return strings.Join(q.Dialects, ",") }},
		{Name: "BECAUSE", Wide: true, Raw: func(q q) string { return strings.Join(q.Because, ",") }},
		{Name: "ORIGINS", Wide: true, Raw: func(q q) string { return strings.Join(q.Origins, ",") }},
		{Name: "GROUPS", Wide: true, Raw: func(q q) string { return strings.Join(q.Groups, ",") }},
		{Name: "ERROR", Drop: 6, Raw: func(q q) string { return deref(q.Error) }},
	}
}

// bound is a number that may be too large.
func bound(n *int64, exact bool) string {
	if n == nil || exact || *n == 0 {
		return thousands(n)
	}
	return "≤" + thousands(n)
}

func thousands(n *int64) string {
	if n == nil {
		return ""
	}
	return render.Count(*n)
}

func digits(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// stamp is a time for programs.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// ago is a time for people.
func ago(now time.Time, t *time.Time) string {
	switch {
	case t == nil:
		return ""
	case t.After(now):
		return "in " + render.Age(t.Sub(now))
	}
	return render.Age(now.Sub(*t)) + " ago"
}

// until is the time of an end.
func until(now time.Time, t *time.Time) string {
	if t != nil && !t.After(now) {
		return "overdue"
	}
	return ago(now, t)
}

// expiryTone warns of letters that retention is about to delete.
func expiryTone(now time.Time, t *time.Time) render.Tone {
	if t != nil && t.Sub(now) < 24*time.Hour {
		return render.Bad
	}
	return render.Plain
}
