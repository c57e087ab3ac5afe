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
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// kafkaVersion is the one in pom.xml, and the container image's.
const kafkaVersion = "4.3.1"

//go:embed pom.xml
var pom []byte

// errNoMaven says that something is missing and can't be had.
var errNoMaven = errors.New("no Maven (mvn) on PATH to get it with")

// resolveTime bounds a download of some 160 MB over a slow line.
const resolveTime = 15 * time.Minute

// goal is what Maven's dependency plugin does with a project's dependencies.
type goal string

const (
	copying   goal = "copy-dependencies"
	unpacking goal = "unpack-dependencies"
)

// download is what Maven gets once and keeps for all later runs.
type download struct {
	what string // for people, as in "Kafka's jars"
	name string // of the folder, with the version in it
	pom  []byte // names the dependencies
	goal goal
}

// kafkaJars are the jars that run brokers and tools.
var kafkaJars = download{"Kafka's jars", "kafka-" + kafkaVersion, pom, copying}

// Jars returns the jars of a Maven project's runtime dependencies, in the same
// order each time, for tests that compare with a Java library. They are resolved
// at the first call on a machine. The name is the folder's in the user's cache:
// use that of the library, with its version. Without a Java or Maven the test is
// skipped, or fails, as it is without Kafka.
func Jars(t testing.TB, name string, pom []byte) []string {
	t.Helper()
	_, folder, err := download{"the jars of " + name, name, pom, copying}.here(oldestJava)
	demand(t, unavailable(err))
	return jarsIn(folder)
}

// here finds what running the download takes on this machine: a shell to watch
// over it, a Java, and the download itself.
func (d download) here(oldest int) (java, string, error) {
	if _, err := exec.LookPath("sh"); err != nil {
		return java{}, "", errNoShell
	}
	j, err := findJava(oldest)
	if err != nil {
		return java{}, "", err
	}
	folder := d.folder()
	return j, folder, d.resolve(folder, j)
}

// folder keeps the download. It has the pom's hash in its name, so that a changed
// pom never meets old files.
func (d download) folder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		// No home folder, as in some containers: it then lasts as long as /tmp.
		cache = os.TempDir()
	}
	sum := sha256.Sum256(d.pom)
	return filepath.Join(cache, "evtctl", d.name+"-"+hex.EncodeToString(sum[:4]))
}

// resolve fills the folder unless it is there already. Test processes that need
// it at the same time wait for the first; one that is killed on the way leaves
// only a folder that the next replaces.
func (d download) resolve(folder string, j java) error {
	if resolved(folder) {
		return nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("resolving %s: %w", d.what, errNoMaven)
	}
	unlock, err := lock(folder)
	if err != nil {
		return fmt.Errorf("resolving %s: %w", d.what, err)
	}
	defer unlock()
	if resolved(folder) {
		return nil // somebody else did it meanwhile
	}
	partial := folder + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("resolving %s: %w", d.what, err)
	}
	if err := d.run(mvn, j, partial); err != nil {
		return fmt.Errorf("resolving %s: %w", d.what, err)
	}
	// A rename is all or nothing: nobody ever sees half a folder.
	if err := os.Rename(partial, folder); err != nil {
		return fmt.Errorf("resolving %s: %w", d.what, err)
	}
	return nil
}

// run lets Maven put what the pom names into a folder.
func (d download) run(mvn string, j java, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file := filepath.Join(folder, "pom.xml")
	if err := os.WriteFile(file, d.pom, 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, mvn, "--quiet", "--batch-mode", "--file", file,
		"dependency:"+string(d.goal), "-DincludeScope=runtime", "-DoutputDirectory="+libs(folder))
	cmd.Env = append(os.Environ(), "JAVA_HOME="+j.home)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", mvn, err, out)
	}
	return nil
}

// libs is where Maven puts things in a download's folder.
func libs(folder string) string { return filepath.Join(folder, "libs") }

// resolved tells whether there is a complete folder with something in it.
func resolved(folder string) bool {
	entries, err := os.ReadDir(libs(folder))
	return err == nil && len(entries) > 0
}

// jarsIn lists the jars of a complete folder, always in the same order.
func jarsIn(folder string) []string {
	jars, _ := filepath.Glob(filepath.Join(libs(folder), "*.jar")) // a wrong pattern is its only error
	slices.Sort(jars)
	return jars
}

// lock keeps other test processes from filling the same folder. It is the
// system's lock on an open file, so a killed holder doesn't keep it.
func lock(folder string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return nil, err
	}
	return lockedfile.MutexAt(folder + ".lock").Lock()
}
