package commands

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
)

// lagWatchOptions is what "evtctl lag watch" was asked, parsed and checked.
type lagWatchOptions struct {
	Env     *Env
	Request lag.Request
	Limits  lag.Limits
	Every   time.Duration
	Count   int // how many reports; 0: until interrupted
	Format  render.Format
}

// stallAfter is how long a commit must stand still in a live view to be stalled:
// more than the longest default interval between commits, Kafka Connect's minute.
const stallAfter = 65 * time.Second

func newLagWatchCmd(env *Env, run func(context.Context, *lagWatchOptions) error) *cobra.Command {
	opts := &lagWatchOptions{Env: env}
	flags := &lagFlags{}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch groups live: lag, rates, time to drain, history",
		Long: `Watch groups live, the ones in trouble first: lag, records a second coming in and
committed, the time until the group has caught up at these rates, and the lag's
history. On a terminal it fills the screen; piped, or with --count, each look is a
line a group, with -o jsonl a report. A look that fails is told on stderr, and the
next one comes. A commit that stands still for 65 s while records arrive is stalled.`,
		Example: `  evtctl lag watch
  evtctl lag watch --group inventory-group --every 1s
  evtctl lag watch --count 10 | tee lag.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(flags); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().DurationVar(&opts.Every, "every", 2*time.Second, "the time between two looks")
	cmd.Flags().IntVar(&opts.Count, "count", 0, "end after so many looks (0: go on until Ctrl-C)")
	return cmd
}

func (o *lagWatchOptions) finish(f *lagFlags) (err error) {
	if o.Request, o.Limits, err = f.parse(); err != nil {
		return err
	}
	if o.Every <= 0 {
		return usagef("such as --every 2s", "--every %s is no time", o.Every)
	}
	if o.Count < 0 {
		return usagef("such as --count 10", "--count %d is negative", o.Count)
	}
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.Format != render.Table && o.Format != render.JSONL {
		return usagef("-o table or -o jsonl", "a stream of reports has no form %q", o.Format)
	}
	return nil
}

func runLagWatch(ctx context.Context, opts *lagWatchOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	watch := &lagWatch{trend: lag.Trend{StallAfter: stallAfter}, limits: opts.Limits}
	load := func(ctx context.Context) (*lag.Report, error) {
		return within(ctx, settings, collectLag(cl, settings, opts.Request))
	}
	s := opts.Env.Streams
	if s.InTTY && s.OutTTY && opts.Env.Getenv("TERM") != "dumb" && opts.Format == render.Table && opts.Count == 0 {
		return watch.screen(ctx, s, opts.Every, load)
	}
	return watch.lines(ctx, opts, load)
}

// lagWatch turns reports into what a person follows.
type lagWatch struct {
	trend  lag.Trend
	limits lag.Limits
	byName bool
}

// watchRow is a group in a live view.
type watchRow struct {
	at       time.Time
	group    lag.Group
	movement lag.Movement
}

func (w *lagWatch) observe(r *lag.Report) []watchRow {
	w.trend.Observe(r)
	lag.Judge(r, w.limits)
	rows := make([]watchRow, len(r.Groups))
	for i, g := range r.Groups {
		rows[i] = watchRow{r.TakenAt, g, w.trend.Movement(g.Name)}
	}
	return rows
}

// sorted puts trouble first: the verdict, then the lag, then the name.
func (w *lagWatch) sorted(rows []watchRow) []watchRow {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b watchRow) int {
		if !w.byName {
			if d := int(b.group.Verdict) - int(a.group.Verdict); d != 0 {
				return d
			}
			if a.group.Lag != b.group.Lag {
				if a.group.Lag > b.group.Lag {
					return -1
				}
				return 1
			}
		}
		return strings.Compare(a.group.Name, b.group.Name)
	})
	return rows
}

var watchColumns = []render.Column[watchRow]{
	{Name: "GROUP", Raw: func(r watchRow) string { return groupName(r.group.Name) }},
	{Name: "LAG", Right: true, Raw: func(r watchRow) string { return r.group.Lag.String() }, Text: func(r watchRow) string { return atLeast(r.group.Lag, r.group.UnknownPartitions) }},
	{Name: "TIME-LAG", Right: true, Drop: 1, Raw: func(r watchRow) string { return age(r.group.TimeLag) }},
	{Name: "IN", Right: true, Drop: 3, Raw: func(r watchRow) string { return rate(r, r.movement.In) }},
	{Name: "OUT", Right: true, Drop: 3, Raw: func(r watchRow) string { return rate(r, r.movement.Out) }},
	{Name: "DRAIN", Right: true, Drop: 2, Raw: func(r watchRow) string { return drain(r) }},
	{Name: "VERDICT", Raw: func(r watchRow) string { return r.group.Verdict.String() }, Tone: func(r watchRow) render.Tone { return tone(r.group.Verdict) }},
	{Name: "HISTORY", Raw: func(r watchRow) string { return render.Sparkline(r.movement.History, 16) }, Drop: 4},
	{Name: "STATE", Raw: func(r watchRow) string { return string(r.group.State) }, Drop: 6},
	{Name: "REASONS", Raw: func(r watchRow) string { return reasons(r.group.Reasons, r.group.Error) }, Shrink: true, Drop: 5},
}

func rate(r watchRow, perSecond float64) string {
	if math.IsNaN(perSecond) || !r.group.Lag.Known() {
		return ""
	}
	return render.Rate(perSecond)
}

// keepsPace is the share of what comes in that a group must commit to count as
// keeping up: consumers commit in steps, so that the rates never match exactly.
const keepsPace = 0.95

// drain tells when the group will have caught up.
func drain(r watchRow) string {
	switch m := r.movement; {
	case math.IsNaN(m.In) || !r.group.Lag.Known():
		return ""
	case m.Drain < 0 && m.In > 0 && m.Out >= keepsPace*m.In:
		return "steady"
	case m.Drain < 0:
		return "never"
	case m.Drain == 0:
		return "-"
	default:
		return render.Age(m.Drain)
	}
}

// screen fills the terminal until the user ends it.
func (w *lagWatch) screen(ctx context.Context, s *render.Streams, every time.Duration, load func(context.Context) (*lag.Report, error)) error {
	type loaded struct {
		report *lag.Report
		rows   []watchRow
	}
	return render.RunScreen(ctx, s, render.Screen[loaded, watchRow]{
		Title:   "evtctl lag watch",
		Refresh: every,
		Load: func(ctx context.Context) (loaded, error) {
			report, err := load(ctx)
			if err != nil {
				return loaded{}, err
			}
			return loaded{report, w.observe(report)}, nil
		},
		Draw: func(l loaded) render.Frame[watchRow] {
			return render.Frame[watchRow]{Header: []string{headline(l.report)}, Columns: watchColumns, Rows: w.sorted(l.rows)}
		},
		Keys: []render.Key{{Name: "s", Help: "sort by name/trouble", Do: func() { w.byName = !w.byName }}},
	})
}

// headline sums a report up.
func headline(r *lag.Report) string {
	counts := map[lag.Verdict]int{}
	for _, g := range r.Groups {
		counts[g.Verdict]++
	}
	text := r.TakenAt.Local().Format(time.TimeOnly) + "  " + plural(int64(len(r.Groups)), "group")
	for _, v := range []lag.Verdict{lag.Critical, lag.Warning, lag.Uncertain} {
		if counts[v] > 0 {
			text += fmt.Sprintf("  %d %s", counts[v], v)
		}
	}
	if len(r.Problems) > 0 {
		text += "  incomplete: " + r.Problems[0]
	}
	return text + "  cluster " + r.ClusterID
}

// lines writes each look as a line a group, or as a JSON line.
func (w *lagWatch) lines(ctx context.Context, opts *lagWatchOptions, load func(context.Context) (*lag.Report, error)) error {
	s := opts.Env.Streams
	for i := 0; opts.Count == 0 || i < opts.Count; i++ {
		if i > 0 {
			if err := pause(ctx, opts.Every); err != nil {
				return err
			}
		}
		report, err := load(ctx)
		switch {
		case err != nil && (i == 0 || ctx.Err() != nil):
			return err
		case err != nil: // a cluster that comes back is what one watches for
			render.Error(s, "%s", Exit(err).Message)
			continue
		}
		if err := w.print(s, opts.Format, report); err != nil {
			return err
		}
	}
	return nil
}

// print writes one look.
func (w *lagWatch) print(s *render.Streams, format render.Format, report *lag.Report) error {
	rows := w.sorted(w.observe(report))
	for _, problem := range report.Problems {
		render.Message(s, render.Warn, "incomplete: %s", problem)
	}
	if format == render.JSONL {
		return render.Print(s, render.JSONL, render.View[watchRow]{Lines: []any{lookOf(report, rows)}})
	}
	for _, row := range rows {
		if err := render.Line(s, render.Plain, "%s", watchLine(row)); err != nil {
			return err
		}
	}
	return nil
}

// look is one look as a JSON line: the report, and how its groups moved.
type look struct {
	*lag.Report
	Movements []movement `json:"movements"`
}

type movement struct {
	Group string      `json:"group"`
	In    lag.Seconds `json:"in_per_second"`  // null before the second look
	Out   lag.Seconds `json:"out_per_second"` // null before the second look
	Drain lag.Seconds `json:"drain_seconds"`  // null when it never catches up at these rates
}

func lookOf(r *lag.Report, rows []watchRow) look {
	l := look{Report: r, Movements: []movement{}}
	for _, row := range rows {
		m := movement{row.group.Name, lag.Seconds(row.movement.In), lag.Seconds(row.movement.Out), lag.UnknownSeconds()}
		if m.In.Known() && row.movement.Drain >= 0 {
			m.Drain = lag.Seconds(row.movement.Drain.Seconds())
		}
		l.Movements = append(l.Movements, m)
	}
	return l
}

// watchLine is a group in one line, with raw numbers, seconds and records a second;
// every part has its name, so that grep and awk find it.
func watchLine(r watchRow) string {
	text := fmt.Sprintf("%s %s %s lag=%s", r.at.Format(time.RFC3339), r.group.Verdict, groupName(r.group.Name), unknown(r.group.Lag.String()))
	m := lookOf(nil, []watchRow{r}).Movements[0]
	text += " time-lag=" + unknown(r.group.TimeLag.String())
	text += " in=" + unknown(m.In.String()) + " out=" + unknown(m.Out.String()) + " drain=" + unknown(m.Drain.String())
	if r.group.Reasons != 0 {
		text += " reasons=" + reasons(r.group.Reasons, "")
	}
	return text
}

func unknown(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
