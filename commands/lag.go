package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lagOptions is what "evtctl lag" was asked, parsed and checked.
type lagOptions struct {
	Env     *Env
	Request lag.Request
	Limits  lag.Limits
	By      string // group, topic or partition
	Format  render.Format
}

// prometheusFormat is the form of output for metrics.
const prometheusFormat render.Format = "prometheus"

func newLagCmd(env *Env, run func(context.Context, *lagOptions) error) *cobra.Command {
	opts := &lagOptions{Env: env}
	flags := &lagFlags{}
	cmd := &cobra.Command{
		Use:   "lag",
		Short: "Show how far consumer groups are behind",
		Long: `Show how far consumer groups are behind, in records and in time, and whether
that is acceptable: one row for each group of the cluster or, with --group, for
each of its partitions. All four types of groups are shown: classic, consumer
(KIP-848), share and streams.

LAG counts offsets up to the high watermark. Transaction markers and what
compaction removed are in it, so it is an upper bound of the records. A
partition without a commit counts from its log start; what was deleted before
the group read it is in its lag.
TIME-LAG is the age of the first record that the group has not read, records of
aborted transactions included.

-o prometheus gives metrics, once; "evtctl lag export" serves them.

Exit codes: 0 all was read; 4 a part of it; 1 nothing.`,
		Example: `  evtctl lag
  evtctl lag --group inventory-group
  evtctl lag --by topic -o csv
  evtctl lag -g inventory-group -o json | jq '.groups[0].time_lag_seconds'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(flags); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	flags.register(cmd, env)
	cmd.Flags().StringVar(&opts.By, "by", "", "a row for each `group`, topic or partition (default: group, with --group: partition)")
	complete(cmd, "by", fixed("group", "topic", "partition"))
	hasForms(cmd, prometheusFormat)
	cmd.AddCommand(newLagCheckCmd(env, runLagCheck), newLagWatchCmd(env, runLagWatch), newLagExportCmd(env, runLagExport))
	return cmd
}

func (o *lagOptions) finish(f *lagFlags) (err error) {
	if o.Request, o.Limits, err = f.parse(); err != nil {
		return err
	}
	if o.By == "" {
		o.By = "group"
		if len(f.groups) > 0 {
			o.By = "partition"
		}
	}
	if o.By != "group" && o.By != "topic" && o.By != "partition" {
		return usagef("--by group, --by topic or --by partition", "--by %q is none of group, topic and partition", o.By)
	}
	o.Format, err = o.Env.format(prometheusFormat)
	return err
}

func runLag(ctx context.Context, opts *lagOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	progress := render.NewProgress(opts.Env.Streams, "reading groups")
	report, err := within(ctx, settings, collectLag(cl, settings, opts.Request))
	progress.Done()
	if err != nil {
		return err
	}
	lag.Judge(report, opts.Limits)
	if err := printLag(opts, report); err != nil {
		return err
	}
	explainLag(opts.Env.Streams, report)
	return completeness(report)
}

// collectLag makes the question that all lag commands ask: the errors in the report
// are worded as all others are.
func collectLag(cl *kgo.Client, s *cluster.Settings, req lag.Request) func(context.Context) (*lag.Report, error) {
	req.Word = func(err error) string { return s.Explain(err).Error() }
	return func(ctx context.Context) (*lag.Report, error) { return lag.Collect(ctx, cl, req) }
}

// completeness gives the error of a report that lacks something: groups that could
// not be read, or brokers that told none.
func completeness(r *lag.Report) error {
	var failed []string
	for i := range r.Groups {
		if g := &r.Groups[i]; g.Error != "" || g.Reasons&(lag.NotAuthorized|lag.Failed) != 0 {
			failed = append(failed, groupName(g.Name))
		}
	}
	switch {
	case len(failed) == 0 && len(r.Problems) == 0:
		return nil
	case len(failed) == len(r.Groups) && len(failed) > 0:
		return fmt.Errorf("nothing could be read in full of %s", some(failed))
	case len(failed) > 0:
		return &partialError{fmt.Errorf("not all could be read of %s", some(failed))}
	default:
		return &partialError{fmt.Errorf("the answer is not complete: %s", strings.Join(r.Problems, "; "))}
	}
}

// some names a few of many.
func some(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

func printLag(opts *lagOptions, r *lag.Report) error {
	s := opts.Env.Streams
	if opts.Format == prometheusFormat {
		return printMetrics(s, lag.Metrics(r))
	}
	switch opts.By {
	case "group":
		return render.Print(s, opts.Format, render.View[lag.Group]{Document: r, Rows: r.Groups, Columns: groupColumns, Empty: noGroups(r)})
	case "topic":
		return render.Print(s, opts.Format, render.View[lag.TopicLag]{Document: r, Rows: r.ByTopic(), Columns: topicColumns, Empty: noGroups(r)})
	default:
		rows := r.ByPartition()
		return render.Print(s, opts.Format, render.View[lag.GroupPartition]{Document: r, Rows: rows, Columns: partitionColumns, Empty: noPartitions(r)})
	}
}

func noGroups(r *lag.Report) string {
	if r.VisibleOnly {
		return "no groups visible to this user"
	}
	return "no groups in this cluster"
}

func noPartitions(r *lag.Report) string {
	if len(r.Groups) == 0 {
		return noGroups(r)
	}
	var names []string
	for _, g := range r.Groups {
		if g.Error == "" {
			names = append(names, fmt.Sprintf("%s (%s, %s)", groupName(g.Name), g.Type, g.State))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "no partitions: nothing that this user may see is committed or assigned in " + some(names)
}
