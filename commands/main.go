package commands

import (
	"context"

	"github.com/evtctl/evtctl/commands/internal/render"
)

// Main runs evtctl with the arguments after the program's name and returns the exit
// code. It ends early when ctx does.
func Main(ctx context.Context, args []string, getenv func(string) string) int {
	env := SystemEnv(getenv)
	return Run(ctx, env, args)
}

// Run is Main in a world of the caller's.
func Run(ctx context.Context, env *Env, args []string) int {
	asked := false // the arguments were understood and the command began
	root := newRootCmd(env, &asked)
	root.SetArgs(args)
	root.SetIn(env.Streams.In)
	root.SetOut(env.Streams.Out)
	root.SetErr(env.Streams.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !asked {
		err = usagef("\""+cmd.CommandPath()+" --help\" shows what it takes", "%s", firstLine(err))
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
