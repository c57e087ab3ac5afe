package commands

import (
	"context"

	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

func newDLQRestoreCmd(env *Env, run func(context.Context, *dlqWriteOptions) error) *cobra.Command {
	opts := &dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Restore}}
	flags := &choiceFlags{}
	cmd := &cobra.Command{
		Use:   "restore TOPIC|COORDINATES…",
		Short: "Take back what was done about letters",
		Long: `Make letters count as not dealt with again, whether they were discarded, parked or
replayed. What was sent can't be called back: a letter that was replayed, restored
and replayed again is sent twice, with different replay ids.`,
		Example: `  evtctl dlq restore orders-dlt:0:17 --reason "wasn't a test order after all" --yes
  evtctl dlq restore orders-dlt --where '.disposition.state == "discarded"' --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.finishQuiet(opts, args); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.registerQuiet(cmd, flags)
	return cmd
}
