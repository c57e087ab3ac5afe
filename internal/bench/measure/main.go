//go:build unix

// Command measure runs a program, throws its output away and prints three numbers:
// the seconds it took, those that processors worked for it, and the most memory it
// had at a time, in bytes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// patience is how long a program may take. Whoever started measure may be gone.
const patience = 2 * time.Minute

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: measure PROGRAM [ARGUMENT]…")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[1], os.Args[2:]...)
	cmd.Stderr = os.Stderr
	started := time.Now()
	err := cmd.Run()
	took := time.Since(started)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	state := cmd.ProcessState
	cpu := state.UserTime() + state.SystemTime()
	fmt.Println(took.Seconds(), cpu.Seconds(), maxRSS(state.SysUsage().(*syscall.Rusage)))
}

// maxRSS is in bytes; getrusage(2) counts kilobytes, but on Apple's systems.
func maxRSS(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
