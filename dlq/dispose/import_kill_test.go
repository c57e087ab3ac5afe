package dispose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// childImport is set for a copy of the test binary that is to be an import in a process
// of its own, so that it can be killed.
const childImport = "EVTCTL_TEST_IMPORT"

type importOrder struct {
	Brokers  []string
	File, To string
	Rate     float64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childImport); text != "" {
		if err := beImport(text); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beImport says a line for each letter that is in the topic.
func beImport(text string) error {
	var order importOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return err
	}
	options := []kgo.Opt{kgo.SeedBrokers(order.Brokers...)}
	cl, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx := context.Background()
	archive := func(visit func(*dlq.Archived) error) (*dlq.ArchiveHead, *dlq.ArchiveEnd, error) {
		f, err := os.Open(order.File)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		return dlq.ReadArchive(f, visit)
	}
	plan, err := dispose.NewImport(ctx, archive, dispose.Look(cl), dispose.ImportRequest{To: order.To, Clock: func() time.Time { return noon }})
	if err != nil {
		return err
	}
	w := &dispose.Writer{Client: cl, Options: options, Who: "ops", Job: fmt.Sprint("job-", os.Getpid()), Rate: order.Rate, Report: func(item dispose.Item) {
		if item.Result == dispose.ItemDone {
			fmt.Println(item.Coordinates)
		}
	}}
	_, err = w.Import(ctx, plan)
	return err
}

func TestAnImportThatIsKilledGoesOnAndDoublesNothing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		o := newOffice(t, c, c)
		from, to := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
		const all = 5000
		recs := make([]*kgo.Record, all)
		for i := range recs {
			recs[i] = &kgo.Record{Topic: from, Value: fmt.Appendf(nil, "v%d", i), Timestamp: noon}
		}
		c.Produce(t, recs...)
		order := importOrder{Brokers: c.Brokers(), File: filepath.Join(t.TempDir(), "letters.jsonl"), To: to, Rate: 4000}
		if err := os.WriteFile(order.File, exported(t, o, from), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			child := importing(t, order)
			// It is killed while it writes what comes after its first letters.
			if _, err := fmt.Fscanln(child.out, new(string)); err != nil {
				t.Fatalf("the import ended before its first letter: %v", err)
			}
			if err := child.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.cmd.Wait() // it was killed
		}
		order.Rate = 0
		child := importing(t, order)
		if err := child.finish(); err != nil {
			t.Errorf("the last import: %v", err)
		}
		if got := records(t, c, to); len(got) != all || values(got) != values(recs) {
			t.Errorf("%d records, want each of %d once and in order", len(got), all)
		}
	})
}

// importChild is an import in a process of its own.
type importChild struct {
	cmd *exec.Cmd
	out *os.File
}

func importing(t *testing.T, order importOrder) *importChild {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child := &importChild{exec.Command(os.Args[0]), out}
	child.cmd.Env, child.cmd.Stdout, child.cmd.Stderr = append(os.Environ(), childImport+"="+string(text)), in, os.Stderr
	if err := child.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() {
		_ = child.cmd.Process.Kill() // it may have ended
		out.Close()
	})
	return child
}

// finish reads what it says to the end, and gives how it ended.
func (c *importChild) finish() error {
	for err := error(nil); err == nil; {
		_, err = fmt.Fscanln(c.out, new(string))
	}
	return c.cmd.Wait()
}
