package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/spf13/cobra"
)

func newDemoVerifyCmd(env *Env, run func(context.Context, *demoOptions) error) *cobra.Command {
	opts := &demoOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "verify --database URL",
		Short: "Tell whether what must hold of the order flow does",
		Long: `Tell whether what must hold of the order flow does, in its database and in its
topics: each order has one event and one reservation, nothing is reserved, charged or
shipped without an order, what is paid is shipped, and what is told of an order is in
its order. Nothing should be under way meanwhile. Nothing is written.

Exit codes: 0 it holds; 3 something doesn't; 1 it couldn't be learnt; 2 asked wrongly.`,
		Example: `  evtctl demo verify --database sqlite:shop.db
  evtctl demo verify --database postgres://shop@localhost/shop -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Flow.Database == "" {
				return usagef("the one that \"evtctl demo --database\" ran with", "no database is named")
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Flow.Database, "database", "", "the shop's `database`, sqlite:PATH or postgres://…")
	f.StringVar(&opts.Flow.Prefix, "prefix", "", "`text` before the names of all topics")
	f.StringVar(&opts.Events, "events", "", "the `form` of events: avro, json (default: avro where a schema registry answers)")
	return cmd
}

func runDemoVerify(ctx context.Context, opts *demoOptions) error {
	settings, err := opts.Env.Settings()
	if err != nil {
		return err
	}
	shop := &shop{settings: settings}
	if err := shop.connect(ctx, opts); err != nil {
		return err
	}
	progress := render.NewProgress(opts.Env.Streams, "reading topics")
	v, err := orderflow.Verify(ctx, opts.Flow)
	progress.Done()
	if err != nil {
		return err
	}
	if err := render.Print(opts.Env.Streams, opts.Format, render.View[orderflow.Check]{Document: v, Rows: v.Checks, Columns: checkColumns}); err != nil {
		return err
	}
	if !v.Holds {
		return answerError{ExitBadNews}
	}
	return nil
}

var checkColumns = []render.Column[orderflow.Check]{
	{Name: "HOLDS", Raw: func(c orderflow.Check) string {
		if c.Holds {
			return "yes"
		}
		return "NO"
	}, Tone: func(c orderflow.Check) render.Tone {
		if c.Holds {
			return render.Good
		}
		return render.Bad
	}},
	{Name: "WHAT", Raw: func(c orderflow.Check) string { return c.What }},
	{Name: "NOT-FOR", Raw: func(c orderflow.Check) string {
		if c.Holds {
			return ""
		}
		return someOrders(c)
	}, Shrink: true},
}
