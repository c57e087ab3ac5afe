package commands

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/doctor"
	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
	"github.com/evtctl/evtctl/replay"
	"github.com/spf13/cobra"
)

// doctorOptions is what "evtctl doctor" was asked, parsed and checked.
type doctorOptions struct {
	Env      *Env
	Request  doctor.Request
	Database string // empty: none
	Orders   string // the query for ids
	Format   render.Format

	knows func(command string) bool // whether this evtctl has a command
	reach []string                  // flags with which it reaches the same cluster
}

func newDoctorCmd(env *Env, run func(context.Context, *doctorOptions) error) *cobra.Command {
	opts := &doctorOptions{Env: env}
	limits := &limitFlags{}
	var entity string
	cmd := &cobra.Command{
		Use:   "doctor [--topic T] [--group G]",
		Short: "Find out why records are produced and not consumed",
		Long: `Find out why records are produced and not consumed. Of each group that reads the
topic it is asked, in this order, until an answer is no: is a consumer running, is it
subscribed to the topic, is the group at rest, does every partition get on, did it begin
before the records were written, can the brokers be reached from here. The groups are
looked at for --window; with less than 6 s, a consumer that commits every 5 s seems to
stand still.

With a topic, its newest --records are read as well: keys of one entity in several
partitions, records without keys, events that are there twice or out of order. Dead
letters that nobody has dealt with are told by their cause. With --database, orders
without events and events without orders are found.

What is found comes with its evidence and the commands that show or mend it; the first
is to be mended first. Nothing is written, and no group is joined.

Exit codes: 0 nothing found; 3 something found; 4 nothing found, and not all could be looked
at; 1 it couldn't be learnt; 2 asked wrongly.`,
		Example: `  evtctl doctor --topic order-events
  evtctl doctor --topic order-events --group inventory-group --window 15s
  evtctl doctor --topic payment-events --entity orderId --lifecycle OrderPaidEvent,OrderRefundedEvent
  evtctl doctor --topic order-events --database postgres://shop@localhost/shop -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.knows, opts.reach = knownCommands(cmd.Root()), reach(env)
			if err := opts.finish(limits, entity); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f, r := cmd.Flags(), &opts.Request
	f.StringVarP(&r.Topic, "topic", "t", "", "the `topic` that records are produced to (default: all that groups read)")
	f.StringVarP(&r.Group, "group", "g", "", "the consumer `group` (default: all that read the topic)")
	f.DurationVar(&r.Window, "window", doctor.DefaultWindow, "how long to look at the groups")
	f.Int64Var(&r.Records, "records", doctor.DefaultRecords, "how many of the topic's newest records to read (0: none)")
	f.StringVar(&r.IDHeader, "id-header", replay.DefaultIDHeader, "the `header` with an event's id")
	f.StringVar(&entity, "entity", "orderId", "what a record is about: a `field` of its value, or header:NAME (default when it has none: its key)")
	f.StringSliceVar(&r.Lifecycle, "lifecycle", nil, "event `types`, in the order in which they happen to an entity")
	f.StringVar(&opts.Database, "database", "", "the application's `database`, sqlite:PATH or postgres://…, to compare orders with events")
	f.StringVar(&opts.Orders, "orders-query", "SELECT id FROM orders", "the `SQL` query that gives the ids of all orders")
	f.IntVar(&r.Rebalances, "max-rebalances", doctor.DefaultRebalances, "how many rebalances an hour are no trouble")
	limits.register(cmd)
	complete(cmd, "topic", topicNames(env))
	complete(cmd, "group", groupNames(env))
	return cmd
}

func (o *doctorOptions) finish(limits *limitFlags, entity string) (err error) {
	r := &o.Request
	switch {
	case r.Window < time.Second:
		return usagef("such as --window 6s", "--window %s is too short to see anything move", r.Window)
	case r.Window > time.Hour:
		return usagef("such as --window 1m", "--window %s is longer than an hour", r.Window)
	case r.Records < 0:
		return usagef("such as --records 100000, or 0 for none", "--records %d are none to read", r.Records)
	case r.Rebalances < 1:
		return usagef("such as --max-rebalances 3", "--max-rebalances %d leaves no group at rest", r.Rebalances)
	case o.Database != "" && r.Topic == "":
		return usagef("add --topic", "--database is compared with the events of a topic, and none is named")
	case len(r.Lifecycle) == 1:
		return usagef("such as --lifecycle OrderPlacedEvent,OrderShippedEvent", "--lifecycle has one type, and an order needs two")
	}
	if r.Records == 0 {
		r.Records = -1
	}
	if name, isHeader := strings.CutPrefix(entity, "header:"); isHeader {
		r.EntityHeader = name
	} else {
		r.EntityField = entity
	}
	if r.Limits, err = limits.limits(); err != nil {
		return err
	}
	r.Now = o.Env.Now
	o.Format, err = o.Env.format()
	return err
}

// runDoctor isn't bounded by the time limit as a whole: it looks for as long as it was
// asked to. Each question to the cluster is.
func runDoctor(ctx context.Context, opts *doctorOptions) error {
	office, err := opts.Env.openOffice(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	sources := doctor.Sources{Client: office.client, Letters: office.Reader, Schemas: &brokenSchemas{env: opts.Env}, Unasked: silent}
	if opts.Database != "" {
		sources.Books = &orderBooks{opts.Database, opts.Orders}
	}
	progress := render.NewProgress(opts.Env.Streams, "looking")
	opts.Request.Progress = progress.Update
	opts.Request.Timeout = office.settings.Timeout
	opts.Request.Word = func(err error) string { return office.settings.Explain(err).Error() }
	d, err := doctor.Diagnose(ctx, sources, opts.Request)
	progress.Done()
	var missing *lag.TopicNotFoundError
	if errors.As(err, &missing) {
		return office.noTopic(ctx, err, missing.Topic, "\"evtctl lag --by topic\" lists those that groups read")
	}
	if err != nil {
		return office.settings.Explain(err)
	}
	opts.keepKnown(d)
	if err := printDiagnosis(opts.Env.Streams, opts.Format, d); err != nil {
		return err
	}
	switch {
	case d.Verdict() > lag.Uncertain:
		return answerError{ExitBadNews}
	case d.Incomplete:
		return answerError{ExitPartial}
	}
	return nil
}

// keepKnown leaves out what this evtctl can't do, and completes what it can.
func (o *doctorOptions) keepKnown(d *doctor.Diagnosis) {
	for _, list := range [][]doctor.Finding{d.Findings, d.Advice} {
		for i := range list {
			list[i].Commands = o.known(list[i].Commands)
		}
	}
	for i := range d.Patients {
		d.Patients[i].Commands = o.known(d.Patients[i].Commands)
	}
}

func (o *doctorOptions) known(commands []shell.Command) []shell.Command {
	kept := []shell.Command{}
	for _, c := range commands {
		if o.knows(strings.Join(c, " ")) {
			kept = append(kept, append(append(shell.Command{"evtctl"}, c...), o.reach...))
		}
	}
	return kept
}
