package commands

import (
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// defaultTimeout is how long evtctl waits for a cluster before it says so.
const defaultTimeout = 10 * time.Second

func newRootCmd(env *Env, asked *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "evtctl",
		Short: "Operate event systems on Kafka",
		Long: `evtctl operates event systems on Apache Kafka. It shows which consumers are behind,
replays dead letters exactly once, gives a span of time again without disturbing
production, checks schema changes before they break readers, and leads from a
symptom to its cause: begin with "evtctl health" or "evtctl doctor".

Without a configuration it talks to localhost:9092, where "evtctl sandbox"
serves an embedded broker.`,
		Example: `  evtctl sandbox                            # an embedded broker, in another terminal
  evtctl demo                               # an order flow to look at
  evtctl lag                                # every group of the cluster
  evtctl lag check --group inventory-group  # for scripts: exit code 3 when behind`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          showHelp,
		Version:       readBuildInfo().Evtctl,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			*asked = true
			env.Streams.Quiet = env.Streams.Quiet || env.Flags.Quiet
			env.Streams.Color = env.Streams.Color && !env.Flags.NoColor
			if env.Flags.Timeout <= 0 {
				return usagef("such as --timeout 10s", "--timeout %s is no time", env.Flags.Timeout)
			}
			return nil
		},
	}
	addGlobalFlags(root, env)
	wrapUsage(root)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newLagCmd(env, runLag),
		newHealthCmd(env, runHealth),
		newMonitorCmd(env, runMonitor),
		newDLQCmd(env),
		newReplayCmd(env),
		newSchemaCmd(env),
		newTraceCmd(env, runTrace),
		newDoctorCmd(env, runDoctor),
		newContextCmd(env),
		newSandboxCmd(env, runSandbox),
		newDemoCmd(env, runDemo),
		newVersionCmd(env, runVersion),
		newCompletionCmd(),
	)
	return root
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// parent makes a command that only has others below it.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: showHelp}
	cmd.AddCommand(children...)
	return cmd
}

func addGlobalFlags(root *cobra.Command, env *Env) {
	f := root.PersistentFlags()
	g := &env.Flags
	f.StringSliceVarP(&g.Brokers, "brokers", "b", nil, "bootstrap brokers, `host:port` with commas between (default localhost:9092)")
	f.StringVar(&g.Registry, "registry", "", "schema registry `URL` (default http://localhost:8081)")
	f.StringVar(&g.Context, "context", "", "the context to use, by `name`")
	f.StringVar(&g.ConfigFile, "config", "", "the `file` with the contexts")
	f.StringArrayVarP(&g.Properties, "property", "X", nil, "a Java client property, `key=value`")
	f.StringVar(&g.CommandConfig, "command-config", "", "a `file` of Java client properties")
	f.DurationVar(&g.Timeout, "timeout", defaultTimeout, "how long to wait for the cluster")
	f.StringVarP(&g.Output, "output", "o", string(render.Table), "`form` of the answer: "+strings.Join(render.Formats(), ", "))
	f.BoolVar(&g.NoColor, "no-color", false, "no colours (NO_COLOR does it too)")
	f.BoolVarP(&g.Quiet, "quiet", "q", false, "only the answer and errors")
	f.CountVarP(&g.Verbose, "verbose", "v", "say what is connected to, and why")
	root.SetGlobalNormalizationFunc(apacheNames)
	complete(root, "context", contextNames(env))
	completeOutput(root)
}

// apacheNames lets the flags of Apache's own tools work under their names too.
func apacheNames(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "bootstrap-server", "bootstrap-servers":
		name = "brokers"
	case "consumer.config":
		name = "command-config"
	}
	return pflag.NormalizedName(name)
}
