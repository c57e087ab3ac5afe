package commands

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/spf13/cobra"
)

// dlqWriteOptions are what the commands that deal with letters have in common.
type dlqWriteOptions struct {
	Env       *Env
	Request   dispose.Request
	Set       *dispose.Set // jq that edits each letter; nil: none
	ToContext string       // the context to send to; empty: where the letters are
	Rate      float64      // letters a second; 0: no limit
	Canary    int          // letters to send first; 0: none
	Watch     time.Duration
	// AtLeastOnce does without a transactional id.
	AtLeastOnce bool
	writeFlags
	planFileFlags
	Format render.Format

	receipt   *dispose.Receipt // of what was done; nil: nothing was
	confirmed bool             // somebody, or a flag, said yes to a plan
	// idle is told of a plan without anything to do, instead of the user. Nil: the user is.
	idle func(*dispose.Plan)
}

// choiceFlags choose letters, as typed.
type choiceFlags struct {
	letterFlags
	limit int
}

func (f *choiceFlags) register(cmd *cobra.Command, env *Env) {
	f.env = env
	flags := cmd.Flags()
	flags.StringVarP(&f.where, "where", "w", "", "only letters that this `jq` query over their JSON lets through")
	flags.StringVar(&f.fingerprint, "fingerprint", "", "only letters that died alike, by their `fingerprint`; \"evtctl dlq stats\" shows it")
	flags.StringVar(&f.since, "since", "", "only letters with a time stamp from this `time` on: 2h (ago), 2026-03-02T12:00:00Z, milliseconds since 1970")
	flags.StringVar(&f.until, "until", "", "only letters with a time stamp before this `time`")
	flags.IntVar(&f.limit, "limit", 0, "at most so many letters, `N`")
	completeArgs(cmd, false, topicNames(env))
}

// choose reads the arguments: a topic, or letters of one topic by name.
func (f *choiceFlags) choose(req *dispose.Request, args []string) (err error) {
	if len(args) == 0 {
		return usagef("\"evtctl dlq list\" shows the dead-letter topics", "neither a topic nor a letter is named")
	}
	if f.limit < 0 {
		return usagef("such as --limit 100", "--limit %d is no number of letters", f.limit)
	}
	req.Limit, req.Now = f.limit, f.env.Now
	if len(args) == 1 && !strings.Contains(args[0], ":") {
		req.Query, err = f.letterFlags.parse(args[0])
		return err
	}
	if f.where+f.fingerprint+f.since+f.until != "" {
		return usagef("name the topic instead of letters", "letters are named, and a query chooses among all of a topic")
	}
	for _, arg := range args {
		c, err := dlq.ParseCoordinates(arg)
		if err != nil {
			return usagef("such as orders-dlt:0:17; several letters of one topic may be named, or one topic", "%v", err)
		}
		if len(req.Letters) > 0 && c.Topic != req.Query.Topic {
			return usagef("run it once for each topic", "letters of %s and of %s are named", req.Query.Topic, c.Topic)
		}
		req.Query.Topic, req.Letters = c.Topic, append(req.Letters, c)
	}
	return nil
}

// words says how the letters were chosen.
func (f *choiceFlags) words() string {
	var words []string
	for _, w := range []struct{ flag, value string }{
		{"--where", f.where}, {"--fingerprint", f.fingerprint}, {"--since", f.since}, {"--until", f.until},
	} {
		if w.value != "" {
			words = append(words, w.flag+" "+shellWord(w.value))
		}
	}
	if f.limit > 0 {
		words = append(words, "--limit "+strconv.Itoa(f.limit))
	}
	return strings.Join(words, " ")
}

// parseRate reads 100/s, 6000/m, or a number of letters a second.
func parseRate(s, things string) (float64, error) {
	number, unit, _ := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(number, 64)
	if s == "" {
		return 0, nil
	}
	per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	if err != nil || !known || !(n > 0 && n < 1e9) {
		return 0, usagef("such as 100/s or 600/m", "--rate %q is no number of %s in a time", s, things)
	}
	return n / per, nil
}

