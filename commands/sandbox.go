package commands

import (
	"context"
	"log/slog"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/spf13/cobra"
)

// sandboxOptions is what "evtctl sandbox" was asked.
type sandboxOptions struct {
	Env    *Env
	Config sandbox.Config
}

func newSandboxCmd(env *Env, run func(context.Context, *sandboxOptions) error) *cobra.Command {
	opts := &sandboxOptions{Env: env}
	var registry string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve an embedded broker and schema registry to try things on",
		Long: `Serve an embedded broker and a schema registry on this machine until Ctrl-C,
where evtctl's other commands look when nothing else is configured. They need no
Kafka and no Java. They are no place for real data: see what evtctl says when they
start.

The registry has the HTTP interface of Confluent's, and refuses what
"evtctl schema check" finds incompatible, for the same reasons.`,
		Example: `  evtctl sandbox
  evtctl sandbox --data-dir ~/.local/share/evtctl-sandbox
  evtctl sandbox --listen 127.0.0.1:0 --registry-listen none`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if registry != "none" {
				opts.Config.RegistryAddr, opts.Config.Checker = registry, SchemaChecker{}
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Config.Addr, "listen", sandbox.DefaultAddr, "the loopback `address` of the broker")
	f.StringVar(&registry, "registry-listen", sandbox.DefaultRegistryAddr, "the loopback `address` of the schema registry, or none")
	f.StringVar(&opts.Config.DataDir, "data-dir", "", "keep everything in this `folder` (default: in memory)")
	f.BoolVar(&opts.Config.SyncWrites, "sync", false, "flush each write to the disk, to survive a loss of power")
	f.BoolVar(&opts.Config.AutoCreateTopics, "auto-create-topics", false, "create a topic when a client mentions it")
	return cmd
}

func runSandbox(ctx context.Context, opts *sandboxOptions) error {
	s := opts.Env.Streams
	if opts.Env.Flags.Verbose > 0 {
		opts.Config.Logger = slog.New(slog.NewTextHandler(s.Err, nil))
	}
	broker, err := sandbox.Start(ctx, opts.Config)
	if err != nil {
		return err
	}
	render.Message(s, render.Plain, "%s", sandbox.Notice)
	kept := "in memory: it is gone when the sandbox ends"
	if opts.Config.DataDir != "" {
		kept = "kept in " + opts.Config.DataDir
	}
	render.Message(s, render.Plain, "everything is %s; Ctrl-C ends it", kept)
	err = render.Line(s, render.Plain, "listening on %s", strings.Join(broker.Brokers(), ","))
	if url := broker.RegistryURL(); url != "" && err == nil {
		err = render.Line(s, render.Plain, "schema registry on %s", url)
	}
	if err != nil {
		return closing(broker.Close, err)
	}
	elsewhere(s, broker)
	<-ctx.Done() // being told to end is how a sandbox is meant to end
	return broker.Close()
}

// elsewhere says how other commands find a sandbox that isn't where they look.
func elsewhere(s *render.Streams, broker *sandbox.Sandbox) {
	var set []string
	if at := broker.Brokers()[0]; at != sandbox.DefaultAddr {
		set = append(set, "EVTCTL_BROKERS="+at)
	}
	if url := broker.RegistryURL(); url != "" && url != "http://"+sandbox.DefaultRegistryAddr {
		set = append(set, "EVTCTL_REGISTRY="+url)
	}
	if len(set) > 0 {
		render.Message(s, render.Plain, "for other commands: export %s", strings.Join(set, " "))
	}
}

// closing closes what must be closed although err is what happened.
func closing(close func() error, err error) error {
	if closeErr := close(); err == nil {
		return closeErr
	}
	return err
}
