package commands

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// replayExportOptions is what "evtctl replay export" was asked.
type replayExportOptions struct {
	Env   *Env
	Group string
	File  string // empty: stdout
}

func newReplayExportCmd(env *Env, run func(context.Context, *replayExportOptions) error) *cobra.Command {
	opts := &replayExportOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "export --group GROUP [FILE.csv]",
		Short: "Write a group's offsets as topic,partition,offset",
		Long: `Write what a group has committed to a new file, or to stdout: a line of topic,
partition and offset for each partition, without a heading. "evtctl replay apply"
reads it, and so does Apache's kafka-consumer-groups.sh with --reset-offsets
--from-file. -o has no say in it.`,
		Example: `  evtctl replay export --group inventory-group
  evtctl replay export --group inventory-group offsets.csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.Group == "" {
				return usagef("name it with --group; \"evtctl lag\" lists the groups", "no group")
			}
			if len(args) > 0 && args[0] != "-" {
				opts.File = args[0]
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.Group, "group", "g", "", "the `group` to write the offsets of")
	complete(cmd, "group", groupNames(env))
	return cmd
}

func runReplayExport(ctx context.Context, opts *replayExportOptions) error {
	cl, settings, err := opts.Env.Open(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	offsets, err := within(ctx, settings, func(ctx context.Context) (*replay.Plan, error) {
		return replay.ExportGroup(ctx, kadm.NewClient(cl), opts.Group)
	})
	if err != nil {
		return err
	}
	if opts.File == "" {
		return render.Write(opts.Env.Streams, offsets.WriteCSV)
	}
	file, err := os.OpenFile(opts.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usagef("name another file, or remove that one", "exporting to %s: there is such a file already", opts.File)
	}
	if err != nil {
		return fmt.Errorf("exporting offsets: %w", err)
	}
	if err := errors.Join(offsets.WriteCSV(file), file.Close()); err != nil {
		return err
	}
	render.Message(opts.Env.Streams, render.Plain, "%s written to %s", plural(int64(len(offsets.Moves)), "offset"), opts.File)
	return nil
}
