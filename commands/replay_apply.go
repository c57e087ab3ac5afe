package commands

import (
	"context"
	"io"
	"os"

	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

func newReplayApplyCmd(env *Env, run func(context.Context, *replayPlanOptions, string) error) *cobra.Command {
	opts := &replayPlanOptions{offsetsWrite: offsetsWrite{Env: env, Command: "evtctl replay reset", IDHeader: replay.DefaultIDHeader}}
	cmd := &cobra.Command{
		Use:   "apply FILE.csv --from-group GROUP",
		Short: "Set offsets of a file of topic,partition,offset",
		Long: `Set the offsets that a file names, as "evtctl replay reset" does: for an isolated
group, or with --in-place for the group itself. The file (- is stdin) has a line
of topic, partition and offset for each partition, as "evtctl replay export" and
Apache's kafka-consumer-groups.sh with --export write it. An offset that isn't
there is moved to the nearest that is, and the plan says so.`,
		Example: `  evtctl replay apply offsets.csv --from-group inventory-group --dry-run
  evtctl replay apply offsets.csv --from-group inventory-group --in-place --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req := &opts.Request
			req.Now = env.Now()
			switch {
			case req.From == "":
				return usagef("name it with --from-group; \"evtctl lag\" lists the groups", "no group that the offsets are of")
			case cmd.Flags().Changed("group") && req.Group == "":
				return usagef("leave it out for a name made of --from-group and the time", "--group is empty")
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.Request.Group, "group", "g", "", "the isolated `group` (default: made of --from-group and the time)")
	flags.StringVar(&opts.Request.From, "from-group", "", "the `group` that the offsets are of")
	flags.BoolVar(&opts.Request.InPlace, "in-place", false, "reset --from-group itself; \"evtctl replay undo\" takes it back")
	flags.StringVar(&opts.PlanOut, "plan-out", "", "save the plan to this new `file`, and do nothing; \"evtctl replay reset --plan\" applies it")
	opts.writeFlags.register(cmd)
	complete(cmd, "group", groupNames(env))
	complete(cmd, "from-group", groupNames(env))
	return cmd
}

func runReplayApply(ctx context.Context, opts *replayPlanOptions, file string) (err error) {
	if opts.Request.Topics, err = readOffsets(opts.Env.Streams.In, file); err != nil {
		return err
	}
	return opts.run(ctx, func(ctx context.Context, r replay.Reader) (*replay.Plan, error) {
		plan, err := replay.NewPlan(ctx, r, opts.Request)
		if err == nil {
			plan.To = "what " + file + " says"
		}
		return plan, err
	})
}

func readOffsets(stdin io.Reader, path string) ([]replay.Selection, error) {
	if path == "-" {
		return replay.ReadCSV(stdin)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usagef("\"evtctl replay export\" writes such a file", "reading offsets: %v", err)
	}
	defer file.Close()
	return replay.ReadCSV(file)
}
