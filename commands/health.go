package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/page"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor/health"
	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
)

// healthOptions is what "evtctl health" was asked, parsed and checked.
type healthOptions struct {
	Env    *Env
	Config health.Config
	FailOn lag.Verdict
	HTML   string // a file for the report; empty: none
	Format render.Format
	// Next makes the commands that are shown.
	Next func(*cluster.Settings) health.Commands
}

func newHealthCmd(env *Env, run func(context.Context, *healthOptions) error) *cobra.Command {
	opts := &healthOptions{Env: env}
	flags := &healthFlags{}
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Tell whether everything is well, on one page",
		Long: `Tell on one page whether everything is well: lag, dead letters and those that are
about to be deleted, rebalances, the time from producing to consuming, partitions
without all of their replicas or without a leader, and open transactions. What is
worst comes first, each with the command to type next; what is well is a line.

It looks for --window at what a single look can't tell, and back over the last hour,
as far as the user may read __consumer_offsets. -o json says how each figure is
measured; -o prometheus gives the metrics that "evtctl monitor" serves, once, but for
those that count from one report to the next. --html writes the page as a file with
charts, to attach to an incident.

The limits can be set in the contexts file, for all contexts or in one, under the
flags' names:

  health: {max_lag: 50k, max_latency: 30s, max_letters: 20/5m}

Exit codes: 0 all is well, or as well as --fail-on asks; 3 it is not; 4 not all could
be learnt; 1 nothing.`,
		Example: `  evtctl health
  evtctl health --max-latency 30s --fail-on warning
  evtctl health --window 30s --html incident.html
  evtctl health -o json | jq '.figures[].findings[].next'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := opts.finish(flags); err != nil {
				return err
			}
			opts.Next = func(s *cluster.Settings) health.Commands { return nextCommands(env, cmd, s) }
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	flags.failOn(cmd)
	cmd.Flags().StringVar(&opts.HTML, "html", "", "write the page with charts to this `file` as well")
	hasForms(cmd, prometheusFormat)
	return cmd
}

func (o *healthOptions) finish(f *healthFlags) (err error) {
	if o.Format, err = o.Env.format(prometheusFormat); err != nil {
		return err
	}
	if o.Config, err = f.parse(); err != nil {
		return err
	}
	o.FailOn, err = f.verdict()
	return err
}

func runHealth(ctx context.Context, opts *healthOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	r, err := collectHealth(ctx, opts.Env, office, opts.Config)
	if err != nil {
		return err
	}
	health.Judge(r, opts.Config.Limits, opts.Next(office.settings))
	if opts.HTML != "" {
		if err := page.Save(opts.HTML, r); err != nil {
			return &hintedError{fmt.Errorf("writing the page: %w", err), "choose another file with --html"}
		}
		render.Message(opts.Env.Streams, render.Plain, "the page is in %s", opts.HTML)
	}
	if err := printHealth(opts, r); err != nil {
		return err
	}
	return healthVerdict(r, opts.FailOn)
}

// collectHealth looks at the cluster; each question has the time limit.
func collectHealth(ctx context.Context, env *Env, office *postOffice, c health.Config) (*health.Report, error) {
	progress := render.NewProgress(env.Streams, "looking")
	defer progress.Done()
	c.Looked = func(done, of int) { progress.Update(int64(done), int64(of)) }
	c.Word = func(err error) string { return office.settings.Explain(err).Error() }
	c.Timeout = office.settings.Timeout
	r, err := health.Collect(ctx, health.Sources{Client: office.client, Letters: office.Reader}, c)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil, err
	}
	return r, office.settings.Explain(err)
}

// healthVerdict gives the error that stands for the exit code.
func healthVerdict(r *health.Report, failOn lag.Verdict) error {
	if r.Verdict >= failOn {
		return answerError{ExitBadNews}
	}
	for i := range r.Figures {
		f := &r.Figures[i]
		unknown := f.Verdict == lag.Uncertain && len(f.Findings) == 0
		for k := range f.Findings {
			unknown = unknown || unlearnt(&f.Findings[k])
		}
		if unknown {
			return answerError{ExitPartial}
		}
	}
	return nil
}

// unlearnt tells what could not be read from groups that have simply never committed.
func unlearnt(f *health.Finding) bool {
	return f.Verdict == lag.Uncertain && !slices.Equal(f.Reasons, []string{"never-committed"})
}

func printHealth(opts *healthOptions, r *health.Report) error {
	s := opts.Env.Streams
	switch opts.Format {
	case prometheusFormat:
		return printMetrics(s, healthMetrics{r})
	case render.Table:
		return printHealthPage(s, r)
	}
	rows := healthRows(r)
	view := render.View[healthRow]{Document: r, Rows: rows, Columns: healthColumns}
	for i := range r.Figures {
		view.Lines = append(view.Lines, &r.Figures[i])
	}
	return render.Print(s, opts.Format, view)
}

// healthRow is a finding, or a figure without any.
type healthRow struct {
	figure  *health.Figure
	finding *health.Finding // nil: the figure is well, or not known
}

func healthRows(r *health.Report) (rows []healthRow) {
	for i := range r.Figures {
		f := &r.Figures[i]
		for k := range f.Findings {
			rows = append(rows, healthRow{f, &f.Findings[k]})
		}
		if len(f.Findings) == 0 {
			rows = append(rows, healthRow{figure: f})
		}
	}
	return rows
}

var healthColumns = []render.Column[healthRow]{
	{Name: "VERDICT", Raw: func(r healthRow) string { return r.verdict().String() }, Tone: func(r healthRow) render.Tone { return tone(r.verdict()) }},
	{Name: "FIGURE", Raw: func(r healthRow) string { return string(r.figure.Name) }},
	{Name: "VALUE", Right: true, Raw: func(r healthRow) string { return r.value().String() }},
	{Name: "UNIT", Raw: func(r healthRow) string { return r.figure.Unit }},
	{Name: "WARNING", Right: true, Raw: func(r healthRow) string { return r.figure.Warning.String() }},
	{Name: "CRITICAL", Right: true, Raw: func(r healthRow) string { return r.figure.Critical.String() }},
	{Name: "SAYS", Raw: func(r healthRow) string { return r.says() }},
	{Name: "NEXT", Raw: func(r healthRow) string { return r.next() }},
}

func (r healthRow) verdict() lag.Verdict {
	if r.finding != nil {
		return r.finding.Verdict
	}
	return r.figure.Verdict
}

func (r healthRow) value() health.Number {
	if r.finding != nil {
		return r.finding.Value
	}
	return r.figure.Value
}

func (r healthRow) says() string {
	if r.finding != nil {
		return r.finding.Evidence
	}
	return r.figure.Says
}

func (r healthRow) next() string {
	if r.finding != nil {
		return r.finding.Next
	}
	return ""
}

// windowText says how long was looked.
func windowText(r *health.Report) string {
	if d := r.WindowSeconds.Seconds(); d > 0 {
		return "looked at for " + render.Age(d.Round(time.Millisecond))
	}
	return "looked at once"
}
