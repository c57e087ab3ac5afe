// Command evtctl is a toolkit for operating event systems on Apache Kafka.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/evtctl/evtctl/commands"
)

func main() { os.Exit(run()) }

// run lets Ctrl-C end the program in order. A second Ctrl-C ends it at once, since
// the signals are given back to the system after the first.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return commands.Main(ctx, os.Args[1:], os.Getenv)
}
