package commands

import (
	"bufio"
	"context"
	"errors"
	"slices"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/orderflow"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

func runDemo(ctx context.Context, opts *demoOptions) error {
	shop, err := openShop(ctx, opts)
	if err != nil || shop == nil { // nil: a dry run
		return err
	}
	defer shop.close()
	if err := shop.connect(ctx, opts); err != nil {
		return err
	}
	if opts.Scenario != nil {
		return shop.play(ctx, opts)
	}
	return shop.serve(ctx, opts)
}

// serve runs the whole flow, unbroken.
func (s *shop) serve(ctx context.Context, opts *demoOptions) error {
	if opts.Flow.Keep {
		s.suggest(opts, "look at it in another terminal; Ctrl-C ends it:", keepCommands)
	}
	progress := render.NewProgress(opts.Env.Streams, "orders placed")
	flow := opts.Flow
	flow.Progress = func(p orderflow.Progress) { progress.Update(int64(p.Placed), int64(opts.total())) }
	summary, verification, err := orderflow.RunAndVerify(ctx, flow)
	progress.Done()
	if err != nil {
		if summary == nil || summary.Placed == 0 {
			return err
		}
		_ = s.tally(opts, summary, nil) // what was done; why no more was matters most
		return &partialError{err}
	}
	if err := s.tell(context.WithoutCancel(ctx), opts, summary, verification); err != nil {
		return err
	}
	if verification != nil && !verification.Holds {
		if opts.Flow.Database == "" && slices.ContainsFunc(summary.Topics, func(t orderflow.TopicSummary) bool { return !t.Created }) {
			render.Message(opts.Env.Streams, render.Plain, "hint: the topics hold events of an earlier run, whose database is gone; --prefix keeps runs apart, and --database keeps the orders")
		}
		return answerError{ExitBadNews}
	}
	return nil
}

// total is how many orders there will be; 0 when that is up to the user.
func (o *demoOptions) total() int {
	if o.Flow.Keep {
		return 0
	}
	return o.Flow.Orders
}

// play plays a scenario.
func (s *shop) play(ctx context.Context, opts *demoOptions) error {
	progress := render.NewProgress(opts.Env.Streams, "playing "+opts.Scenario.Name)
	flow := opts.Flow
	flow.OnReady = func(what string) { render.Message(opts.Env.Streams, render.Strong, "%s", what) }
	if opts.Hold {
		flow.OnBroken = func(ctx context.Context, look orderflow.Broken) error {
			progress.Done()
			return s.hold(ctx, opts, look)
		}
	}
	outcome, err := orderflow.Play(ctx, *opts.Scenario, flow)
	progress.Done()
	switch {
	case errors.Is(err, orderflow.ErrNoRegistry):
		return usagef("\"evtctl sandbox\" brings one; --registry names another", "%v", err)
	case errors.Is(err, orderflow.ErrTooFewBrokers):
		return usagef("play it on a cluster with three brokers", "%v", err)
	case err != nil:
		return err
	}
	if err := s.tellOutcome(opts, outcome); err != nil {
		return err
	}
	if len(outcome.StillBroken) > 0 {
		return answerError{ExitBadNews}
	}
	return nil
}

// hold waits for Enter, or for the end of the input.
func (s *shop) hold(ctx context.Context, opts *demoOptions, look orderflow.Broken) error {
	ask := "doctor --topic " + look.Topic
	if look.Database != "" {
		ask += " --database " + store.Redact(look.Database)
	}
	s.suggest(opts, opts.Scenario.Name+" is broken now; look at it in another terminal. Enter goes on.", []string{ask, "lag --topic " + look.Topic})
	read := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(opts.Env.Streams.In).ReadString('\n')
		read <- err
	}()
	select {
	case <-read: // also at the end of the input
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
