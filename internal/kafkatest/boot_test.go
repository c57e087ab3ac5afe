package kafkatest

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// own prepares a node of this test's own that hasn't been started, on ports that
// the test chooses.
func own(t *testing.T, l layout) *node {
	t.Helper()
	dir, err := newDir("own")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{id: 1, kafka: needKafka(t), dir: dir, address: l.address(0, 0)}
	if err := os.WriteFile(n.configFile(), []byte(l.properties(0, dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := n.format(newClusterID(), nil); err != nil {
		t.Fatal(err)
	}
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup((&Cluster{nodes: []*node{n}}).remove)
	return n
}

func TestAPortThatIsTakenIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	theirs, err := startNodes(needKafka(t), layout{nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.remove)
	l := layout{nodes: 1}
	if err := l.choosePorts(); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(theirs.brokers[0])
	if err != nil {
		t.Fatal(err)
	}
	if l.ports[0][0], err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	n := own(t, l)
	ours := &Cluster{id: newClusterID(), brokers: []string{n.address}, nodes: []*node{n}}
	// The other broker answers at our address, and is number 1 like ours.
	if err := ours.awaitNode(n); !errors.Is(err, errPortTaken) {
		t.Errorf("waiting for a node without its port ends with %v, want %v", err, errPortTaken)
	}
}

func TestANodeThatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	started := time.Now()
	_, err := startNodes(needKafka(t), layout{nodes: 1, configs: []string{"num.io.threads=none"}})
	if err == nil || !strings.Contains(err.Error(), "num.io.threads") {
		t.Errorf("the error is %v, want Kafka's own words about num.io.threads", err)
	}
	if took := time.Since(started); took > bootTime {
		t.Errorf("it took %s to say so", took)
	}
}
