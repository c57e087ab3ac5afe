package commands

import (
	"cmp"
	"context"
	"io"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/report"
	"github.com/spf13/cobra"
)

// schemaCheckOptions is what "evtctl schema check" was asked, parsed and checked.
type schemaCheckOptions struct {
	Env     *Env
	Load    schema.LoadRequest
	Request schema.Request // without what is opened when it runs
	Against []string
	Sample  *sampleSpec // nil: none is taken
	Format  render.Format
}

// Forms of output that only a check has.
const (
	textFormat   render.Format = "text"
	junitFormat  render.Format = "junit"
	githubFormat render.Format = "github"
	sarifFormat  render.Format = "sarif"
)

func newSchemaCheckCmd(env *Env, run func(context.Context, *schemaCheckOptions) error) *cobra.Command {
	opts := &schemaCheckOptions{Env: env}
	flags := &schemaCheckFlags{}
	cmd := &cobra.Command{
		Use:   "check PATH…",
		Short: "Tell whether schema changes are safe",
		Long: `Tell whether schemas are safe to be the next versions of their subjects: with all
reasons at once, whom each breaks, a way out, and which side to deploy first.

PATH is a schema file (.avsc, .json, .proto) or a folder of them. The subject is the
file's name without its ending, unless --subject, --subject-from or --naming says
otherwise. In a file's name %2F and the like stand for what file names can't have.

Avro is checked as Apache Avro for Java does, and that answer counts. For JSON Schema
and Protobuf, whose registries differ, a registry's own verdict counts, and without
one the answer is advice by the rules it names.

The mode is --mode, or the mapping file's, or the registry's (the subject's own, else
the global one), or BACKWARD.

Forms of output, with -o: text (the default here), json, junit (for test reports),
github (annotations on the lines of files), sarif (for code scanning), and the usual
ones.

Exit codes: 0 compatible; 3 incompatible; 1 it couldn't be checked; 2 asked wrongly.`,
		Example: `  evtctl schema check schemas/order-events-value.avsc
  evtctl schema check schemas/ --against git:origin/main -o github
  evtctl schema check order.avsc --subject order-events-value --sample order-events:500
  evtctl schema check schemas/ --subject-from subjects.yaml --allow allowed.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(flags, args, cmd.Flags().Changed("output")); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, opts)
	return cmd
}

func runSchemaCheck(ctx context.Context, opts *schemaCheckOptions) error {
	loaded, err := schema.Load(opts.Load)
	if err != nil {
		return err
	}
	req := opts.Request
	req.Candidates, req.Available = loaded.Candidates, loaded.Available
	if err := opts.Env.against(ctx, opts.Against, &req); err != nil {
		return err
	}
	if opts.Sample != nil {
		trial, done, err := opts.Env.trial(ctx, *opts.Sample)
		if err != nil {
			return err
		}
		defer done()
		req.Trial = trial
	}
	progress := render.NewProgress(opts.Env.Streams, "checking schemas")
	answer, err := schema.Check(ctx, req)
	progress.Done()
	if err != nil {
		return err
	}
	answer.Notes = append(loaded.Notes, answer.Notes...)
	if catalogue, ok := req.Judge.(schema.Catalogue); ok { // the baseline is a registry
		schema.NoteNear(ctx, catalogue, answer)
	}
	if err := opts.print(answer); err != nil {
		return err
	}
	opts.suggestPlan(answer)
	return map[schema.Outcome]error{
		schema.Compatible: nil, schema.Incompatible: answerError{ExitBadNews}, schema.Unchecked: answerError{ExitFailed},
	}[answer.Outcome()]
}

// suggestPlan names the way on for what breaks.
func (o *schemaCheckOptions) suggestPlan(answer *schema.Report) {
	for i := range answer.Results {
		if r := &answer.Results[i]; r.Breaks() > 0 {
			render.Message(o.Env.Streams, render.Plain, "hint: \"evtctl schema plan-break %s --subject %s\" shows four ways to make a change that breaks",
				shellWord(r.Path), shellWord(r.Subject))
			return
		}
	}
}

func (o *schemaCheckOptions) print(answer *schema.Report) error {
	s := o.Env.Streams
	forCI := map[render.Format]func(io.Writer, *schema.Report, report.Options) error{
		junitFormat: report.JUnit, githubFormat: report.GitHub, sarifFormat: report.SARIF,
	}
	if write := forCI[o.Format]; write != nil {
		return render.Write(s, func(w io.Writer) error { return write(w, answer, o.reportOptions()) })
	}
	if o.Format == textFormat {
		return printSchemaReport(s, answer)
	}
	return render.Print(s, o.Format, render.View[schema.Result]{Document: answer, Rows: answer.Results, Columns: schemaResultColumns})
}

// reportOptions name files as the repository does: CI systems tell where that is.
func (o *schemaCheckOptions) reportOptions() report.Options {
	return report.Options{
		Root:    cmp.Or(o.Env.Getenv("GITHUB_WORKSPACE"), o.Env.Getenv("CI_PROJECT_DIR")),
		Version: readBuildInfo().Evtctl,
	}
}