// openCounter connects to where letters are sent. The caller closes it.
func (o *dlqWriteOptions) openCounter(ctx context.Context, office *postOffice) (*counter, func(), error) {
	return o.Env.openCounter(ctx, o.ToContext, office.client, office.settings)
}

// runDLQWrite plans, shows, asks, writes, and shows what happened.
func runDLQWrite(ctx context.Context, o *dlqWriteOptions) error {
	office, err := o.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	counter, closeCounter, err := o.openCounter(ctx, office)
	if err != nil {
		return err
	}
	defer closeCounter()
	if o.idle != nil { // it may be long before there is something to ask about
		if err := render.CanConfirm(o.Env.Streams, o.question(o.affected(office, counter), o.Request.Query.Topic, "")); err != nil {
			return err
		}
	}
	if o.Set != nil {
		o.Request.Edit = &letterEditor{decoder: office.decoder, change: o.Set.Apply}
	}
	plan, err := o.plan(ctx, office, counter)
	if err != nil {
		return office.explain(ctx, err)
	}
	return o.carryOut(ctx, office, counter, plan)
}

func (o *dlqWriteOptions) plan(ctx context.Context, office *postOffice, counter *counter) (*dispose.Plan, error) {
	progress := render.NewProgress(o.Env.Streams, "planning")
	defer progress.Done()
	target := dispose.Look(counter.client)
	if o.Plan == "" {
		return dispose.NewPlan(ctx, office.Reader, target, o.Request)
	}
	saved, err := dispose.LoadPlan(o.Plan)
	if err != nil {
		return nil, err
	}
	if saved.Action != o.Request.Action {
		return nil, usagef(fmt.Sprintf("\"evtctl dlq %s --plan %s\" does it", saved.Action, shellWord(o.Plan)), "plan %s: a plan to %s letters", o.Plan, saved.Action)
	}
	if err := o.savedEdit(saved, office); err != nil {
		return nil, err
	}
	return saved.Renew(ctx, office.Reader, target, o.Request)
}

// savedEdit makes a saved plan's edit again.
func (o *dlqWriteOptions) savedEdit(saved *dispose.Plan, office *postOffice) error {
	if saved.Settings.Edit == "" {
		return nil
	}
	set, err := dispose.NewSet(saved.Settings.Edit)
	if err == nil {
		o.Request.Edit = &letterEditor{decoder: office.decoder, change: set.Apply}
	}
	return err
}

// carryOut shows a plan, asks, and does what it says.
func (o *dlqWriteOptions) carryOut(ctx context.Context, office *postOffice, counter *counter, plan *dispose.Plan) error {
	s := o.Env.Streams
	text := dlqPlanText(plan, o.ToContext)
	switch {
	case o.PlanOut != "":
		if err := plan.Save(o.PlanOut); err != nil {
			return err
		}
		savedPlan(s, "evtctl dlq "+string(plan.Action), o.PlanOut)
		return o.printPlan(plan, text)
	case o.DryRun:
		return o.printPlan(plan, text)
	case plan.Planned == 0 && o.idle != nil:
		o.idle(plan)
		return nil
	case plan.Planned == 0:
		return o.nothing(ctx, plan, text)
	}
	if err := text.show(s, false); err != nil {
		return err
	}
	if err := o.confirmName(ctx, s, o.affected(office, counter), plan.Topic, dlqQuestion(plan)); err != nil {
		return err
	}
	o.confirmed = true
	receipt, err := o.apply(ctx, counter, plan)
	o.receipt = receipt
	return o.conclude(ctx, plan.Action, receipt, err, counter)
}

// affected are the settings of where letters are sent. It is production when where they
// are is.
func (o *dlqWriteOptions) affected(office *postOffice, counter *counter) *cluster.Settings {
	settings := *counter.settings
	settings.Production = settings.Production || office.settings.Production
	return &settings
}

