package main

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// programs are what is run, and how.
type programs struct {
	path    string // of evtctl
	measure string
	bare    string // floor's
	reader  string // bare's
	home    string // an empty folder
	brokers string
	java    map[string]string // as Installation.java tells
}

const module = "github.com/evtctl/evtctl"

// builtIn is a folder that has what runs beside evtctl already, as tests build it once
// for all of them; empty for none.
var builtIn string

// buildPrograms builds what runs beside evtctl.
func buildPrograms(ctx context.Context, t testing.TB, evtctl string) *programs {
	t.Helper()
	path, err := filepath.Abs(evtctl)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("looking for evtctl: %v\nhint: make build", err)
	}
	dir := builtIn
	if dir == "" {
		dir = t.TempDir()
		if out, err := goBuild(ctx, dir, "internal/bench/measure", "internal/bench/floor", "internal/bench/bare"); err != nil {
			t.Fatalf("building measure, floor and bare: %v\n%s", err, out)
		}
	}
	return &programs{path: path, measure: filepath.Join(dir, "measure"), bare: filepath.Join(dir, "floor"), reader: filepath.Join(dir, "bare"), home: t.TempDir()}
}

// goBuild builds programs of this module.
func goBuild(ctx context.Context, dir string, programs ...string) ([]byte, error) {
	args := []string{"build", "-o", dir}
	for _, p := range programs {
		args = append(args, module+"/"+p)
	}
	return exec.CommandContext(ctx, "go", args...).CombinedOutput()
}

//go:embed Installation.java
var installation []byte

// connect makes the programs those of a cluster, and finds out from a JVM of its
// kind which Java and which jars Apache's tools are to run with.
func (p *programs) connect(t testing.TB, c *kafkatest.Cluster) {
	t.Helper()
	p.brokers = strings.Join(c.Brokers(), ",")
	source := filepath.Join(p.home, "Installation.java")
	if err := os.WriteFile(source, installation, 0o644); err != nil {
		t.Fatal(err)
	}
	told := c.Java(t, source)
	kafkatest.Eventually(t, time.Minute, "what Kafka's tools run with", func() (bool, string) {
		return !told.Running(), told.Stderr()
	})
	p.java = map[string]string{}
	for line := range strings.Lines(told.Stdout()) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		p.java[key] = value
	}
	if p.java["kafka"] == "" {
		t.Fatalf("asking what Kafka's tools run with: exit code %d\n%s%s", told.ExitCode(), told.Stdout(), told.Stderr())
	}
}

// command runs in surroundings of its own, so that the user's settings (GOGC, a
// context, JAVA_TOOL_OPTIONS) leave the figures alone.
func (p *programs) command(ctx context.Context, command []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = p.home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "EVTCTL_BROKERS=" + p.brokers}
	return cmd
}

func (p *programs) evtctl(args ...string) []string { return append([]string{p.path}, args...) }

// floor is the command of the bare protocol: for one group, or for all.
func (p *programs) floor(group ...string) []string {
	return append([]string{p.bare, p.brokers}, group...)
}

// stockJVM is what bin/kafka-run-class.sh of Apache Kafka hands to the JVM where
// the user sets nothing. The shell and the management agent that it starts too are
// left out, in the tool's favour.
var stockJVM = []string{
	"-Xmx256M", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
	"-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true",
}

// apache is the command of kafka-consumer-groups.
func (p *programs) apache(args ...string) []string {
	command := append([]string{filepath.Join(p.java["java.home"], "bin", "java")}, stockJVM...)
	command = append(command, "-Dlog4j2.configurationFile="+p.java["log4j2.configurationFile"],
		"-cp", p.java["java.class.path"], "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", p.brokers)
	return append(command, args...)
}
