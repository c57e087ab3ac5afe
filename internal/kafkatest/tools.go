package kafkatest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// toolTime bounds one run of a tool.
const toolTime = 2 * time.Minute

// Tool runs one of Apache's shipped tools, named by its Java class such as
// "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", and returns its
// standard output. --bootstrap-server is added unless args have it. An exit code
// other than 0 ends the test. Some tools print an error and end with 0 all the
// same, and some rely on answers that the fake doesn't give.
func (c *Cluster) Tool(t testing.TB, class string, args ...string) string {
	t.Helper()
	stdout, stderr, code := c.ToolExit(t, class, args...)
	if code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s%s", class, strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// ToolExit is Tool for runs that may end badly.
func (c *Cluster) ToolExit(t testing.TB, class string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	if !slices.Contains(args, "--bootstrap-server") {
		args = append(slices.Clip(args), "--bootstrap-server", strings.Join(c.brokers, ","))
	}
	if c.toolConfig != "" && !slices.Contains(args, "--command-config") {
		args = append(slices.Clip(args), "--command-config", c.toolConfig)
	}
	kafka := needKafka(t)
	cmd, err := kafka.run([]string{"-Xmx256m"}, class, args...)
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, class, cmd)
	if !p.wait(toolTime) {
		t.Fatalf("%s ran longer than %s\n%s", class, toolTime, p.tails())
	}
	return p.Stdout(), p.Stderr(), p.ExitCode()
}

// Java compiles and runs a single Java source file with Kafka's jars, those of
// its clients and of Kafka Streams among them, on the class path. It is for what
// only Java can do. The program ends with the test; what it prints is in
// [Process.Stdout].
func (c *Cluster) Java(t testing.TB, source string, args ...string) *Process {
	t.Helper()
	kafka := needKafka(t)
	if kafka.docker || !kafka.java.compiles() {
		t.Skipf("%s: a JDK (not only a Java runtime) to compile %s; to run it, %s", LeftOut, source, howToGetKafka)
	}
	source, err := filepath.Abs(source) // it runs in another folder
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := kafka.run([]string{"-Xmx256m"}, source, args...)
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, source, cmd)
}

// launch starts a program for one test.
func launch(t testing.TB, what string, cmd command) *Process {
	t.Helper()
	dir, err := newDir("run")
	if err != nil {
		t.Fatal(err)
	}
	p, err := start(what, cmd, dir)
	if err != nil {
		t.Fatal(fmt.Errorf("running %s: %w", what, err))
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}
