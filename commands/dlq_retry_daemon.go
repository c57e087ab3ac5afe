package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq/dispose"
)

// retrying is a daemon that sends letters back when they are due.
type retrying struct {
	*dlqRetryOptions
	began bool       // a look went well, or as well as it could
	due   *time.Time // of the first letter that waits
	told  string     // what was said of it
	runs  int64      // in which letters were dealt with
	sum   dispose.Receipt
}

// run looks, waits and looks again until ctx ends.
func (r *retrying) run(ctx context.Context) error {
	for {
		err := r.look(ctx)
		if !r.goOn(err) {
			return r.concluded(ctx, err)
		}
		r.began = true
		pause := time.NewTimer(r.pause())
		select {
		case <-ctx.Done():
			pause.Stop()
			return r.concluded(ctx, context.Canceled)
		case <-pause.C:
		}
	}
}

// look deals with the letters that are due.
func (r *retrying) look(ctx context.Context) error {
	again := r.dlqWriteOptions
	if r.confirmed { // by who saw a plan, or by a flag
		again.Yes, again.Confirm = true, again.Request.Query.Topic
	}
	r.due = nil
	again.idle = r.idle
	err := runDLQWrite(ctx, &again)
	r.confirmed = r.confirmed || again.confirmed
	if done := again.receipt; done != nil {
		r.runs++
		r.told = ""
		r.sum.Join(&dispose.Receipt{
			Planned: done.Planned, Done: done.Done, Parked: done.Parked, Skipped: done.Skipped, Failed: done.Failed, Elapsed: done.Elapsed,
		})
		soon := r.Env.Now() // what became due meanwhile, and what waits, isn't known
		r.due = &soon
	}
	return err
}

// idle is told of a look at which no letter was due, and says what is new about it.
func (r *retrying) idle(p *dispose.Plan) {
	r.due = p.NextDue
	lines, kinds := []string{"no letter is due"}, ""
	if p.Waiting > 0 {
		lines[0] += fmt.Sprintf("; %s to wait, the first until %s", plural(p.Waiting, "letter"), stamp(p.NextDue))
	}
	for _, t := range p.LeftOut {
		lines = append(lines, leftOut(t))
		kinds += fmt.Sprintf(" %s %d", t.Kind, t.Count) // whichever of them is named
	}
	if news := lines[0] + kinds; news != r.told {
		r.told = news
		for _, line := range lines {
			render.Message(r.Env.Streams, render.Plain, "%s", line)
		}
	}
}

// shortest is between two looks, whatever is due: a clock may be ahead.
const shortest = 200 * time.Millisecond

// pause is how long to wait for the next look.
func (r *retrying) pause() time.Duration {
	if r.due == nil {
		return r.Every
	}
	return min(r.Every, max(shortest, r.due.Sub(r.Env.Now())))
}

// goOn tells whether to look again. Letters that could not be sent are told each time. A
// cluster that can't be reached is waited for, but not at the beginning.
func (r *retrying) goOn(err error) bool {
	var answer answerError
	switch code := Exit(err).Code; {
	case err == nil:
		return true
	case code == ExitUsage || code == ExitInterrupted:
		return false
	case errors.As(err, &answer): // its receipt says it all
		return true
	case !r.began:
		return false
	}
	r.due = nil
	render.Message(r.Env.Streams, render.Warn, "%s; trying again in %s", fmt.Sprint(err), r.Every)
	return true
}

// concluded sums up what was done, where it was interrupted.
func (r *retrying) concluded(ctx context.Context, err error) error {
	if !r.began || ctx.Err() == nil {
		return err
	}
	s := r.Env.Streams
	if r.Format == render.JSONL {
		r.sum.Version, r.sum.Items, r.sum.Interrupted = dispose.ReceiptVersion, []dispose.Item{}, true
		if printErr := render.Print(s, r.Format, render.View[dispose.Item]{Lines: []any{r.sum}, Columns: itemColumns}); printErr != nil {
			return printErr
		}
		return err
	}
	text := fmt.Sprintf("in all: retried %s in %s", plural(r.sum.Done-r.sum.Parked, "letter"), plural(r.runs, "run"))
	for _, part := range []struct {
		n    int64
		what string
	}{{r.sum.Parked, "parked"}, {r.sum.Skipped, "skipped"}, {r.sum.Failed, "failed"}} {
		if part.n > 0 {
			text += ", " + render.Count(part.n) + " " + part.what
		}
	}
	if printErr := render.Line(s, render.Plain, "%s", text); printErr != nil {
		return printErr
	}
	return err
}
