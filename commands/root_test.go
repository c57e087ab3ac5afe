package commands

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// leaves gives all commands that do something.
func leaves(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.RunE != nil && !c.Hidden && len(c.Example) > 0 || !c.HasSubCommands() && !c.Hidden {
			list = append(list, c)
		}
		list = append(list, leaves(c)...)
	}
	return list
}

// examples gives the evtctl calls of a command's examples, as words.
func examples(cmd *cobra.Command) [][]string {
	var calls [][]string
	text := strings.ReplaceAll(cmd.Example, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, end := range []string{"|", ">", ")"} {
			line, _, _ = strings.Cut(line, end)
		}
		if _, call, ok := strings.Cut(line, "evtctl "); ok {
			calls = append(calls, strings.Fields(call))
		}
	}
	return calls
}

func TestEveryCommandHasHelpWithExamplesThatParse(t *testing.T) {
	root := func() *cobra.Command {
		asked := false
		return newRootCmd(&Env{Getenv: func(string) string { return "" }}, &asked)
	}
	found := leaves(root())
	if len(found) < 12 {
		t.Fatalf("found %d commands only", len(found))
	}
	for _, cmd := range found {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short = %q, want a line without a full stop", cmd.CommandPath(), cmd.Short)
		}
		calls := examples(cmd)
		if len(calls) == 0 {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, call := range calls {
			target, rest, err := root().Find(call)
			if err != nil {
				t.Errorf("%s: example %v: %v", cmd.CommandPath(), call, err)
				continue
			}
			if err := target.ParseFlags(rest); err != nil {
				t.Errorf("%s: example %v: %v", cmd.CommandPath(), call, err)
				continue
			}
			if err := target.ValidateArgs(target.Flags().Args()); err != nil {
				t.Errorf("%s: example %v: %v", cmd.CommandPath(), call, err)
			}
		}
	}
}
