package kafkatest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// classArchive returns the archive for this Java and the jars of a folder: classes as
// the JVM wants them in memory. It is made at the first need, by a program that runs
// with the given option of the JVM and is ended in good order. There being none is no
// failure: everything works without, slower.
func classArchive(j java, folder string, record func(option string) error) string {
	sum := sha256.Sum256([]byte(j.home + j.release))
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
	if err := record("-XX:ArchiveClassesAtExit=" + partial); err != nil {
		return ""
	}
	if err := os.Rename(partial, archive); err != nil {
		return ""
	}
	return archive
}

// withArchive are the JVM's options to use an archive; none without one. The JVM
// ignores one that doesn't fit, but says so on standard output, where a tool's answer
// is.
func withArchive(archive string) []string {
	if archive == "" {
		return nil
	}
	return []string{"-XX:SharedArchiveFile=" + archive, "-Xlog:disable", "-Xlog:all=error:stderr"}
}

// record runs a broker once, for the archive of its classes.
func (d *distribution) record(option string) error {
	c, err := startNodes(d, layout{nodes: 1, jvm: []string{option}})
	if err != nil {
		return err
	}
	defer c.remove()
	return c.nodes[0].proc.stopRecorded()
}

// stopRecorded asks a program to end that writes an archive before it does. That may
// take as long as its start.
func (p *Process) stopRecorded() error {
	if err := p.signal("TERM"); err != nil {
		return err
	}
	if !p.wait(bootTime) {
		return errors.Join(fmt.Errorf("%s didn't end within %s of SIGTERM", p.what, bootTime), p.Kill())
	}
	return nil
}
