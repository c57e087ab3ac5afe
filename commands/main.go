package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// Run runs evtctl with the arguments after the program's name, in a world of the
// caller's, and returns the exit code. It ends early when ctx does.
func Run(ctx context.Context, env *Env, args []string) int {
	asked := false // the arguments were understood and the command began
	root := newRootCmd(env, &asked)
	root.SetArgs(args)
	root.SetIn(env.Streams.In)
	root.SetOut(env.Streams.Out)
	root.SetErr(env.Streams.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !asked {
		err = misunderstood(cmd.CommandPath(), err)
	}
	failure := Exit(err)
	if failure.Message != "" {
		render.Error(env.Streams, "%s", failure.Message)
	}
	if failure.Hint != "" {
		render.Message(env.Streams, render.Plain, "hint: %s", failure.Hint)
	}
	return failure.Code
}

// misunderstood words what Cobra says of arguments it can't make sense of.
func misunderstood(command string, err error) error {
	problem, rest, _ := strings.Cut(err.Error(), "\n")
	hint := "\"" + command + " --help\" shows what it takes"
	if _, near, ok := strings.Cut(rest, "Did you mean this?"); ok {
		hint = "did you mean \"" + strings.Join(strings.Fields(near), "\" or \"") + "\"? " + hint
	}
	var name string
	if _, err := fmt.Sscanf(problem, "unknown command %q for \"evtctl lag", &name); err == nil {
		hint = "a group is named by --group " + name
	}
	if _, err := fmt.Sscanf(problem, "unknown command %q for \"evtctl doctor", &name); err == nil {
		hint = "a topic is named by --topic " + name
	}
	return &usageError{problem, hint}
}
