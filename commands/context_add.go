package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

// contextAddOptions is what "evtctl context add" was asked.
type contextAddOptions struct {
	Env     *Env
	Name    string
	Context cluster.Context
	Use     bool
}

// contextAddFlags are the flags as typed.
type contextAddFlags struct {
	tls                                        bool
	tlsSettings                                cluster.TLS
	sasl                                       cluster.SASL
	passwordEnv, passwordFile, passwordCommand string
}

func newContextAddCmd(env *Env, run func(context.Context, *contextAddOptions) error) *cobra.Command {
	opts := &contextAddOptions{Env: env}
	flags := &contextAddFlags{}
	cmd := &cobra.Command{
		Use:   "add NAME --brokers HOST:PORT",
		Short: "Add a context",
		Long: `Add a context to the contexts file. What these flags don't cover, such as Java
client properties or OAUTHBEARER, is added to the file by hand; "evtctl context
show" shows its form.`,
		Example: `  evtctl context add local --brokers localhost:9092 --use
  evtctl context add staging --brokers kafka-1:9093,kafka-2:9093 --ca ca.pem \
    --sasl SCRAM-SHA-512 --user alice --password-env KAFKA_PASSWORD
  evtctl context add prod --brokers kafka.example.com:9093 --tls --production`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Name = args[0]
			if err := opts.finish(flags); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opts.Use, "use", false, "make it the one that commands use")
	f.BoolVar(&opts.Context.Production, "production", false, "writes need a name to be typed")
	f.BoolVar(&flags.tls, "tls", false, "connect by TLS (implied by the flags for it)")
	f.StringVar(&flags.tlsSettings.CA, "ca", "", "PEM `file` of the authority that signed the brokers' certificates")
	f.StringVar(&flags.tlsSettings.Cert, "cert", "", "PEM `file` of the client's certificate")
	f.StringVar(&flags.tlsSettings.Key, "key", "", "PEM `file` of the client's key")
	f.StringVar(&flags.sasl.Mechanism, "sasl", "", "`mechanism`: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	f.StringVar(&flags.sasl.User, "user", "", "`name` to log in with")
	f.StringVar(&flags.passwordEnv, "password-env", "", "environment `variable` that holds the password")
	f.StringVar(&flags.passwordFile, "password-file", "", "private `file` that holds the password")
	f.StringVar(&flags.passwordCommand, "password-command", "", "`command` that prints the password")
	complete(cmd, "sasl", fixed("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"))
	return cmd
}

func (o *contextAddOptions) finish(f *contextAddFlags) error {
	o.Context.Brokers, o.Context.Registry.URL = o.Env.Flags.Brokers, o.Env.Flags.Registry
	if len(o.Context.Brokers) == 0 {
		return usagef("such as --brokers kafka-1:9092", "a context needs brokers")
	}
	if f.tls || f.tlsSettings != (cluster.TLS{}) {
		f.tlsSettings.Enabled = &f.tls // said, so that the file reads by itself
		f.tls = true
		o.Context.TLS = &f.tlsSettings
	}
	for _, path := range []*string{&f.tlsSettings.CA, &f.tlsSettings.Cert, &f.tlsSettings.Key, &f.passwordFile} {
		if err := absolute(path); err != nil {
			return err
		}
	}
	if (f.tlsSettings.Cert == "") != (f.tlsSettings.Key == "") {
		return usagef("give --cert and --key", "a client's certificate needs its key, and the other way round")
	}
	f.sasl.Password = cluster.Secret{Env: f.passwordEnv, File: f.passwordFile, Command: f.passwordCommand}
	if f.sasl != (cluster.SASL{}) {
		o.Context.SASL = &f.sasl
	}
	return nil
}

// absolute makes a path one that means the same from every folder: the contexts
// file takes relative ones from its own.
func absolute(path *string) (err error) {
	if *path == "" {
		return nil
	}
	if *path, err = filepath.Abs(*path); err != nil {
		return fmt.Errorf("finding %s: %w", *path, err)
	}
	if _, err := os.Stat(*path); err != nil {
		return usagef("check the path", "a context with %s: %s", *path, errors.Unwrap(err))
	}
	return nil
}

func runContextAdd(_ context.Context, opts *contextAddOptions) error {
	config, err := cluster.Load(opts.Env.configPath())
	if err != nil {
		return err
	}
	if err := config.Add(opts.Name, &opts.Context); err != nil {
		return err
	}
	if opts.Use {
		if err := config.Use(opts.Name); err != nil {
			return err
		}
	}
	if err := config.Save(); err != nil {
		return err
	}
	render.Message(opts.Env.Streams, render.Plain, "context %q added to %s", opts.Name, config.Path())
	return nil
}
