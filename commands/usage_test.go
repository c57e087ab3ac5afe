package commands

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// What is said of flags fits the narrowest terminal: the terminal's own wrapping would
// mix it with the flags' names.
func TestFlagsFitATerminal(t *testing.T) {
	root := newRootCmd(&Env{}, new(bool))
	seen := 0
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		_, flags, _ := strings.Cut(c.UsageString(), "Flags:\n")
		for line := range strings.Lines(flags) {
			seen++
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > usageWidth {
				t.Errorf("%s: %q", c.CommandPath(), line)
			}
			if name, _, _ := strings.Cut(strings.TrimLeft(line, " "), "   "); strings.HasPrefix(name, "-") && len(name) != utf8.RuneCountInString(name) {
				t.Errorf("%s: columns are counted in bytes: %q", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	if seen < 100 {
		t.Errorf("%d lines only", seen)
	}
}
