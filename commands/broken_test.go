package commands_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// listen serves each connection until the test ends and gives the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestABrokenClusterIsAClearErrorWithinTheTimeLimit(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	for name, c := range map[string]struct{ broker, says string }{
		"nobody listens":            {closedPort(t), "refused"},
		"accepts and never answers": {listen(t, func(conn net.Conn) { io.Copy(io.Discard, conn) }), "answer"},
		"closes at once":            {listen(t, func(conn net.Conn) { conn.Close() }), "closed"},
		"a name that nobody knows":  {"no-such-host.invalid:9092", "no-such-host.invalid"},
		// Whether it can be told for one depends on how soon it gives up waiting for a line.
		"a web server":               {strings.TrimPrefix(web.URL, "http://"), "Kafka"},
		"another protocol's welcome": {listen(t, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n") }), "SSH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{{"lag"}, {"lag", "check", "--group", "g"}, {"lag", "watch", "--count", "1"}, {"health"}, {"monitor"}} {
				r := run(t, nil, append(args, "-b", c.broker, "--timeout", "2s")...)
				if r.code != 1 || r.stdout != "" {
					t.Errorf("%v: exit code %d with %q on stdout, want 1 and nothing", args, r.code, r.stdout)
				}
				if !strings.HasPrefix(r.stderr, "error: ") || !strings.Contains(r.stderr, c.says) || !strings.Contains(r.stderr, "hint: ") {
					t.Errorf("%v: stderr = %q, want an error that says %q and a hint", args, r.stderr, c.says)
				}
				if r.took > 8*time.Second {
					t.Errorf("%v took %s with a time limit of 2s", args, r.took)
				}
			}
		})
	}
}

func TestABrokerThatStopsAnsweringIsNoSilentWait(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	topic, group := c.Topic(t, 1), c.Name(t, "group")
	c.Commit(t, group, topic, map[int32]int64{0: 0})
	c.PauseNode(t, 0)
	r := run(t, nil, "lag", "-b", c.Brokers()[0], "--timeout", "1s")
	c.ResumeNode(t, 0)
	if r.code != 1 || !strings.Contains(r.stderr, "answer") || r.took > 8*time.Second {
		t.Errorf("exit code %d after %s: %q; want 1 within the time limit and why", r.code, r.took, r.stderr)
	}
}

func TestLostBrokerOfThree(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	topic, group := c.Topic(t, 3), c.Name(t, "group")
	c.Commit(t, group, topic, map[int32]int64{0: 0, 1: 0, 2: 0})
	c.KillNode(t, 2)
	kafkatest.Eventually(t, time.Minute, "an answer from the two brokers that are left", func() (bool, string) {
		r := run(t, nil, "lag", "--group", group, "-b", strings.Join(c.Brokers(), ","))
		return r.code == 0 && strings.Count(r.stdout, topic) == 3, r.stdout + r.stderr
	})
}
