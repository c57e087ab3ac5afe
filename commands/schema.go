package commands

import "github.com/spf13/cobra"

func newSchemaCmd(env *Env) *cobra.Command {
	return parent("schema", "Check schema changes, and look into a schema registry",
		newSchemaCheckCmd(env, runSchemaCheck),
		newSchemaDiffCmd(env, runSchemaDiff),
		newSchemaGetCmd(env, runSchemaGet),
		newSchemaListCmd(env, runSchemaList),
		newSchemaModeCmd(env, runSchemaMode),
		newSchemaPlanBreakCmd(env, runSchemaPlanBreak),
		newSchemaRegisterCmd(env, runSchemaRegister),
		newSchemaVersionsCmd(env, runSchemaVersions),
	)
}
