package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// dlqStatsOptions is what "evtctl dlq stats" was asked.
type dlqStatsOptions struct {
	Env       *Env
	Query     dlq.Query
	Top       int
	ToContext string // whose ledger; empty: the one of the letters' cluster
	Format    render.Format
}

func newDLQStatsCmd(env *Env, run func(context.Context, *dlqStatsOptions) error) *cobra.Command {
	opts := &dlqStatsOptions{Env: env}
	flags := &letterFlags{}
	cmd := &cobra.Command{
		Use:   "stats TOPIC",
		Short: "Group the letters of a topic by why they died",
		Long: `Group the letters of a topic by why they died: by the class of the cause, its
message without what changes from letter to letter, and the topmost frame of the
application in the stack trace. The largest group comes first. EXAMPLE is the newest
letter of a group; class, message and frame are that letter's.

Exit codes: 0 all was read; 4 a part of it; 1 nothing.`,
		Example: `  evtctl dlq stats orders-dlt
  evtctl dlq stats orders-dlt --since 1h --top 5
  evtctl dlq stats orders-dlt --where '.origin.group=="billing"' -o json`,
		Args: topicArg,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.Query, err = flags.parse(args[0]); err != nil {
				return err
			}
			if opts.Top < 1 {
				return usagef("such as --top 20", "--top %d: at least one group is needed", opts.Top)
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().IntVar(&opts.Top, "top", 20, "how many groups to show")
	ledgerFlag(cmd, env, &opts.ToContext)
	return cmd
}

func runDLQStats(ctx context.Context, opts *dlqStatsOptions) error {
	office, err := opts.Env.openDLQTo(ctx, opts.ToContext)
	if err != nil {
		return err
	}
	defer office.close()
	progress := render.NewProgress(opts.Env.Streams, "reading "+opts.Query.Topic)
	stats, err := office.Stats(ctx, opts.Query, opts.Top)
	progress.Done()
	if err != nil {
		return office.explain(ctx, err)
	}
	if err := render.Print(opts.Env.Streams, opts.Format, render.View[dlq.Group]{
		Document: stats, Rows: stats.Groups, Columns: causeColumns(opts.Env.Now()), Empty: nothingIn(opts.Query, stats.Read),
	}); err != nil {
		return err
	}
	s := opts.Env.Streams
	if stats.GroupsLeftOut > 0 {
		render.Message(s, render.Faint, "%s more, with %s: --top shows more of them", plural(int64(stats.GroupsLeftOut), "group"), plural(stats.LettersLeftOut, "letter"))
	}
	if stats.Ungrouped > 0 {
		render.Message(s, render.Warn, "%s not grouped: there are too many groups", plural(stats.Ungrouped, "letter"))
	}
	return office.told(opts.Env, opts.Query.Topic, stats.Read)
}

// causeColumns keep the fingerprint however narrow a terminal is: the next commands take it.
func causeColumns(now time.Time) []render.Column[dlq.Group] {
	type g = dlq.Group
	return []render.Column[g]{
		{Name: "COUNT", Right: true, Raw: func(g g) string { return digits(&g.Count) }, Text: func(g g) string { return render.Count(g.Count) }},
		{Name: "UNDISPOSED", Right: true, Drop: 2, Raw: func(g g) string { return digits(g.Undisposed) }, Text: func(g g) string { return thousands(g.Undisposed) }},
		{Name: "SHARE", Right: true, Drop: 4, Raw: func(g g) string { return fmt.Sprintf("%.4f", g.Share) }, Text: func(g g) string { return percent(g.Share) }},
		{Name: "FIRST", Right: true, Drop: 5, Raw: func(g g) string { return stamp(g.First) }, Text: func(g g) string { return ago(now, g.First) }},
		{Name: "LAST", Right: true, Raw: func(g g) string { return stamp(g.Last) }, Text: func(g g) string { return ago(now, g.Last) }},
		{Name: "CLASS", Raw: func(g g) string { return deref(g.Class) }, Text: func(g g) string { return simpleName(g.Class) }, Shrink: true},
		{Name: "MESSAGE", Raw: func(g g) string { return deref(g.Message) }, Text: func(g g) string { return firstLine(g.Message, 100) }, Shrink: true},
		{Name: "FRAME", Wide: true, Raw: func(g g) string { return deref(g.Frame) }},
		{Name: "DIALECTS", Wide: true, Raw: func(g g) string { return strings.Join(g.Dialects, ",") }},
		{Name: "ORIGINS", Wide: true, Raw: func(g g) string { return strings.Join(g.Origins, ",") }},
		{Name: "EXAMPLE", Drop: 6, Raw: func(g g) string { return g.Example.String() }},
		{Name: "FINGERPRINT", Raw: func(g g) string { return g.Fingerprint }},
	}
}

// percent is a share for people. A group is there, so that its share isn't 0 %.
func percent(share float64) string {
	switch {
	case share < 0.001:
		return "<0.1%"
	case share < 0.1:
		return fmt.Sprintf("%.1f%%", share*100)
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// simpleName is a class without its package.
func simpleName(class *string) string {
	name := deref(class)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// firstLine is the beginning of a text, cut at a line break or after so many bytes.
func firstLine(text *string, most int) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(deref(text)), "\n")
	line = strings.TrimRight(line, "\r ")
	switch {
	case len(line) > most:
		return strings.ToValidUTF8(line[:most], "") + "…"
	case rest != "":
		return line + " …"
	}
	return line
}

// screenCauses are the columns of the browser's groups.
func screenCauses(now time.Time) []render.Column[dlq.Group] {
	type g = dlq.Group
	return []render.Column[g]{
		{Name: "COUNT", Right: true, Raw: func(g g) string { return render.Count(g.Count) }},
		{Name: "SHARE", Right: true, Drop: 2, Raw: func(g g) string { return percent(g.Share) }},
		{Name: "FIRST", Right: true, Drop: 1, Raw: func(g g) string { return ago(now, g.First) }},
		{Name: "LAST", Right: true, Raw: func(g g) string { return ago(now, g.Last) }},
		{Name: "CAUSE", Shrink: true, Raw: func(g g) string { return causeOf(deref(g.Class), deref(g.Message)) }},
	}
}
