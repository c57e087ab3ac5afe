package kafkatest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// kafkaVersion is the one in pom.xml, and the container image's.
const kafkaVersion = "4.3.1"

//go:embed pom.xml
var pom []byte

// errNoMaven says that jars are missing and can't be had.
var errNoMaven = errors.New("no Maven (mvn) on PATH to get Kafka's jars with")

// resolveTime bounds a download of some 130 MB over a slow line.
const resolveTime = 15 * time.Minute

// jarFolder returns the folder that keeps Kafka's jars for all later runs. It
// has the pom's hash in its name, so that a changed pom never meets old jars.
func jarFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		// No home folder, as in some containers: it then lasts as long as /tmp.
		cache = os.TempDir()
	}
	sum := sha256.Sum256(pom)
	return filepath.Join(cache, "evtctl", "kafka-"+kafkaVersion+"-"+hex.EncodeToString(sum[:4]))
}

// resolveJars fills the folder unless it is there already, and returns the jars
// in it. Test processes that need them at the same time wait for the first; one
// that is killed on the way leaves only a folder that the next replaces.
func resolveJars(folder string, j java) ([]string, error) {
	if jars, err := jarsIn(folder); err == nil {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return nil, errNoMaven
	}
	unlock, err := lock(folder)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if jars, err := jarsIn(folder); err == nil {
		return jars, nil // somebody else did it meanwhile
	}
	partial := folder + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return nil, fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	if err := copyDependencies(mvn, j, partial); err != nil {
		return nil, err
	}
	// A rename is all or nothing: nobody ever sees half a folder.
	if err := os.Rename(partial, folder); err != nil {
		return nil, fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	return jarsIn(folder)
}

// copyDependencies lets Maven put the pom's jars into a folder.
func copyDependencies(mvn string, j java, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	file := filepath.Join(folder, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, mvn, "--quiet", "--batch-mode", "--file", file,
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(folder, "libs"))
	cmd.Env = append(os.Environ(), "JAVA_HOME="+j.home)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("resolving Kafka's jars with %s: %w\n%s", mvn, err, out)
	}
	return nil
}

// jarsIn lists the jars of a complete folder, always in the same order.
func jarsIn(folder string) ([]string, error) {
	jars, err := filepath.Glob(filepath.Join(folder, "libs", "*.jar"))
	if err != nil {
		return nil, err
	}
	if len(jars) == 0 {
		return nil, os.ErrNotExist
	}
	slices.Sort(jars)
	return jars, nil
}

// lock keeps other test processes from filling the same folder. It is the
// system's lock on an open file, so a killed holder doesn't keep it.
func lock(folder string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return nil, fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	unlock, err = lockedfile.MutexAt(folder + ".lock").Lock()
	if err != nil {
		return nil, fmt.Errorf("resolving Kafka's jars: %w", err)
	}
	return unlock, nil
}
