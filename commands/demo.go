package commands

import (
	"context"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/spf13/cobra"
)

// demoOptions is what "evtctl demo" was asked, parsed and checked.
type demoOptions struct {
	Env      *Env
	Flow     orderflow.Config    // without the cluster
	Scenario *orderflow.Scenario // nil: the whole flow, unbroken
	Events   string              // avro, json, or empty: avro where there is a registry
	Hold     bool                // wait while the scenario is broken
	Format   render.Format
	writeFlags

	knows func(command string) bool // whether this evtctl has a command
}

// demoFlags are the flags as typed that need a look.
type demoFlags struct {
	relay, assignor string
	grpc            bool
}

func newDemoCmd(env *Env, run func(context.Context, *demoOptions) error) *cobra.Command {
	opts := &demoOptions{Env: env}
	flags := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo [SCENARIO]",
		Short: "Run an order flow to look at, or break it in one of ten ways",
		Long: `Run a small shop as services that talk through Kafka: customers order over HTTP, the
order service writes orders and an outbox to a database, a relay publishes the outbox,
and inventory, payment, delivery, notification and analytics react. Each shows a
pattern: effectively once, at most once, at least once, the outbox, the join.

With a SCENARIO one thing is broken on purpose, what broke is said, and the mended
variant is shown beside it; "evtctl demo list" lists them.

It runs on the configured cluster, where it creates topics, so that it asks first.
When none is configured and none answers at localhost:9092, it brings an embedded
broker and registry, which end with it. Events are Avro where a schema registry
answers, and JSON where none does.

Exit codes: 0 done and everything that must hold does; 3 something doesn't that
should; 4 a part of the orders was dealt with; 1 it couldn't run; 2 asked wrongly.`,
		Example: `  evtctl demo
  evtctl demo poison
  evtctl demo poison --hold    # until Enter, for "evtctl doctor" in another terminal
  evtctl demo --orders 1000 --rate 200 --database postgres://shop@localhost/shop
  evtctl demo --keep      # goes on until Ctrl-C, for commands in another terminal`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.knows = knownCommands(cmd.Root())
			if err := opts.finish(flags, args, cmd.Flags().Changed("seed")); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.register(cmd, flags)
	completeArgs(cmd, false, scenarioNames)
	cmd.AddCommand(newDemoListCmd(env, runDemoList), newDemoVerifyCmd(env, runDemoVerify))
	return cmd
}

func (o *demoOptions) register(cmd *cobra.Command, flags *demoFlags) {
	f := cmd.Flags()
	f.IntVar(&o.Flow.Orders, "orders", orderflow.DefaultOrders, "how many orders to place")
	f.Float64Var(&o.Flow.Rate, "rate", orderflow.DefaultRate, "how many orders to place a second (0: as many as the shop takes)")
	f.DurationVar(&o.Flow.Duration, "duration", 0, "place orders for this `time`, at most --orders of them where that is given")
	f.Int64Var(&o.Flow.Seed, "seed", 0, "the same seed places the same orders, ids included (default: another one each time)")
	f.BoolVar(&o.Flow.Keep, "keep", false, "go on until Ctrl-C")
	f.StringVar(&o.Flow.Database, "database", "", "the shop's database, sqlite:PATH or postgres://… (default: an SQLite file that is gone afterwards)")
	f.StringVar(&o.Events, "events", "", "the `form` of events: avro, json (default: avro where a schema registry answers)")
	f.IntVar(&o.Flow.EventVersion, "event-version", 2, "the `version` of OrderPlacedEvent to write, 1 or 2")
	f.BoolVar(&flags.grpc, "grpc", false, "the order service asks the inventory service over gRPC")
	f.StringVar(&flags.relay, "relay", "polling", "how the outbox is `read`: polling, or wal (PostgreSQL's log)")
	f.StringVar(&flags.assignor, "assignor", "cooperative", "who assigns partitions, and `how`: eager, cooperative, or broker (KIP-848)")
	f.BoolVar(&o.Flow.Static, "static", false, "consumers are static members of their groups")
	f.StringVar(&o.Flow.Prefix, "prefix", "", "`text` before the names of all topics and groups")
	f.BoolVar(&o.Hold, "hold", false, "wait while the scenario is broken, and its services run, until Enter")
	f.StringVar(&o.Flow.Telemetry, "otlp", "", "the `URL` of an OTLP receiver for traces (default: OTEL_EXPORTER_OTLP_ENDPOINT, else none)")
	o.writeFlags.register(cmd)
	complete(cmd, "events", fixed("avro", "json"))
	complete(cmd, "relay", fixed("polling", "wal"))
	complete(cmd, "assignor", fixed("eager", "cooperative", "broker"))
}

func (o *demoOptions) finish(f *demoFlags, args []string, seeded bool) (err error) {
	flow := &o.Flow
	switch {
	case flow.Orders < 1:
		return usagef("such as --orders 200", "--orders %d are none to place", flow.Orders)
	case !(flow.Rate >= 0) || flow.Rate > 1e6:
		return usagef("such as --rate 100, or 0 for as many as the shop takes", "--rate %g is no number of orders a second", flow.Rate)
	case flow.Keep && flow.Rate == 0:
		return usagef("such as --rate 100", "--keep goes on for ever and needs a rate")
	case flow.Duration < 0:
		return usagef("such as --duration 30s", "--duration %s is no time", flow.Duration)
	case o.Events != "" && o.Events != "avro" && o.Events != "json":
		return usagef("--events avro or --events json", "--events %q is none of avro and json", o.Events)
	case flow.EventVersion < 1 || flow.EventVersion > 2:
		return usagef("--event-version 1 or --event-version 2", "there is no version %d of OrderPlacedEvent", flow.EventVersion)
	case f.relay != "polling" && f.relay != "wal":
		return usagef("--relay polling or --relay wal", "--relay %q is none of polling and wal", f.relay)
	case f.relay == "wal" && !strings.HasPrefix(flow.Database, "postgres"):
		return usagef("add --database postgres://…", "--relay wal reads PostgreSQL's log, and the database isn't one")
	}
	if len(args) > 0 {
		scenario, err := orderflow.FindScenario(args[0])
		if err != nil {
			return err
		}
		o.Scenario = &scenario
		if flow.Keep || flow.Duration > 0 {
			return usagef("leave it out", "a scenario ends by itself: --keep and --duration are for the whole flow")
		}
	}
	assignors := map[string]consume.Assignor{"eager": consume.Eager, "cooperative": consume.CooperativeSticky, "broker": consume.NextGen}
	var known bool
	if flow.Assignor, known = assignors[f.assignor]; !known {
		return usagef("--assignor eager, cooperative or broker", "--assignor %q is none of eager, cooperative and broker", f.assignor)
	}
	flow.GRPC, flow.WAL = f.grpc, f.relay == "wal"
	if o.Hold && o.Scenario == nil {
		return usagef("name a scenario, or use --keep", "--hold waits while something is broken, and without a scenario nothing is")
	}
	if !seeded {
		flow.Seed = time.Now().UnixNano()
	}
	flow.Clock = o.Env.Now
	o.Format, err = o.Env.format()
	return err
}

// knownCommands tells whether a command line, without the program's name, is one of
// this program's: what is named to be tried next must work as it is printed.
func knownCommands(root *cobra.Command) func(string) bool {
	return func(line string) bool {
		cmd, _, err := root.Find(strings.Fields(line))
		return err == nil && cmd != root && (!cmd.HasSubCommands() || cmd.Name() == "lag") // which is a command and a parent
	}
}

func scenarioNames(context.Context) []string {
	var names []string
	for _, s := range orderflow.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}
