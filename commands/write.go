package commands

import "github.com/spf13/cobra"

// writeFlags are the flags of every command that writes.
type writeFlags struct {
	DryRun, Yes bool
	Confirm     string
}

func (f *writeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.DryRun, "dry-run", false, "say what would be done, and do nothing")
	flags.BoolVarP(&f.Yes, "yes", "y", false, "do it without asking")
	flags.StringVar(&f.Confirm, "confirm", "", "in a production context: the `name` to confirm with")
}
