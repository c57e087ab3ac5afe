package commands_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// buffer is a stream that can be read while it is written.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// program is an evtctl that goes on until it is interrupted.
type program struct {
	out, err  buffer
	interrupt context.CancelFunc
	code      chan int
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{interrupt: cancel, code: make(chan int, 1)}
	e := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(""), Out: &p.out, Err: &p.err},
		Getenv:  func(string) string { return "" }, Now: time.Now,
	}
	go func() { p.code <- commands.Run(ctx, e, args) }()
	return p
}

// await waits for a text in a stream and gives what its group matched.
func (p *program) await(t *testing.T, b *buffer, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	kafkatest.Eventually(t, 30*time.Second, pattern, func() (bool, string) {
		found = re.FindStringSubmatch(b.String())
		return found != nil, "stdout: " + p.out.String() + "\nstderr: " + p.err.String()
	})
	return found[len(found)-1]
}

// end interrupts the program and gives its exit code.
func (p *program) end(t *testing.T) int {
	t.Helper()
	p.interrupt()
	select {
	case code := <-p.code:
		return code
	case <-time.After(30 * time.Second):
		t.Fatalf("still running 30 s after it was interrupted\n%s", p.err.String())
		return -1
	}
}

func TestSandboxServesTheOtherCommands(t *testing.T) {
	dir := t.TempDir()
	box := start(t, "sandbox", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0", "--data-dir", dir)
	broker := box.await(t, &box.out, `listening on (\S+)\n`)
	if !strings.Contains(box.err.String(), "Keep no real data in it") {
		t.Errorf("stderr = %q, want the warning that it is no place for real data", box.err.String())
	}
	demo := run(t, nil, "demo", "-b", broker, "--orders", "20", "--rate", "0")
	if demo.code != 0 || !strings.Contains(demo.stdout, "20 orders placed") || !strings.Contains(demo.stderr, "evtctl lag -b "+broker) {
		t.Fatalf("demo: exit code %d\n%s%s", demo.code, demo.stdout, demo.stderr)
	}
	lag := run(t, nil, "lag", "-b", broker)
	for _, group := range []string{"inventory-group", "notification-group", "analytics-group"} {
		if !strings.Contains(lag.stdout, group) {
			t.Errorf("lag lacks %s:\n%s", group, lag.stdout)
		}
	}
	if code := box.end(t); code != 0 {
		t.Errorf("sandbox ended with %d, want 0: Ctrl-C is how it is meant to end", code)
	}

	again := start(t, "sandbox", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0", "--data-dir", dir)
	broker = again.await(t, &again.out, `listening on (\S+)\n`)
	if lag := run(t, nil, "lag", "--group", "analytics-group", "-b", broker); lag.code != 0 || !strings.Contains(lag.stdout, "order-events") {
		t.Errorf("after a restart: %+v, want the group and its topic kept", lag)
	}
	again.end(t)
}

func TestDemoAsksBeforeItCreatesTopicsOnARealCluster(t *testing.T) {
	c := kafkatest.Real(t)
	r := run(t, nil, "demo", "-b", c.Brokers()[0], "--orders", "1")
	if r.code != 2 || !strings.Contains(r.stderr, "--yes") {
		t.Errorf("demo without --yes: %+v, want exit code 2 and how to confirm", r)
	}
	dry := run(t, nil, "demo", "-b", c.Brokers()[0], "--orders", "1", "--dry-run")
	if dry.code != 0 || !strings.Contains(dry.stdout, "order-events") {
		t.Errorf("demo --dry-run: %+v, want what it would create", dry)
	}
	topics, err := c.Admin(t).ListTopics(t.Context(), "order-events")
	if err != nil || topics.Has("order-events") {
		t.Errorf("topics = %v, %v; want none made", topics, err)
	}
	r = run(t, nil, "demo", "-b", c.Brokers()[0], "--orders", "30", "--rate", "0", "--yes")
	if r.code != 0 || !strings.Contains(r.stdout, "30 orders placed") {
		t.Errorf("demo --yes: %+v, want it done", r)
	}
}

func TestDemoGoesOnUntilCtrlC(t *testing.T) {
	box := start(t, "sandbox", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0")
	broker := box.await(t, &box.out, `listening on (\S+)\n`)
	defer box.end(t)
	demo := start(t, "demo", "--keep", "--rate", "50", "-b", broker)
	kafkatest.Eventually(t, 30*time.Second, "lag of the analytics group", func() (bool, string) {
		r := run(t, nil, "lag", "check", "--group", "analytics-group", "--critical", "5", "-b", broker)
		return r.code == 3, fmt.Sprintf("%+v", r)
	})
	if code := demo.end(t); code != 0 || !strings.Contains(demo.out.String(), "orders placed") {
		t.Errorf("demo ended with %d and %q; want 0 and its summary", code, demo.out.String())
	}
}

func TestExportServesUntilCtrlC(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic, group := c.Topic(t, 1), c.Name(t, "group")
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		p := start(t, "lag", "export", "--listen", "127.0.0.1:0", "--group", group, "-b", c.Brokers()[0])
		url := p.await(t, &p.err, `serving (http://\S+/metrics)`)
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if want := fmt.Sprintf("kafka_consumergroup_lag{consumergroup=%q,partition=\"0\",topic=%q} 0\n", group, topic); !strings.Contains(string(body), want) {
			t.Errorf("metrics lack %q:\n%s", want, body)
		}
		if code := p.end(t); code != 0 {
			t.Errorf("ended with %d, want 0", code)
		}
	})
}

func TestExportOnATakenAddressFails(t *testing.T) {
	c := kafkatest.Fake(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := run(t, nil, "lag", "export", "--listen", l.Addr().String(), "-b", c.Brokers()[0])
	if r.code != 1 || !strings.Contains(r.stderr, "--listen") {
		t.Errorf("%+v, want exit code 1 and the flag to change", r)
	}
}
