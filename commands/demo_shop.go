package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// shop is where the demo runs.
type shop struct {
	settings *cluster.Settings
	embedded *sandbox.Sandbox // nil on a cluster of the user's
}

func (s *shop) close() {
	if s.embedded != nil {
		s.embedded.Close()
	}
}

// openShop finds a cluster that answers, or brings one. It gives nil for a dry run.
func openShop(ctx context.Context, opts *demoOptions) (*shop, error) {
	settings, err := opts.Env.Settings()
	if err != nil {
		return nil, err
	}
	client, err := settings.Open(ctx)
	if err == nil {
		defer client.Close()
		if opts.DryRun {
			return nil, opts.printNames()
		}
		return &shop{settings: settings}, opts.confirm(ctx, client, settings, opts.plan(settings.Brokers[0]))
	}
	var down *cluster.ConnectError
	if settings.BrokersFrom != "default" || !errors.As(err, &down) || down.Cause != cluster.CauseRefused {
		return nil, err
	}
	if opts.DryRun {
		return nil, render.Line(opts.Env.Streams, render.Plain, "The demo brings an embedded broker and registry, which end with it.")
	}
	return embed(ctx, opts)
}

// plan says in a sentence or two what will be made.
func (o *demoOptions) plan(where string) string {
	all := o.Flow.Names()
	plan := fmt.Sprintf("The demo creates the topics %s, %s and %s, their dead-letter topics and %d consumer groups on %s.",
		all.Topics[0], all.Topics[1], all.Topics[2], len(all.Groups), where)
	if o.Scenario == nil {
		return plan
	}
	if more := o.Scenario.Names(o.Flow); len(more.Topics) > 0 {
		plan += fmt.Sprintf(" The mended variant has its own, under names that begin with %q.", o.Flow.Prefix+orderflow.MendedPrefix)
	} else if len(more.Groups) > 0 {
		plan += fmt.Sprintf(" Beside them it creates %d groups more.", len(more.Groups))
	}
	return plan
}

// printNames prints for a dry run all that would be made.
func (o *demoOptions) printNames() error {
	s, all := o.Env.Streams, o.Flow.Names()
	if o.Scenario != nil {
		more := o.Scenario.Names(o.Flow)
		all.Topics, all.Groups = append(all.Topics, more.Topics...), append(all.Groups, more.Groups...)
	}
	if err := render.Prose(s, render.Plain, "", "%s", o.plan("this cluster")); err != nil {
		return err
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"topics", all.Topics}, {"groups", all.Groups}} {
		if err := render.Line(s, render.Plain, "%s", list.what); err != nil {
			return err
		}
		for _, name := range list.names {
			if err := render.Line(s, render.Plain, "  %s", name); err != nil {
				return err
			}
		}
	}
	return nil
}

// confirm asks before topics are created on a cluster that isn't a sandbox.
func (o *demoOptions) confirm(ctx context.Context, client *kgo.Client, settings *cluster.Settings, plan string) error {
	id, err := within(ctx, settings, func(ctx context.Context) (string, error) { return clusterID(ctx, client) })
	if err != nil || sandbox.IsClusterID(id) {
		return err
	}
	q := render.Question{Text: plan + " Go on?", Yes: o.Yes, Confirm: o.Confirm}
	if settings.Production {
		q.TypeName = settings.Context
	}
	return render.Confirm(ctx, o.Env.Streams, q)
}

func clusterID(ctx context.Context, client *kgo.Client) (string, error) {
	meta, err := kadm.NewClient(client).BrokerMetadata(ctx)
	return meta.Cluster, err
}

// embed starts a sandbox, at the default addresses when those are free, so that other
// commands find it without a flag.
func embed(ctx context.Context, opts *demoOptions) (*shop, error) {
	config := sandbox.Config{RegistryAddr: sandbox.DefaultRegistryAddr, Checker: SchemaChecker{}}
	broker, err := sandbox.Start(ctx, config)
	if errors.Is(err, sandbox.ErrInUse) {
		config.Addr, config.RegistryAddr = "127.0.0.1:0", "127.0.0.1:0"
		broker, err = sandbox.Start(ctx, config)
	}
	if err != nil {
		return nil, err
	}
	render.Message(opts.Env.Streams, render.Plain, "no cluster answers at localhost:9092: an embedded broker serves the demo, at %s, and a schema registry, at %s",
		broker.Brokers()[0], broker.RegistryURL())
	opts.Env.Flags.Brokers, opts.Env.Flags.Registry = broker.Brokers(), broker.RegistryURL()
	settings, err := opts.Env.Settings()
	if err != nil {
		broker.Close()
		return nil, err
	}
	return &shop{settings: settings, embedded: broker}, nil
}

// connect tells the flow how to reach the cluster, and the registry where events are
// Avro.
func (s *shop) connect(ctx context.Context, opts *demoOptions) error {
	flow := &opts.Flow
	flow.Open, flow.Timeout = s.settings.Open, s.settings.Timeout
	if opts.Events == "json" {
		return nil
	}
	client, settings, err := opts.Env.OpenRegistry(ctx)
	if err != nil {
		return err
	}
	_, err = client.Subjects(ctx, registry.Live)
	if err != nil && opts.Events == "" {
		render.Message(opts.Env.Streams, render.Faint, "no schema registry answers at %s: events are JSON", client.URL())
		return nil
	}
	if err == nil {
		flow.RegistryURL = settings.Registry
		flow.RegistryHTTP, err = settings.RegistryHTTP(ctx)
	}
	return err
}

// flags are what commands to try next need to reach the same cluster.
func (s *shop) flags() string {
	atDefault := s.embedded != nil && s.settings.Brokers[0] == sandbox.DefaultAddr
	if s.settings.BrokersFrom != "flag" || atDefault {
		return ""
	}
	flags := " -b " + strings.Join(s.settings.Brokers, ",")
	if s.embedded != nil {
		flags += " --registry " + s.settings.Registry
	}
	return flags
}
