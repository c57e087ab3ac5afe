package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// home is the folder that holds all files of this test process's clusters.
type home struct {
	dir string
	// busy is the writing end of a pipe that this process and every program it
	// starts hold open. Its other end therefore closes when the last is gone.
	busy *os.File
}

// prefix begins the name of every such folder; the process id follows it.
const prefix = "evtctl-kafkatest-"

// sweeper waits until nobody holds the pipe any more, and then removes the
// folder. It does so after a kill -9 too, which no deferred call survives.
const sweeper = `trap '' HUP INT TERM
while read -r line; do :; done
rm -rf "$1"`

// workspace returns the folder, made at its first call together with the shell
// that removes it.
var workspace = sync.OnceValues(func() (*home, error) {
	removeAbandoned(os.TempDir(), time.Now())
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("making a folder for the test clusters: %w", err)
	}
	idle, busy, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("watching over %s: %w", dir, err)
	}
	defer idle.Close()
	cmd := exec.Command("sh", "-c", sweeper, "sweeper", dir)
	cmd.Stdin = idle
	cmd.Dir = os.TempDir()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("watching over %s: %w", dir, err)
	}
	return &home{dir: dir, busy: busy}, nil
})

// newDir makes a folder in the workspace.
func newDir(name string) (string, error) {
	home, err := workspace()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(home.dir, name+"-")
}

// abandonedAfter guards folders of processes that can't be seen from here, in a
// container for instance: a fresh folder is never taken for an abandoned one.
const abandonedAfter = time.Hour

// removeAbandoned removes what earlier runs left in the folder for temporary
// files. Only the loss of a whole process group at once, sweeper included,
// leaves anything; a later run then makes good for it. What can't be removed
// is another user's, and stays.
func removeAbandoned(in string, now time.Time) {
	found, _ := filepath.Glob(filepath.Join(in, prefix+"*"))
	for _, dir := range found {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		pid, err := strconv.Atoi(owner)
		if err != nil || alive(pid) {
			continue
		}
		if info, err := os.Stat(dir); err == nil && now.Sub(info.ModTime()) > abandonedAfter {
			_ = os.RemoveAll(dir)
		}
	}
}

// alive tells whether a process with this id exists.
func alive(pid int) bool {
	proc, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = proc.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
