package commands

import (
	"context"
	"fmt"
	"strings"

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

// prometheus is the form of output for metrics.
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
partition without a commit counts from its log start.
TIME-LAG is the age of the first record that the group has not read.`,
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
	report, err := within(ctx, settings, collectLag(cl, opts.Request, opts.Limits))
	progress.Done()
	if err != nil {
		return err
	}
	if err := printLag(opts, report); err != nil {
		return err
	}
	explainLag(opts.Env.Streams, report)
	if len(report.Problems) > 0 {
		return &partialError{report.Problems}
	}
	return nil
}

// collectLag makes the question that all lag commands ask.
func collectLag(cl *kgo.Client, req lag.Request, limits lag.Limits) func(context.Context) (*lag.Report, error) {
	return func(ctx context.Context) (*lag.Report, error) {
		report, err := lag.Collect(ctx, cl, req)
		if err != nil {
			return nil, err
		}
		lag.Judge(report, limits)
		return report, nil
	}
}

func printLag(opts *lagOptions, r *lag.Report) error {
	s := opts.Env.Streams
	if opts.Format == prometheusFormat {
		return writeMetrics(s.Out, lag.Metrics(r))
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
	names := make([]string, len(r.Groups))
	for i, g := range r.Groups {
		names[i] = fmt.Sprintf("%s (%s, %s)", g.Name, g.Type, g.State)
	}
	return "no partitions: nothing is committed or assigned in " + strings.Join(names, ", ")
}
