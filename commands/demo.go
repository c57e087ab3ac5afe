package commands

import (
	"context"
	"errors"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/sandbox"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// demoOptions is what "evtctl demo" was asked.
type demoOptions struct {
	Env    *Env
	Orders int
	Rate   float64
	Seed   int64
	Keep   bool
	Format render.Format
	writeFlags
}

func newDemoCmd(env *Env, run func(context.Context, *demoOptions) error) *cobra.Command {
	opts := &demoOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a small order flow to look at",
		Long: `Run a small shop: orders are placed, and the groups inventory-group,
notification-group and analytics-group deal with them at different speeds, so
that there is lag to look at.

It runs on the configured cluster, where it creates topics, so that it asks
first. When none is configured and none answers at localhost:9092, it brings an
embedded broker, which ends with it.`,
		Example: `  evtctl demo
  evtctl demo --orders 1000 --rate 200
  evtctl demo --keep      # goes on until Ctrl-C, for commands in another terminal`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.finish(cmd.Flags().Changed("seed")); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.IntVar(&opts.Orders, "orders", orderflow.DefaultOrders, "how many orders to place")
	f.Float64Var(&opts.Rate, "rate", orderflow.DefaultRate, "how many orders to place a second (0: as many as the brokers take)")
	f.Int64Var(&opts.Seed, "seed", 0, "the same seed places the same orders, ids included (default: another one each time)")
	f.BoolVar(&opts.Keep, "keep", false, "go on until Ctrl-C")
	opts.writeFlags.register(cmd)
	return cmd
}

func (o *demoOptions) finish(seeded bool) (err error) {
	switch {
	case o.Orders < 1:
		return usagef("such as --orders 200", "--orders %d are none to place", o.Orders)
	case !(o.Rate >= 0) || o.Rate > 1e6:
		return usagef("such as --rate 100, or 0 for as many as the brokers take", "--rate %g is no number of orders a second", o.Rate)
	case o.Keep && o.Rate == 0:
		return usagef("such as --rate 100", "--keep goes on for ever and needs a rate")
	}
	if !seeded {
		o.Seed = o.Env.Now().UnixNano()
	}
	o.Format, err = o.Env.format()
	return err
}

func runDemo(ctx context.Context, opts *demoOptions) error {
	shop, err := openShop(ctx, opts)
	if err != nil || shop == nil { // nil: a dry run
		return err
	}
	defer shop.close()
	if opts.Keep {
		shop.suggest(opts.Env.Streams, "look at it in another terminal; Ctrl-C ends it:")
	}
	progress := render.NewProgress(opts.Env.Streams, "orders placed")
	summary, err := orderflow.Run(ctx, orderflow.Config{
		Open: shop.settings.Open, Orders: opts.Orders, Rate: opts.Rate, Seed: opts.Seed, Keep: opts.Keep,
		Timeout: shop.settings.Timeout, Clock: opts.Env.Now,
		Progress: func(p orderflow.Progress) { progress.Update(int64(p.Placed), int64(opts.total())) },
	})
	progress.Done()
	if err != nil {
		if summary == nil || summary.Placed == 0 {
			return err
		}
		_ = shop.tally(opts, summary) // what was done; why no more was matters most
		return &partialError{err}
	}
	return shop.show(context.WithoutCancel(ctx), opts, summary)
}

// total is how many orders there will be; 0 when that is up to the user.
func (o *demoOptions) total() int {
	if o.Keep {
		return 0
	}
	return o.Orders
}

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

// openShop finds a cluster that answers, or brings one.
func openShop(ctx context.Context, opts *demoOptions) (*shop, error) {
	settings, err := opts.Env.Settings()
	if err != nil {
		return nil, err
	}
	client, err := settings.Open(ctx)
	if err == nil {
		defer client.Close()
		plan := "The demo creates the topics order-events and inventory-events and three consumer groups on " + settings.Brokers[0] + "."
		if opts.DryRun {
			return nil, render.Line(opts.Env.Streams, render.Plain, "%s", plan)
		}
		return &shop{settings: settings}, opts.confirm(ctx, client, settings, plan)
	}
	var down *cluster.ConnectError
	if settings.BrokersFrom != "default" || !errors.As(err, &down) || down.Cause != cluster.CauseRefused {
		return nil, err
	}
	if opts.DryRun {
		return nil, render.Line(opts.Env.Streams, render.Plain, "The demo brings an embedded broker, which ends with it.")
	}
	return embed(ctx, opts)
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

// embed starts a sandbox, at the default address when that is free, so that other
// commands find it without a flag.
func embed(ctx context.Context, opts *demoOptions) (*shop, error) {
	broker, err := sandbox.Start(ctx, sandbox.Config{})
	if errors.Is(err, sandbox.ErrInUse) {
		broker, err = sandbox.Start(ctx, sandbox.Config{Addr: "127.0.0.1:0"})
	}
	if err != nil {
		return nil, err
	}
	s := opts.Env.Streams
	render.Message(s, render.Plain, "no cluster answers at localhost:9092: an embedded broker serves the demo, at %s", broker.Brokers()[0])
	opts.Env.Flags.Brokers = broker.Brokers()
	settings, err := opts.Env.Settings()
	if err != nil {
		broker.Close()
		return nil, err
	}
	return &shop{settings: settings, embedded: broker}, nil
}