// nothing ends a command whose plan has no letter to deal with.
func (o *dlqWriteOptions) nothing(ctx context.Context, plan *dispose.Plan, text planText) error {
	w := &dispose.Writer{}
	if o.Format == render.JSONL {
		w.Report = func(item dispose.Item) { _ = o.printItem(item) }
	}
	receipt, err := w.Apply(ctx, plan)
	if err != nil {
		return err
	}
	if isText(o.Format) {
		if err := text.show(o.Env.Streams, true); err != nil {
			return err
		}
	} else if err := o.printReceipt(receipt); err != nil {
		return err
	}
	if plan.Refused > 0 {
		return fmt.Errorf("none of %s could be dealt with", plural(plan.Refused, "letter"))
	}
	return nil
}

// apply does what a plan says, the canary's letters first.
func (o *dlqWriteOptions) apply(ctx context.Context, counter *counter, plan *dispose.Plan) (*dispose.Receipt, error) {
	progress := render.NewProgress(o.Env.Streams, string(plan.Action))
	defer progress.Done()
	hard, release := o.Env.heedBrake(ctx)
	defer release()
	dealt, total := int64(0), plan.Planned+plan.Refused+plan.Skipped
	w := &dispose.Writer{
		Client: counter.client, Options: counter.options, Who: o.Env.who(), Job: dispose.NewJob(plan.Action, o.Env.Now(), random32()),
		Rate: o.Rate, AtLeastOnce: o.AtLeastOnce, Hard: hard, Now: o.Env.Now,
		Notice: func(text string) { render.Message(o.Env.Streams, render.Warn, "%s", text) },
		Report: func(item dispose.Item) {
			dealt++
			progress.Update(dealt, total)
			if o.Format == render.JSONL {
				_ = o.printItem(item)
			}
		},
	}
	if o.Canary == 0 || plan.Planned <= int64(o.Canary) && o.Watch == 0 {
		return w.Apply(ctx, plan)
	}
	return o.applyCanary(ctx, w, plan)
}

// canaryError says that a letter came back.
type canaryError struct {
	back *dlq.Letter
	left int64
}

func (e *canaryError) Error() string {
	return fmt.Sprintf("a letter of the canary came back, as %s (%s); %s not sent", e.back.Coordinates, orNone(deref(e.back.Cause.Class), "unknown cause"), plural(e.left, "letter"))
}

// Hint is a next step.
func (e *canaryError) Hint() string {
	return "\"evtctl dlq show " + e.back.Coordinates.String() + "\" says why; what made the letters die isn't mended yet"
}

func (o *dlqWriteOptions) applyCanary(ctx context.Context, w *dispose.Writer, plan *dispose.Plan) (*dispose.Receipt, error) {
	first, rest := plan.Split(o.Canary)
	watch, err := plan.NewWatch(ctx)
	if err != nil {
		return &dispose.Receipt{}, err
	}
	receipt, err := w.Apply(ctx, first)
	if err != nil || receipt.Interrupted {
		return receipt, err
	}
	render.Message(o.Env.Streams, render.Plain, "canary: %s sent; watching for %s whether any comes back", plural(receipt.Done, "letter"), o.Watch)
	back, err := watch.For(ctx, receipt.Items, o.Watch)
	receipt.Interrupted = errors.Is(err, context.Canceled)
	switch {
	case receipt.Interrupted:
		return receipt, nil
	case err != nil:
		return receipt, err
	case back != nil:
		return receipt, &canaryError{back, rest.Planned}
	case rest.Planned == 0:
		return receipt, nil
	}
	more, err := w.Apply(ctx, rest)
	receipt.Join(more)
	return receipt, err
}

// who is written into the ledger: the user and the machine.
func (e *Env) who() string {
	name := e.Getenv("USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}

func random32() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint32(b[:])
}
