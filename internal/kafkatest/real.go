package kafkatest

import (
	"os"
	"strings"
	"sync"
	"testing"
)

// Each runs fn on the fake and on the real broker, as subtests "fake" and
// "real". Tests of one process share the real one, so a test must look at its
// own topics and groups only.
func Each(t *testing.T, fn func(t *testing.T, c *Cluster)) {
	t.Helper()
	t.Run("fake", func(t *testing.T) { fn(t, Fake(t)) })
	t.Run("real", func(t *testing.T) { fn(t, Real(t)) })
}

// Real gives the real single-node broker that all tests of this process share,
// started at the first call; or the cluster named in EVTCTL_TEST_BROKERS.
func Real(t testing.TB) *Cluster {
	t.Helper()
	if c := foreign(); c != nil {
		return c
	}
	kafka := needKafka(t)
	c, err := shared(kafka)
	if err != nil {
		t.Fatalf("starting the shared broker: %v", err)
	}
	return c
}

// foreign is the user's own cluster; nil when none is named.
func foreign() *Cluster {
	named := os.Getenv("EVTCTL_TEST_BROKERS")
	if named == "" {
		return nil
	}
	c := &Cluster{}
	for address := range strings.SplitSeq(named, ",") {
		c.brokers = append(c.brokers, strings.TrimSpace(address))
	}
	return c
}

var (
	sharedOnce sync.Once
	sharedNode *Cluster
	errShared  error
)

// shared starts the shared broker once. One that didn't start isn't tried
// again: it would fail every test with the same words after the same wait.
func shared(kafka *distribution) (*Cluster, error) {
	sharedOnce.Do(func() {
		if sharedNode, errShared = startNodes(kafka, layout{nodes: 1}); errShared == nil {
			sharedNode.owned = false
		}
	})
	return sharedNode, errShared
}
