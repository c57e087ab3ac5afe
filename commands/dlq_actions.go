package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq/dispose"
)

// dlqAction is something that the browser can do with letters: its key, what it is
// called, and what it does once the screen has made room. What do returns is said on
// the screen when it is shown again; an error ends the browser only when the user
// interrupted it.
type dlqAction struct {
	render.Action
	do func(ctx context.Context, opts *dlqBrowseOptions, office *postOffice, choice render.Choice[letterRow]) (said string, err error)
}

// dlqActions are the browser's actions, the most important first. Each does what the
// command of its name does: it shows what would happen, and asks.
var dlqActions = []dlqAction{
	{render.Action{Key: "r", Label: "replay"}, replayChosen},
	{render.Action{Key: "e", Label: "edit"}, editChosen},
	{render.Action{Key: "d", Label: "discard"}, discardChosen},
}

// chosen is a write of the letters that were chosen.
func chosen(opts *dlqBrowseOptions, action dispose.Action, choice render.Choice[letterRow]) dlqWriteOptions {
	o := dlqWriteOptions{Env: opts.Env, Request: dispose.Request{Action: action, Now: opts.Env.Now}, Format: render.Table, ToContext: opts.ToContext}
	for _, row := range choice.Rows {
		o.Request.Query.Topic = row.at.Topic
		o.Request.Letters = append(o.Request.Letters, row.at)
	}
	return o
}

func replayChosen(ctx context.Context, opts *dlqBrowseOptions, office *postOffice, choice render.Choice[letterRow]) (string, error) {
	o := chosen(opts, dispose.Replay, choice)
	var err error
	if o.Request.Reason, err = render.Ask(ctx, opts.Env.Streams, "Why are they sent back? (for the history; may be empty) "); err != nil {
		return "", err
	}
	return o.inBrowser(ctx, office)
}

func discardChosen(ctx context.Context, opts *dlqBrowseOptions, office *postOffice, choice render.Choice[letterRow]) (string, error) {
	o := chosen(opts, dispose.Discard, choice)
	var err error
	if o.Request.Reason, err = render.Ask(ctx, opts.Env.Streams, "Why are they set aside? (for the history) "); err != nil {
		return "", err
	}
	if o.Request.Reason == "" {
		return "", errors.New("nothing was done: whoever looks for the letters later is to know why")
	}
	return o.inBrowser(ctx, office)
}

func editChosen(ctx context.Context, opts *dlqBrowseOptions, office *postOffice, choice render.Choice[letterRow]) (string, error) {
	o := &dlqEditOptions{dlqWriteOptions: chosen(opts, dispose.Replay, choice)}
	if len(choice.Rows) > maxEdited {
		return "", tooManyEdited()
	}
	if err := o.edit(ctx, office); err != nil {
		return "", err
	}
	return o.said(), nil
}

// inBrowser plans, shows, asks and does.
func (o *dlqWriteOptions) inBrowser(ctx context.Context, office *postOffice) (string, error) {
	counter, closeCounter, err := o.openCounter(ctx, office)
	if err != nil {
		return "", err
	}
	defer closeCounter()
	plan, err := o.plan(ctx, office, counter)
	if err == nil {
		err = o.carryOut(ctx, office, counter, plan)
	}
	if err != nil {
		return "", office.explain(ctx, err)
	}
	return o.said(), nil
}

// said sums up what was done, for one line on the screen.
func (o *dlqWriteOptions) said() string {
	if o.receipt == nil {
		return "nothing was done"
	}
	r := o.receipt
	return fmt.Sprintf("%d done, %d skipped, %d failed; job %s", r.Done, r.Skipped, r.Failed, r.Job)
}
