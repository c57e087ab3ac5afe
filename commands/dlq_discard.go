package commands

import (
	"context"

	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

func newDLQDiscardCmd(env *Env, run func(context.Context, *dlqWriteOptions) error) *cobra.Command {
	opts := &dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Discard}}
	flags := &choiceFlags{}
	cmd := &cobra.Command{
		Use:   "discard TOPIC|COORDINATES… --reason TEXT",
		Short: "Set letters aside for good, with the reason",
		Long: `Set dead letters aside: nothing is sent, and the letters stay where they are. An
entry in the ledger says who did it, when and why; from then on they count as dealt
with. "evtctl dlq restore" takes that back.`,
		Example: `  evtctl dlq discard orders-dlt:0:17 --reason "test order, see INC-4711" --yes
  evtctl dlq discard orders-dlt --fingerprint 0f2a9c1d44e7 --reason "duplicates" --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.finishQuiet(opts, args); err != nil {
				return err
			}
			if opts.Request.Reason == "" && opts.Plan == "" {
				return usagef("such as --reason \"duplicates, see INC-4711\": whoever looks for the letters later is to know why", "discarding letters needs a --reason")
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.registerQuiet(cmd, flags)
	return cmd
}

// registerQuiet is for the commands that send nothing.
func (o *dlqWriteOptions) registerQuiet(cmd *cobra.Command, flags *choiceFlags) {
	flags.register(cmd, o.Env)
	cmd.Flags().StringVar(&o.Request.Reason, "reason", "", "why, `text` for the history")
	cmd.Flags().BoolVar(&o.AtLeastOnce, "at-least-once", false, "do without transactions, where they aren't permitted")
	o.writeFlags.register(cmd)
	o.planFileFlags.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("plan", "reason")
}

func (f *choiceFlags) finishQuiet(o *dlqWriteOptions, args []string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	return f.chooseOrPlan(o, args)
}
