// Command evtctl is a toolkit for operating event systems on Apache Kafka.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/evtctl/evtctl/commands"
)

func main() { os.Exit(run(commands.SystemEnv(os.Getenv))) }

// run lets Ctrl-C end the program in order. A second one ends it at once: a write aborts
// its transaction, and whatever else is under way is ended by the system, to which the
// signals are given back. So is a write by a third one.
func run(env *commands.Env) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	env.Brake = commands.NewBrake(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		if cancel(); env.Brake.Heeded() {
			<-signals
			env.Brake.Pull()
		}
		signal.Stop(signals)
	}()
	return commands.Run(ctx, env, os.Args[1:])
}
