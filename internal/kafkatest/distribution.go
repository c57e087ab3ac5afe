package kafkatest

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// LeftOut begins the message of every test that is skipped because there is no
// real Kafka here, so that a run can count them.
const LeftOut = "LEFT OUT, real Kafka needed"

// howToGetKafka is what somebody who sees a test left out can do about it.
const howToGetKafka = `install a JDK 17 or newer and Maven
    Debian, Ubuntu: apt install openjdk-17-jdk-headless maven
    macOS:          brew install openjdk maven
(Apicurio Registry needs a JDK 21 or newer), or Docker, or name a cluster to use in EVTCTL_TEST_BROKERS=host:port`

// errUnavailable says that this machine lacks what running Kafka needs. Any
// other error means that it has it and it didn't work.
var errUnavailable = errors.New("no way to run it here")

// distribution is a Kafka that can be run.
type distribution struct {
	java java
	// classPath is for java; in a container the jars are the image's own.
	classPath string
	// archive holds the broker's classes as the JVM wants them in memory, which
	// more than halves the start of brokers and tools. Empty when there is none.
	archive string
	// folder is where what is made once for all runs is kept; empty in a container.
	folder string
	docker bool
}

//go:embed log4j2.xml
var log4j []byte

// errNoShell says that nothing could watch over a program.
var errNoShell = errors.New("no shell (sh) on PATH to watch over it")

// kafkaHere finds or gets a Kafka to run, once.
var kafkaHere = sync.OnceValues(func() (*distribution, error) {
	d, err := localKafka()
	if err == nil || !errors.Is(err, errUnavailable) {
		return d, err
	}
	if !dockerWorks() {
		return nil, err
	}
	return &distribution{docker: true}, pullImage(image)
})

// needKafka returns a Kafka to run, or ends the test.
func needKafka(t testing.TB) *distribution {
	t.Helper()
	if os.Getenv("EVTCTL_SKIP_REAL") == "1" {
		t.Skipf("%s: EVTCTL_SKIP_REAL=1 asks for that", LeftOut)
	}
	d, err := kafkaHere()
	demand(t, err)
	return d
}

// demand ends the test unless what it needs was found: as skipped where that
// can't be had, as failed where it must be or should have worked.
func demand(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errUnavailable) && os.Getenv("EVTCTL_REQUIRE_REAL") != "1":
		t.Skipf("%s: %v; to run it, %s", LeftOut, err, howToGetKafka)
	case errors.Is(err, errUnavailable):
		t.Fatalf("%v, and EVTCTL_REQUIRE_REAL=1 demands it; %s", err, howToGetKafka)
	default:
		t.Fatal(err)
	}
}

// unavailable marks an error that says what this machine lacks, and leaves any
// other as it is.
func unavailable(err error) error {
	if errors.Is(err, errNoJava) || errors.Is(err, errNoMaven) || errors.Is(err, errNoShell) {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	return err
}

// localKafka is the one that runs on this machine's Java.
func localKafka() (*distribution, error) {
	j, folder, err := kafkaJars.here(oldestJava)
	if err != nil {
		return nil, unavailable(err)
	}
	d := &distribution{java: j, classPath: strings.Join(jarsIn(folder), string(os.PathListSeparator)), folder: folder}
	d.archive = classArchive(j, folder, d.record)
	return d, nil
}

// run makes the command that runs one of Kafka's classes with the given JVM
// options. Files that it is to read must be in the workspace.
func (d *distribution) run(options []string, class string, args ...string) (command, error) {
	home, err := workspace()
	if err != nil {
		return command{}, err
	}
	logging := filepath.Join(home.dir, "log4j2.xml")
	if _, err := os.Stat(logging); err != nil {
		if err := os.WriteFile(logging, log4j, 0o644); err != nil {
			return command{}, fmt.Errorf("preparing to run %s: %w", class, err)
		}
	}
	jvm := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlog4j2.configurationFile=" + logging}
	jvm = append(jvm, options...)
	if d.docker {
		return d.runContainer(home.dir, append(jvm, "-cp", "/opt/kafka/libs/*", class), args)
	}
	all := append([]string{d.java.binary()}, append(jvm, withArchive(d.archive)...)...)
	all = append(all, "-cp", d.classPath, class)
	return command{args: append(all, args...)}, nil
}
