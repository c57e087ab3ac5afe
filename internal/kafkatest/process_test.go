package kafkatest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const soon = 30 * time.Second

func TestAKilledTestProcessLeavesNothingBehind(t *testing.T) {
	needKafka(t)
	t.Run("killed while its broker serves", func(t *testing.T) {
		h := hold(t, "broker")
		dir, address := h.line(), h.line()
		if _, err := net.Dial("tcp", address); err != nil {
			t.Fatal(err)
		}
		pid := brokerPID(t, dir)
		h.kill()
		awaitEnd(t, pid, dir)
	})
	t.Run("killed while its broker starts", func(t *testing.T) {
		h := hold(t, "broker")
		dir := h.line()
		var pid int
		Eventually(t, soon, "a program to be started", func() (bool, string) {
			pids, _ := filepath.Glob(filepath.Join(dir, "*", "pid"))
			if len(pids) > 0 {
				pid, _ = strconv.Atoi(strings.TrimSpace(readFile(pids[0])))
			}
			return pid != 0, fmt.Sprint(pids)
		})
		h.kill()
		awaitEnd(t, pid, dir)
	})
}

// brokerPID is the process id of the only broker in the folder.
func brokerPID(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "node1-*", "pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("found %v, want one pid file; error %v", files, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(files[0])))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatalf("the broker, process %d, doesn't run", pid)
	}
	return pid
}

// awaitEnd waits until a process and a folder are gone.
func awaitEnd(t *testing.T, pid int, dir string) {
	t.Helper()
	Eventually(t, soon, "the broker and its files to go", func() (bool, string) {
		_, err := os.Stat(dir)
		return !alive(pid) && os.IsNotExist(err), fmt.Sprintf("process %d alive: %t; folder %s: %v", pid, alive(pid), dir, err)
	})
}

// script starts a shell script as a Process of this test.
func script(t *testing.T, text string) *Process {
	t.Helper()
	return launch(t, "script", command{args: []string{"sh", "-c", text}})
}

func TestProcess(t *testing.T) {
	t.Run("tells its outputs and its exit code", func(t *testing.T) {
		p := script(t, "echo out; echo err >&2; exit 7")
		if !p.wait(soon) {
			t.Fatal("it doesn't end")
		}
		if p.Stdout() != "out\n" || p.Stderr() != "err\n" || p.ExitCode() != 7 {
			t.Errorf("it wrote %q and %q and ended with %d", p.Stdout(), p.Stderr(), p.ExitCode())
		}
		if err := p.Stop(); err != nil {
			t.Errorf("stopping what has ended: %v", err)
		}
	})
	t.Run("is asked to end, and may tidy up", func(t *testing.T) {
		p := script(t, `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`)
		p.Await(t, soon, "ready")
		if p.ExitCode() != -1 {
			t.Errorf("its exit code is %d while it runs", p.ExitCode())
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if p.Stdout() != "ready\nbye\n" || p.ExitCode() != 0 {
			t.Errorf("it wrote %q and ended with %d", p.Stdout(), p.ExitCode())
		}
	})
	t.Run("is killed though it won't listen", func(t *testing.T) {
		p := script(t, `trap '' TERM; echo ready; while :; do sleep 0.05; done`)
		p.Await(t, soon, "ready")
		if err := p.Kill(); err != nil || p.Running() {
			t.Errorf("it runs: %t; error %v", p.Running(), err)
		}
	})
	t.Run("that ends early fails the wait at once, with its words", func(t *testing.T) {
		p := script(t, "echo no such thing >&2; exit 3")
		started := time.Now()
		r := watch(t, func(t testing.TB) { p.Await(t, time.Hour, "ready") })
		if !strings.Contains(r.fatal, "exit code 3") || !strings.Contains(r.fatal, "no such thing") {
			t.Errorf("the failure says %q", r.fatal)
		}
		if took := time.Since(started); took > soon {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAContainerIsSignalledThroughDocker(t *testing.T) {
	bin := t.TempDir()
	state := filepath.Join(bin, "pid")
	// Like docker, its command can be killed without the container noticing.
	executable(t, filepath.Join(bin, "docker"), fmt.Sprintf(`case $1 in
run) sleep 600 & echo $! >%[1]s; wait $!; exit 137;;
kill) echo "$@" >>%[2]s; kill -s "$3" "$(cat %[1]s)";;
esac`, state, filepath.Join(bin, "calls")))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))

	d := &distribution{docker: true}
	cmd, err := d.run([]string{"-Xmx384m"}, "kafka.Kafka", "server.properties")
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(cmd.args, " ")
	for _, want := range []string{
		"docker run --rm --name " + cmd.container, "--network host", "--entrypoint java apache/kafka:4.3.1",
		"-Xmx384m -cp /opt/kafka/libs/* kafka.Kafka server.properties",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("%q isn't in the command %q", want, line)
		}
	}
	p := launch(t, "a container", cmd)
	var pid int
	Eventually(t, soon, "the container", func() (bool, string) {
		pid, _ = strconv.Atoi(strings.TrimSpace(readFile(state)))
		return pid != 0, readFile(state)
	})
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if calls := readFile(filepath.Join(bin, "calls")); !strings.Contains(calls, "kill -s KILL "+cmd.container) || alive(pid) {
		t.Errorf("docker was called with %q, and the container lives: %t", calls, alive(pid))
	}
}

// executable writes a shell script that can be called.
func executable(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestAbandonedFoldersAreRemoved(t *testing.T) {
	in := t.TempDir()
	now := time.Now()
	dead := script(t, "exit 0")
	if !dead.wait(soon) {
		t.Fatal("it doesn't end")
	}
	gone := dead.cmd.Process.Pid
	for _, test := range []struct {
		folder string
		age    time.Duration
		stays  bool
	}{
		{fmt.Sprintf("%s%d-old", prefix, gone), 2 * abandonedAfter, false},
		{fmt.Sprintf("%s%d-new", prefix, gone), 0, true},
		{fmt.Sprintf("%s%d-mine", prefix, os.Getpid()), 2 * abandonedAfter, true},
		{prefix + "someone-elses", 2 * abandonedAfter, true},
		{fmt.Sprintf("other-%d-old", gone), 2 * abandonedAfter, true},
	} {
		dir := filepath.Join(in, test.folder)
		if err := os.MkdirAll(filepath.Join(dir, "node1"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, time.Time{}, now.Add(-test.age)); err != nil {
			t.Fatal(err)
		}
		removeAbandoned(in, now)
		if _, err := os.Stat(dir); (err == nil) != test.stays {
			t.Errorf("%s after %s: want it to stay: %t, but: %v", test.folder, test.age, test.stays, err)
		}
	}
}
