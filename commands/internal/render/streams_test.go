package render_test

import (
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestColourFollowsTheEnvironment(t *testing.T) {
	type env map[string]string
	for _, c := range []struct {
		name         string
		env          env
		color, force bool
	}{
		{"a usual terminal", env{"TERM": "xterm-256color"}, true, false},
		{"a terminal that knows nothing", env{"TERM": "dumb"}, false, false},
		{"no TERM", env{}, false, false},
		{"NO_COLOR", env{"TERM": "xterm", "NO_COLOR": "1"}, false, false},
		{"an empty NO_COLOR doesn't count", env{"TERM": "xterm", "NO_COLOR": ""}, true, false},
		{"NO_COLOR is stronger than CLICOLOR_FORCE", env{"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false, false},
		{"CLICOLOR_FORCE", env{"CLICOLOR_FORCE": "1"}, true, true},
		{"CLICOLOR_FORCE even for a dumb terminal", env{"TERM": "dumb", "CLICOLOR_FORCE": "yes"}, true, true},
		{"CLICOLOR_FORCE=0 forces nothing", env{"TERM": "xterm", "CLICOLOR_FORCE": "0"}, true, false},
		{"CLICOLOR=0", env{"TERM": "xterm", "CLICOLOR": "0"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := render.SystemStreams(func(name string) string { return c.env[name] })
			if s.Color != c.color || s.ForceColor != c.force {
				t.Errorf("Color %v, ForceColor %v, want %v, %v", s.Color, s.ForceColor, c.color, c.force)
			}
		})
	}
}
