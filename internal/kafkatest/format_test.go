package kafkatest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Only the first of two nodes is formatted by Kafka's tool; the second, which has no
// Java to run it with, gets the same and its own ids.
func TestANodeIsFormattedWithWhatTheToolMadeForAnother(t *testing.T) {
	t.Parallel()
	kafka := *needKafka(t)
	if kafka.docker {
		t.Skipf("%s: a JDK; in a container each node is formatted by the tool", LeftOut)
	}
	kafka.folder = t.TempDir()
	first := format(t, &kafka, "")
	kafka.java.home = "/nowhere"
	second := format(t, &kafka, "")
	if first.made == "" || first.made != second.made {
		t.Errorf("the tool made %q, the second node has %q", first.made, second.made)
	}
	keys := slices.Sorted(maps.Keys(first.ids))
	if got := slices.Sorted(maps.Keys(second.ids)); !slices.Equal(got, keys) {
		t.Errorf("the second node has the ids %v, want those of the tool, %v", got, keys)
	}
	for key, want := range first.ids {
		if mine := key == "cluster.id" || key == "directory.id"; (second.ids[key] == want) == mine {
			t.Errorf("%s is %q on the first and %q on the second node", key, want, second.ids[key])
		}
	}
	if w := watch(t, func(t testing.TB) { format(t, &kafka, "--add-scram=other") }); w.fatal == "" {
		t.Error("what was made of other arguments is taken, too")
	}
}

type formatted struct {
	made string
	ids  map[string]string
}

// format prepares a new node's folder and reads what is in it.
func format(t testing.TB, kafka *distribution, arg string) formatted {
	t.Helper()
	dir, err := newDir("format")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := layout{nodes: 1}
	if err := l.choosePorts(); err != nil {
		t.Fatal(err)
	}
	n := &node{id: 1, kafka: kafka, dir: dir}
	if err := os.WriteFile(n.configFile(), []byte(l.properties(0, dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := n.format(newClusterID(), strings.Fields(arg)); err != nil {
		t.Fatal(err)
	}
	f := formatted{readFile(filepath.Join(n.dataDir(), checkpoint)), map[string]string{}}
	for line := range strings.Lines(readFile(filepath.Join(n.dataDir(), "meta.properties"))) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			f.ids[key] = value
		}
	}
	return f
}
