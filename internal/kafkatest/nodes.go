package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// bootTime is how long a broker may take to answer. It takes 2 to 5 seconds, and
// several times that on a machine that is busy with other tests.
const bootTime = 2 * time.Minute

// node is one broker, running or stopped. Its folder and ports stay the same.
type node struct {
	id      int
	kafka   *distribution
	dir     string
	jvm     []string
	address string // of the first listener
	proc    *Process
}

// NodeOption changes how RealNodes starts its nodes.
type NodeOption func(*layout)

// WithConfig sets broker configs, "key=value", on every node. They win over
// those that this package sets.
func WithConfig(configs ...string) NodeOption {
	return func(l *layout) { l.configs = append(l.configs, configs...) }
}

// WithHeap gives each node's JVM so many megabytes instead of 384, for tests and
// benchmarks with very much in one broker.
func WithHeap(megabytes int) NodeOption {
	return func(l *layout) { l.jvm = append(l.jvm, fmt.Sprintf("-Xmx%dm", megabytes)) }
}

// Fresh hands the cluster out as soon as it answers at all. A test then sees
// what others are spared: a new broker refuses its first group calls with
// COORDINATOR_NOT_AVAILABLE until it has made the topic for offsets.
func Fresh() NodeOption {
	return func(l *layout) { l.fresh = true }
}

// RealNodes starts n nodes of a new cluster for this test alone, each both
// broker and controller. With three or more, topics have three replicas, and
// Kafka's own topics need two of them in sync. The cluster ends with the test.
func RealNodes(t testing.TB, n int, opts ...NodeOption) *Cluster {
	t.Helper()
	l := layout{nodes: n}
	for _, opt := range opts {
		opt(&l)
	}
	c, err := startNodes(needKafka(t), l)
	if err != nil {
		t.Fatalf("starting %d nodes: %v", n, err)
	}
	t.Cleanup(c.remove)
	return c
}

// StopNode ends a node in good order and waits until it has gone. The first
// node is 0.
func (c *Cluster) StopNode(t testing.TB, i int) {
	t.Helper()
	if err := c.node(t, i).proc.Stop(); err != nil {
		t.Fatal(err)
	}
}

// KillNode ends a node at once, as kill -9 or a power failure would. The others
// take a few seconds to notice.
func (c *Cluster) KillNode(t testing.TB, i int) {
	t.Helper()
	if err := c.node(t, i).proc.Kill(); err != nil {
		t.Fatal(err)
	}
}

// PauseNode freezes a node: it keeps its connections and accepts new ones, and
// answers nothing.
func (c *Cluster) PauseNode(t testing.TB, i int) {
	t.Helper()
	if err := c.node(t, i).proc.signal("STOP"); err != nil {
		t.Fatal(err)
	}
}

// ResumeNode lets a frozen node go on.
func (c *Cluster) ResumeNode(t testing.TB, i int) {
	t.Helper()
	if err := c.node(t, i).proc.signal("CONT"); err != nil {
		t.Fatal(err)
	}
}

// StartNode starts a node again that was stopped or killed, with its data and
// under its address, and waits until the cluster counts it in.
func (c *Cluster) StartNode(t testing.TB, i int) {
	t.Helper()
	n := c.node(t, i)
	if n.proc.Running() {
		t.Fatalf("node %d is running already", i)
	}
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
	if err := c.awaitNode(n); err != nil {
		t.Fatal(err)
	}
}

// InSync tells whether each partition has all of its replicas in sync, and else one that
// hasn't.
func (c *Cluster) InSync(t testing.TB) (bool, string) {
	topics, err := c.Admin(t).ListTopicsWithInternal(t.Context())
	if err != nil {
		return false, err.Error()
	}
	for _, d := range topics {
		for _, p := range d.Partitions {
			if len(p.ISR) < len(p.Replicas) {
				return false, fmt.Sprintf("%s:%d has %v", d.Topic, p.Partition, p.ISR)
			}
		}
	}
	return true, ""
}

// node returns a node that this test may do anything to.
func (c *Cluster) node(t testing.TB, i int) *node {
	t.Helper()
	if c.owned && i >= 0 && i < len(c.nodes) {
		return c.nodes[i]
	}
	t.Fatalf("there is no node %d to stop or start: only the %d of this test's own RealNodes can be", i, len(c.nodes))
	return nil
}

// remove ends all nodes at once and deletes their files.
func (c *Cluster) remove() {
	for _, n := range c.nodes {
		if n.proc != nil {
			_ = n.proc.Kill()
		}
		_ = os.RemoveAll(n.dir)
	}
}

func (n *node) start() (err error) {
	cmd, err := n.kafka.run(append([]string{"-Xmx384m"}, n.jvm...), "kafka.Kafka", n.configFile())
	if err != nil {
		return err
	}
	n.proc, err = start(fmt.Sprintf("node %d", n.id), cmd, n.dir)
	return err
}

func (n *node) configFile() string { return filepath.Join(n.dir, "server.properties") }

// errPortTaken says that somebody else was quicker to use a port.
var errPortTaken = errors.New("port taken")

// startNodes starts a cluster as the layout says and waits until it is ready.
func startNodes(kafka *distribution, l layout) (c *Cluster, err error) {
	for range 3 {
		if c, err = tryNodes(kafka, l); !errors.Is(err, errPortTaken) {
			break
		}
	}
	return c, err
}

func tryNodes(kafka *distribution, l layout) (_ *Cluster, err error) {
	c := &Cluster{id: newClusterID(), auth: l.auth, owned: true}
	defer func() {
		if err != nil {
			c.remove()
		}
	}()
	if err := l.choosePorts(); err != nil {
		return nil, err
	}
	for i := range l.listeners {
		c.doors = append(c.doors, l.address(0, i))
	}
	for i := range l.nodes {
		n := &node{id: i + 1, kafka: kafka, jvm: l.jvm, address: l.address(i, 0)}
		if n.dir, err = newDir(fmt.Sprintf("node%d", n.id)); err != nil {
			return nil, err
		}
		c.nodes = append(c.nodes, n)
		c.brokers = append(c.brokers, n.address)
		if err := os.WriteFile(n.configFile(), []byte(l.properties(i, n.dir)), 0o644); err != nil {
			return nil, fmt.Errorf("starting node %d: %w", n.id, err)
		}
	}
	if err := c.boot(l.format); err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		if err := c.awaitNode(n); err != nil {
			return nil, err
		}
	}
	if !l.fresh {
		err = c.awaitCoordinators()
	}
	return c, err
}

// boot formats and starts all nodes, side by side.
func (c *Cluster) boot(format []string) error {
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	for i, n := range c.nodes {
		wg.Go(func() {
			if errs[i] = n.format(c.id, format); errs[i] == nil {
				errs[i] = n.start()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// failure tells that a starting node has ended or is about to, and why; nil for
// one that goes on.
func (n *node) failure() error {
	// Looked at before the output: what is written last must not be missed.
	running := n.proc.Running()
	// Said at once; the process may take ten more seconds to end over it.
	if strings.Contains(n.proc.Stderr(), "Address already in use") {
		return fmt.Errorf("starting node %d: %w\n%s", n.id, errPortTaken, n.proc.tails())
	}
	if !running {
		return fmt.Errorf("node %d ended with exit code %d while it started\n%s", n.id, n.proc.ExitCode(), n.proc.tails())
	}
	return nil
}
