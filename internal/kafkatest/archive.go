package kafkatest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// classArchive returns the archive for this Java and these jars, made at the
// first need. There being none is no failure: everything works without, slower.
func classArchive(d *distribution, folder string) string {
	sum := sha256.Sum256([]byte(d.java.home + d.java.release))
	archive := filepath.Join(folder, "classes-"+hex.EncodeToString(sum[:4])+".jsa")
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	unlock, err := lock(folder)
	if err != nil {
		return ""
	}
	defer unlock()
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	partial := archive + ".partial"
	if err := recordClasses(d, partial); err != nil {
		return ""
	}
	if err := os.Rename(partial, archive); err != nil {
		return ""
	}
	return archive
}

// recordClasses runs a broker once and lets its JVM write down the classes it
// has loaded when it ends.
func recordClasses(d *distribution, archive string) error {
	c, err := startNodes(d, layout{nodes: 1, jvm: []string{"-XX:ArchiveClassesAtExit=" + archive}})
	if err != nil {
		return err
	}
	defer c.remove()
	return c.nodes[0].proc.Stop()
}
