package kafkatest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkpoint is what the storage tool makes beside the ids: the versions of all
// features, and the users. It is the same for every node that is given the same.
const checkpoint = "bootstrap.checkpoint"

// format prepares the node's folder for its first start. Kafka's own tool does that
// for the first node of its kind; as it takes a JVM each time, a quarter of what a
// node's start costs, those after it get what it made for the first.
func (n *node) format(clusterID string, args []string) error {
	kept := n.kafka.formatted(args)
	made, err := os.ReadFile(kept)
	if err == nil {
		return n.fill(clusterID, made)
	}
	if err := n.runFormat(clusterID, args); err != nil || kept == "" {
		return err
	}
	if made, err = os.ReadFile(filepath.Join(n.dataDir(), checkpoint)); err != nil {
		return fmt.Errorf("reading what node %d was formatted with: %w", n.id, err)
	}
	_ = keepFile(kept, made) // the next is then formatted by the tool, too
	return nil
}

// formatted names the file that keeps what the tool makes of these arguments. There
// is none where the jars are a container's.
func (d *distribution) formatted(args []string) string {
	if d.folder == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(args, "\n")))
	return filepath.Join(d.folder, "formatted-"+hex.EncodeToString(sum[:4]))
}

// keepFile writes a file that others may look for at any time: they see all of it
// or none.
func keepFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// fill writes into the node's folder what the tool would.
func (n *node) fill(clusterID string, made []byte) error {
	ids := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n", clusterID, n.id, newClusterID())
	err := os.MkdirAll(n.dataDir(), 0o755)
	for name, content := range map[string][]byte{"meta.properties": []byte(ids), checkpoint: made} {
		if err == nil {
			err = os.WriteFile(filepath.Join(n.dataDir(), name), content, 0o644)
		}
	}
	if err != nil {
		return fmt.Errorf("formatting node %d: %w", n.id, err)
	}
	return nil
}

// runFormat is Kafka's tool.
func (n *node) runFormat(clusterID string, args []string) error {
	args = append([]string{"format", "-t", clusterID, "-c", n.configFile()}, args...)
	cmd, err := n.kafka.run([]string{"-Xmx128m"}, "kafka.tools.StorageTool", args...)
	if err != nil {
		return err
	}
	p, err := start(fmt.Sprintf("formatting of node %d", n.id), cmd, n.dir)
	if err != nil {
		return err
	}
	if !p.wait(bootTime) {
		return errors.Join(fmt.Errorf("formatting node %d took longer than %s", n.id, bootTime), p.Kill())
	}
	if p.ExitCode() != 0 {
		return fmt.Errorf("formatting node %d: exit code %d\n%s", n.id, p.ExitCode(), p.tails())
	}
	return nil
}

// dataDir is where the node keeps its logs, and who it is.
func (n *node) dataDir() string { return filepath.Join(n.dir, "data") }
