package commands

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

func TestOnlyASecondInterruptEndsAtOnce(t *testing.T) {
	caught := make(chan os.Signal, 100)
	signal.Notify(caught, os.Interrupt) // as main does: it doesn't end the process
	defer signal.Stop(caught)
	send := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		<-caught
	}
	ctx, first := context.WithCancel(t.Context())
	hard, stop := twice(ctx)
	defer stop()
	send()
	if hard.Err() != nil {
		t.Error("the first interrupt ended it at once")
	}
	first()
	if hard.Err() != nil {
		t.Error("the end of the command's context ended it at once")
	}
	for late := time.After(time.Minute); hard.Err() == nil; {
		send()
		select {
		case <-hard.Done():
		case <-late:
			t.Fatal("further interrupts don't end it")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
