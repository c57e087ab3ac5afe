package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/sandbox"
)

// childDir and childSync are set for a copy of the test binary that is to be a
// sandbox in a process of its own, so that it can be killed.
const (
	childDir  = "EVTCTL_TEST_SANDBOX_DIR"
	childSync = "EVTCTL_TEST_SANDBOX_SYNC"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		beSandbox(sandbox.Config{Addr: "127.0.0.1:0", DataDir: dir, SyncWrites: os.Getenv(childSync) == "yes",
			RegistryAddr: "127.0.0.1:0", Checker: numbers{}})
	}
	os.Exit(m.Run())
}

// beSandbox tells its addresses and stays until its standard input ends, which is
// also when the test ends without having killed it.
func beSandbox(c sandbox.Config) {
	s, err := sandbox.Start(context.Background(), c)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Brokers()[0], s.RegistryURL())
	io.Copy(io.Discard, os.Stdin)
	os.Exit(2)
}

// startChild returns a sandbox process with its broker's address and its
// registry's URL.
func startChild(t *testing.T, dir, sync string) (cmd *exec.Cmd, broker, registry string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childSync+"="+sync)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	broker, registry, _ = strings.Cut(strings.TrimSpace(line), " ")
	return cmd, broker, registry
}

func TestSandboxKeepsWhatWasAcknowledgedWhenKilled(t *testing.T) {
	for _, sync := range []string{"yes", "no"} {
		t.Run("sync writes: "+sync, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			cmd, addr, _ := startChild(t, dir, sync)
			cl := client(t, []string{addr}, manual())
			createTopic(t, cl, "orders", 1)
			produce(t, cl, "orders", 1)
			var committed kadm.Offsets
			committed.AddOffset("orders", 0, 1, -1)
			if err := kadm.NewClient(cl).CommitAllOffsets(t.Context(), "billing", committed); err != nil {
				t.Fatal(err)
			}
			id := metadata(t, cl).Cluster
			acked := killWhileWriting(t, cmd, cl)

			s := start(t, sandbox.Config{DataDir: dir})
			got := values(t, s.Brokers(), "orders")
			if len(got) < acked {
				t.Fatalf("%d records are left of %d acknowledged ones", len(got), acked)
			}
			for i, value := range got {
				if value != fmt.Sprint(i) {
					t.Fatalf("record %d is %q", i, value)
				}
			}
			adm := kadm.NewClient(client(t, s.Brokers()))
			offsets, err := adm.FetchOffsets(t.Context(), "billing")
			if at, ok := offsets.Lookup("orders", 0); err != nil || !ok || at.At != 1 {
				t.Errorf("group is at %+v (%v), want 1", at, err)
			}
			if now := metadata(t, client(t, s.Brokers())).Cluster; now != id {
				t.Errorf("cluster id was %s, is %s", id, now)
			}
		})
	}
}

// killWhileWriting goes on writing "1", "2", …, kills the process when enough
// of them are acknowledged, and returns how many were in the end.
func killWhileWriting(t *testing.T, cmd *exec.Cmd, cl *kgo.Client) int {
	t.Helper()
	const enough = 200
	var acked atomic.Int64
	acked.Store(1) // "0" is there already
	reached := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		for i := 1; ctx.Err() == nil; i++ {
			r := &kgo.Record{Topic: "orders", Partition: 0, Value: fmt.Append(nil, i)}
			cl.Produce(ctx, r, func(_ *kgo.Record, err error) {
				if err == nil && acked.Add(1) == enough {
					close(reached)
				}
			})
		}
	}()
	<-reached
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // its error is the kill
	stop()
	<-writing
	cl.Close() // ends what is still waiting for an answer
	return int(acked.Load())
}
