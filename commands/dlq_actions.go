package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// dlqAction is something that the browser can do with letters: its key, what it is
// called, and what it does once the screen has made room. What do returns is said on
// the screen when it is shown again; an error ends the browser only when the user
// interrupted it.
type dlqAction struct {
	render.Action
	do func(ctx context.Context, opts *dlqBrowseOptions, office *postOffice, choice render.Choice[letterRow]) (said string, err error)
}

// dlqActions are the browser's actions, the most important first.
var dlqActions []dlqAction
