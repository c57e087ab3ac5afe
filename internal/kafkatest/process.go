package kafkatest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// endTime is how long a program may take to end when asked to, before it is
// killed. A broker that hands its partitions over needs a few seconds.
const endTime = 30 * time.Second

// Process is a program that ends with this test process at the latest, whatever
// happens to it: a shell keeps watch over each, holding a pipe whose other end
// closes when the test process is gone (see keeper.sh). Nothing in Go could do
// that after a kill -9.
type Process struct {
	what  string
	cmd   *exec.Cmd
	life  io.WriteCloser // signal names go in; its closing means "kill it"
	dir   string
	out   string // files, because a program that is killed flushes no pipe
	errs  string
	ended chan struct{}
}

//go:embed keeper.sh
var keeper string

// command says what is to be run: a program with its arguments, and the name of
// the container it runs in, if it does.
type command struct {
	args      []string
	container string
	// farewell names a signal that comes a moment before the SIGKILL of the end, for
	// a program that has something to put away; empty for none.
	farewell string
	as       *login // nil: who runs the test
}

// start runs a program in dir, where its outputs go to files.
func start(what string, c command, dir string) (*Process, error) {
	home, err := workspace()
	if err != nil {
		return nil, err
	}
	p := &Process{what: what, dir: dir, out: filepath.Join(dir, "stdout"), errs: filepath.Join(dir, "stderr"), ended: make(chan struct{})}
	p.cmd = exec.Command("sh", append([]string{"-c", keeper, "keeper", c.container, c.farewell}, c.args...)...)
	p.cmd.Dir = dir
	c.as.run(p.cmd)
	// The keeper and its program hold this until they end; the folder stays so long.
	p.cmd.ExtraFiles = []*os.File{home.busy}
	if p.life, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", what, err)
	}
	out, err := os.Create(p.out)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", what, err)
	}
	defer out.Close()
	errs, err := os.Create(p.errs)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", what, err)
	}
	defer errs.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, errs
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", what, err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit code is read from ProcessState
		close(p.ended)
	}()
	return p, nil
}

// Running tells whether the program hasn't ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stdout is what the program has written so far.
func (p *Process) Stdout() string { return readFile(p.out) }

// Stderr is what the program has complained about so far.
func (p *Process) Stderr() string { return readFile(p.errs) }

// ExitCode is the program's, or above 128 for one that a signal ended; -1 while
// it runs.
func (p *Process) ExitCode() int {
	if p.Running() {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the program to end (SIGTERM) and waits until it has; one that takes
// longer than half a minute is killed.
func (p *Process) Stop() error {
	if err := p.signal("TERM"); err != nil {
		return err
	}
	if p.wait(endTime) {
		return nil
	}
	return errors.Join(fmt.Errorf("%s didn't end within %s of SIGTERM", p.what, endTime), p.Kill())
}

// Kill ends the program at once (SIGKILL) and waits until it is gone.
func (p *Process) Kill() error {
	// An error here means that the keeper is gone already.
	_ = p.life.Close()
	if !p.wait(endTime) {
		return fmt.Errorf("%s survived SIGKILL for %s", p.what, endTime)
	}
	return nil
}

// Await waits until the program has written text to its standard output, and
// ends the test when it ends or the time is over first.
func (p *Process) Await(t testing.TB, within time.Duration, text string) {
	t.Helper()
	Eventually(t, within, fmt.Sprintf("%s to print %q", p.what, text), func() (bool, string) {
		// Looked at before the output: what is written last must not be missed.
		running := p.Running()
		if strings.Contains(p.Stdout(), text) {
			return true, ""
		}
		if !running {
			t.Fatalf("%s ended with exit code %d before it printed %q\n%s", p.what, p.ExitCode(), text, p.tails())
		}
		return false, p.tails()
	})
}

// signal sends a signal, named as kill(1) names it, and waits until it has been
// sent. To a program that has ended it does nothing.
func (p *Process) signal(name string) error {
	if !p.Running() {
		return nil
	}
	before := len(p.signals())
	if _, err := io.WriteString(p.life, name+"\n"); err != nil && p.Running() {
		return fmt.Errorf("sending %s to %s: %w", name, p.what, err)
	}
	_, ok := poll(endTime, func() (bool, string) { return !p.Running() || len(p.signals()) > before, "" })
	if !ok {
		return fmt.Errorf("sending %s to %s: its keeper didn't within %s", name, p.what, endTime)
	}
	return nil
}

// signals are those sent so far.
func (p *Process) signals() []string {
	return strings.Fields(readFile(filepath.Join(p.dir, "signals")))
}

func (p *Process) wait(within time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(within):
		return false
	}
}

// tails shows the ends of a program's outputs, for a failure's message.
func (p *Process) tails() string {
	return tail("standard output", p.out) + tail("standard error", p.errs)
}

// tail shows a file's last lines under a heading; nothing when it has none.
func tail(heading, path string) string {
	text := strings.TrimSpace(readFile(path))
	if text == "" {
		return ""
	}
	const most = 4000
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return fmt.Sprintf("--- %s\n%s\n", heading, text)
}

// readFile reads a file that may not exist yet.
func readFile(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(bytes.ToValidUTF8(content, []byte("?")))
}
