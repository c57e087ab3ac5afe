package commands_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
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
	defer c.ResumeNode(t, 0)
	for _, command := range []string{"lag", "health", "doctor"} {
		r := run(t, nil, command, "-b", c.Brokers()[0], "--timeout", "1s")
		if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "answer") || r.took > 8*time.Second {
			t.Errorf("%s: exit code %d after %s: %q; want 1 within the time limit and why", command, r.code, r.took, r.stderr)
		}
	}
}

func TestLostBrokerOfThree(t *testing.T) {
	c := kafkatest.RealNodes(t, 3)
	topic, group := c.Topic(t, 3), c.Name(t, "group")
	c.Commit(t, group, topic, map[int32]int64{0: 0, 1: 0, 2: 0})
	oneHangs(t, c, topic)
	c.KillNode(t, 2)
	kafkatest.Eventually(t, time.Minute, "an answer from the two brokers that are left", func() (bool, string) {
		r := run(t, nil, "lag", "--group", group, "-b", strings.Join(c.Brokers(), ","))
		return r.code == 0 && strings.Count(r.stdout, topic) == 3, r.stdout + r.stderr
	})
}

// oneHangs has a broker of three accept connections and answer nothing. The others tell
// what they know, and what only it knows is said to be unknown, and why.
func oneHangs(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	silent := c.Brokers()[2]
	c.PauseNode(t, 2)
	defer c.ResumeNode(t, 2)
	health, doctor := make(chan result, 1), make(chan result, 1)
	flags := []string{"--timeout", "3s", "-b", c.Brokers()[0] + "," + c.Brokers()[1]}
	go func() { health <- run(t, nil, append(flags, "health", "--window", "0s")...) }()
	go func() { doctor <- run(t, nil, append(flags, "doctor", "--topic", topic, "--window", "1s")...) }()
	r := <-health
	page := strings.Join(strings.Fields(r.stdout+r.stderr), " ")
	// After some seconds the others take it for lost, and its replicas aren't in sync.
	lost := r.code == commands.ExitBadNews && strings.Contains(page, "critical under-replicated")
	if !lost && (r.code != commands.ExitPartial || !strings.Contains(page, "ok under-replicated: none")) {
		t.Errorf("health: exit code %d, %s", r.code, page)
	}
	if !strings.Contains(page, silent+": it accepts connections but didn't answer within 3s") || !strings.Contains(page, "ok offline: none") {
		t.Errorf("health doesn't say what is known, or why the rest isn't: %s", page)
	}
	d := <-doctor
	found := strings.Join(strings.Fields(d.stdout+d.stderr), " ")
	for _, want := range []string{"1 of 3 brokers can't be reached from here", "broker 3 is to be reached at " + silent, "didn't answer within 3s", "not known: "} {
		if !strings.Contains(found, want) {
			t.Errorf("doctor: no %q in %s", want, found)
		}
	}
	if d.code != commands.ExitBadNews {
		t.Errorf("doctor: exit code %d", d.code)
	}
	for name, r := range map[string]result{"health": r, "doctor": d} {
		if r.took > time.Minute { // each question has three seconds, and some are asked anew
			t.Errorf("%s took %s with a time limit of 3s", name, r.took)
		}
	}
}
