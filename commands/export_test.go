package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// WithDLQAction has the browser of letters offer one action more until restore is
// called. The action gets the coordinates of the letters.
func WithDLQAction(key, label string, do func(letters []string) (string, error)) (restore func()) {
	former := dlqActions
	dlqActions = append(dlqActions[:len(dlqActions):len(dlqActions)], dlqAction{
		Action: render.Action{Key: key, Label: label},
		do: func(_ context.Context, _ *dlqBrowseOptions, _ *postOffice, choice render.Choice[letterRow]) (string, error) {
			var letters []string
			for _, row := range choice.Rows {
				letters = append(letters, row.at.String())
			}
			return do(letters)
		},
	})
	return func() { dlqActions = former }
}
