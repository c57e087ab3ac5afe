package commands

import (
	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/spf13/cobra"
)

func newContextCmd(env *Env) *cobra.Command {
	cmd := parent("context", "Name clusters and choose between them",
		newContextListCmd(env, runContextList),
		newContextUseCmd(env, runContextUse),
		newContextShowCmd(env, runContextShow),
		newContextAddCmd(env, runContextAdd),
	)
	cmd.Long = `Name clusters and choose between them. Contexts are kept in a YAML file:
$EVTCTL_CONFIG, or evtctl/config.yaml under the user's configuration folder.
Secrets are never in it: a password is {env: NAME}, {file: PATH} or
{command: "..."}.

What a flag or the environment says wins over the context.`
	return cmd
}

// configPath is the contexts file that flags and environment name.
func (e *Env) configPath() string {
	if e.Flags.ConfigFile != "" {
		return e.Flags.ConfigFile
	}
	return cluster.DefaultPath(e.Getenv)
}

// currentContext is the context that commands use now: "" is none.
func (e *Env) currentContext(config *cluster.Config) string {
	if e.Flags.Context != "" {
		return e.Flags.Context
	}
	if name := e.Getenv("EVTCTL_CONTEXT"); name != "" {
		return name
	}
	return config.Current
}
