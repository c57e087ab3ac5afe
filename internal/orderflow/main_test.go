package orderflow_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow"
)

// aloneEnv makes this test binary one service of a shop, in a process that can be
// killed. Its value is an alone.
const aloneEnv = "EVTCTL_TEST_SERVICE"

// alone is a service in a process of its own.
type alone struct {
	Service            orderflow.Service
	Brokers            []string
	Registry, Database string
	Prefix             string
	Addresses          orderflow.Addresses
}

func TestMain(m *testing.M) {
	text := os.Getenv(aloneEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var a alone
	err := json.Unmarshal([]byte(text), &a)
	if err == nil {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { // also when the test ends without having killed it
			io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		_, err = orderflow.Run(ctx, a.config())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, a.Service, err)
		os.Exit(1)
	}
}

func (a alone) config() orderflow.Config {
	return orderflow.Config{
		Open: func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(a.Brokers...)}, opts...)...)
		},
		RegistryURL: a.Registry, Database: a.Database, Prefix: a.Prefix, Addresses: a.Addresses,
		Only: []orderflow.Service{a.Service}, Static: true, // its next life gets its partitions at once
		Capacity: orderflow.Capacity{Analytics: 1e6},
		Logger:   slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// process is a service that runs, with what all of its lives have said.
type process struct {
	alone
	cmd   *exec.Cmd
	stdin io.Closer
	read  chan struct{} // closed when all of this life's lines have been read

	mu    sync.Mutex
	lines []string
}

// start begins a life.
func (p *process) start(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(p.alone)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), aloneEnv+"="+string(text))
	p.cmd.Stderr = os.Stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	p.read = read
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mu.Unlock()
		}
	}()
}

// kill ends a life with SIGKILL.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.read
	p.cmd.Wait() //nolint:errcheck // its error is the kill
}

// end ends a life as a service ends by itself.
func (p *process) end(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the %s service ended with %v", p.Service, err)
	}
}

// said returns what follows a text in the lines that have it, up to a blank.
func (p *process) said(text string) (rests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		if _, rest, ok := strings.Cut(line, text); ok {
			rest, _, _ = strings.Cut(rest, " ")
			rests = append(rests, rest)
		}
	}
	return rests
}
