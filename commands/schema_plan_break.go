package commands

import (
	"context"
	"slices"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/spf13/cobra"
)

// schemaPlanBreakOptions is what "evtctl schema plan-break" was asked.
type schemaPlanBreakOptions struct {
	Env     *Env
	Load    schema.LoadRequest
	Mode    schema.Mode
	Against string
	Format  render.Format
}

func newSchemaPlanBreakCmd(env *Env, run func(context.Context, *schemaPlanBreakOptions) error) *cobra.Command {
	opts := &schemaPlanBreakOptions{Env: env}
	var mode string
	cmd := &cobra.Command{
		Use:   "plan-break PATH --subject SUBJECT",
		Short: "Show four ways to make a change that breaks, with the steps for this subject",
		Long: `Check a schema and show four ways to make a change that breaks: a new topic,
dual publishing, an adapter, a versioned payload. Each has its steps for this
very subject and the commands that do or check them; the way that fits what
breaks comes first. GROUP, BROKERS, N and R in commands stand for what the
check can't know.

Nothing is written. The exit code is 0 whether the change breaks or not: a
change of meaning, such as from cents to euros, breaks what no check can see.`,
		Example: `  evtctl schema plan-break order.avsc --subject order-events-value
  evtctl schema plan-break order.avsc --subject order-events-value --against git:main
  evtctl schema plan-break order.avsc --subject order-events-value -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts.Load.Paths = args
			if opts.Load.Subject == "" {
				return usagef("such as --subject order-events-value", "planning a break of %s: no subject is named", args[0])
			}
			if mode != "" {
				if opts.Mode, err = schema.ParseMode(mode); err != nil {
					return err
				}
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Load.Subject, "subject", "", "the `subject` whose versions it breaks")
	f.StringArrayVar(&opts.Load.Refs, "refs", nil, "a `path` of files that the schema refers to (repeat for more)")
	f.StringVar(&mode, "mode", "", "check by this compatibility `mode` (default: the subject's)")
	f.StringVar(&opts.Against, "against", "registry", "`what` it breaks: registry, a file, a folder, or git:REVISION")
	complete(cmd, "subject", subjectNames(env))
	complete(cmd, "mode", modeNames)
	return cmd
}

func runSchemaPlanBreak(ctx context.Context, opts *schemaPlanBreakOptions) error {
	loaded, err := schema.Load(opts.Load)
	if err != nil {
		return err
	}
	request := schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Mode: opts.Mode, Now: opts.Env.Now()}
	if err := opts.Env.against(ctx, []string{opts.Against}, &request); err != nil {
		return err
	}
	report, err := schema.Check(ctx, request)
	if err != nil {
		return err
	}
	result := &report.Results[0]
	if result.Error != nil {
		return &hintedError{result.Error.Err, result.Error.Hint}
	}
	return opts.print(schema.PlanBreakOf(result), result)
}

func (o *schemaPlanBreakOptions) print(plan *schema.BreakPlan, r *schema.Result) error {
	s := o.Env.Streams
	if !isText(o.Format) {
		return render.Print(s, o.Format, render.View[schema.Way]{Document: plan, Rows: plan.Ways, Columns: wayColumns})
	}
	if err := printBreaks(s, plan, r); err != nil {
		return err
	}
	for i, way := range suggestedFirst(plan) {
		if err := printWay(s, i+1, way, plan.Suggested); err != nil {
			return err
		}
	}
	return nil
}

// printBreaks says what breaks, and what is suggested.
func printBreaks(s *render.Streams, plan *schema.BreakPlan, r *schema.Result) error {
	if len(plan.Breaks) == 0 {
		return render.Prose(s, render.Good, "",
			"%s breaks nothing of subject %q that a check by the mode %s (%s) can see. Where its meaning breaks all the same, these are the ways.", r.Path, plan.Subject, r.Mode, r.ModeFrom)
	}
	if err := render.Prose(s, render.Strong, "", "%s breaks subject %q by the mode %s (%s):", r.Path, plan.Subject, r.Mode, r.ModeFrom); err != nil {
		return err
	}
	for _, problem := range plan.Breaks {
		if err := render.Prose(s, render.Plain, "  - ", "%s (%s at %s)", problem.Message, problem.Rule, problem.Path); err != nil {
			return err
		}
	}
	return render.Prose(s, render.Plain, "", "Suggested: %s, as %s.", plan.Suggested, plan.Because)
}

func suggestedFirst(plan *schema.BreakPlan) []schema.Way {
	ways := slices.Clone(plan.Ways)
	slices.SortStableFunc(ways, func(a, b schema.Way) int {
		switch plan.Suggested {
		case a.Name:
			return -1
		case b.Name:
			return 1
		}
		return 0
	})
	return ways
}

// printWay prints a way with its steps. Commands aren't wrapped: they are there to be
// copied.
func printWay(s *render.Streams, number int, way schema.Way, suggested string) error {
	title := way.Title
	if way.Name == suggested {
		title += " (suggested)"
	}
	if err := render.Line(s, render.Strong, "\n%d. %s", number, title); err != nil {
		return err
	}
	for _, about := range []struct{ first, text string }{{"   suits: ", way.Suits}, {"   costs: ", way.Cost}} {
		if err := render.Prose(s, render.Plain, about.first, "%s", about.text); err != nil {
			return err
		}
	}
	for i, step := range way.Steps {
		if err := render.Prose(s, render.Plain, "   "+string(rune('a'+i))+") ", "%s", step.Text); err != nil {
			return err
		}
		for _, command := range step.Commands {
			if err := render.Line(s, render.Faint, "        %s", command); err != nil {
				return err
			}
		}
	}
	return nil
}

var wayColumns = []render.Column[schema.Way]{
	{Name: "NAME", Raw: func(w schema.Way) string { return w.Name }},
	{Name: "SUITS", Raw: func(w schema.Way) string { return w.Suits }},
	{Name: "COSTS", Raw: func(w schema.Way) string { return w.Cost }},
	{Name: "STEPS", Right: true, Raw: func(w schema.Way) string { return render.Count(int64(len(w.Steps))) }},
}
