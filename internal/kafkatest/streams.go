package kafkatest

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/StreamsMember.java
var streamsMember []byte

// StreamsMember starts a member of a streams group (KIP-1071) that reads a
// topic from its start and commits ten times a second, and waits until it has
// its partitions. It prints "read" for each record. Stop lets it leave the
// group; it ends with the test.
func (c *Cluster) StreamsMember(t testing.TB, group, topic string) *Process {
	t.Helper()
	dir, err := newDir("streams")
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "StreamsMember.java")
	if err := os.WriteFile(source, streamsMember, 0o644); err != nil {
		t.Fatal(err)
	}
	p := c.Java(t, source, strings.Join(c.brokers, ","), group, topic)
	p.Await(t, time.Minute, "RUNNING")
	return p
}
