package kafkatest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holdEnv makes this test binary a program that takes hold of something and
// keeps it until it is killed: what another test then watches.
const holdEnv = "KAFKATEST_HOLD"

func TestMain(m *testing.M) {
	what, argument, _ := strings.Cut(os.Getenv(holdEnv), " ")
	switch what {
	case "":
		os.Exit(m.Run())
	case "broker":
		holdBroker()
	case "postgres":
		holdPostgres()
	case "lock":
		holdLock(argument)
	}
}

// holdBroker prints its folder, starts a broker, prints the broker's address
// and waits to be killed.
func holdBroker() {
	home, err := workspace()
	exitOn(err)
	fmt.Println(home.dir)
	kafka, err := kafkaHere()
	exitOn(err)
	c, err := startNodes(kafka, layout{nodes: 1})
	exitOn(err)
	fmt.Println(c.brokers[0])
	select {}
}

// holdPostgres starts a PostgreSQL, prints the folder of all files and its process id,
// and waits to be killed.
func holdPostgres() {
	home, err := postgresHere()
	exitOn(err)
	d, err := startPostgres(home)
	exitOn(err)
	fmt.Println(filepath.Dir(d.dir))
	fmt.Print(readFile(filepath.Join(d.dir, "pid")))
	select {}
}

// holdLock takes the lock on a folder, says so and waits to be killed.
func holdLock(folder string) {
	_, err := lock(folder)
	exitOn(err)
	fmt.Println("locked")
	select {}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// held is such a program.
type held struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func hold(t *testing.T, what string) *held {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &held{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(h.kill)
	return h
}

// line is the next line that the program prints.
func (h *held) line() string {
	h.t.Helper()
	if !h.lines.Scan() {
		h.t.Fatalf("the program ended before it printed what it holds: %v", h.lines.Err())
	}
	return h.lines.Text()
}

// kill is kill -9.
func (h *held) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}
