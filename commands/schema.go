package commands

import "github.com/spf13/cobra"

func newSchemaCmd(env *Env) *cobra.Command {
	return parent("schema", "Check schema changes, and look into a schema registry",
		newSchemaListCmd(env, runSchemaList),
	)
}
