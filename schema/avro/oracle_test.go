package avro_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// leftOut begins the message of every test that is skipped because Apache Avro
// for Java can't be had here, so that a run can count them.
const leftOut = "LEFT OUT, Apache Avro for Java needed"

// errNoJava says that this machine lacks what running the oracle needs. Any other
// error means that it has it and it didn't work.
var errNoJava = errors.New("no JDK 17 or newer (java) and Maven (mvn) on PATH")

// oracle is a running Apache Avro for Java. It ends with the test process, whose
// end closes its input.
type oracle struct {
	mu  sync.Mutex
	in  *bufio.Writer
	out *bufio.Reader
}

// sources are a schema and the schemas it refers to, in Java's order: each after
// those it needs.
type sources struct {
	Main string   `json:"main"`
	Refs []string `json:"refs"`
}

type question struct {
	Op     string   `json:"op"` // parse, check, canonical or read
	Schema *sources `json:"schema,omitempty"`
	Reader *sources `json:"reader,omitempty"`
	Writer *sources `json:"writer,omitempty"`
	Seed   int      `json:"seed,omitempty"` // of the values that are read
}

type answer struct {
	// Lenient and Strict tell why Java refuses the schema, without and with its
	// validation of defaults; nil when it doesn't.
	Lenient *string `json:"lenient"`
	Strict  *string `json:"strict"`

	Compatible bool `json:"compatible"`
	Found      []struct {
		Type, Location, Message string
	} `json:"found"`
	Canonical string `json:"canonical"`
	Reads     []struct {
		Data  []byte  `json:"data"`
		Error *string `json:"error"` // why Java can't read it; nil when it can
	} `json:"reads"`
	// Error is set when Java threw an exception instead.
	Error  string `json:"error"`
	Thrown string `json:"thrown"`
}

var startOracle = sync.OnceValues(func() (*oracle, error) {
	java, noJava := exec.LookPath("java")
	mvn, noMaven := exec.LookPath("mvn")
	if noJava != nil || noMaven != nil {
		return nil, errNoJava
	}
	folder, err := jars(mvn)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(folder, "libs", "*"), filepath.Join("testdata", "oracle", "Oracle.java"))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", java, err)
	}
	return &oracle{in: bufio.NewWriter(in), out: bufio.NewReaderSize(out, 1<<20)}, nil
})

// needOracle returns the oracle or ends the test: as skipped where it can't be
// had, as failed where it was demanded or should have worked.
func needOracle(t testing.TB) *oracle {
	t.Helper()
	o, err := startOracle()
	switch {
	case errors.Is(err, errNoJava) && os.Getenv("EVTCTL_REQUIRE_REAL") != "1":
		t.Skipf("%s: %v", leftOut, err)
	case err != nil:
		t.Fatal(err)
	}
	return o
}

// jars resolves the pom's jars into the user's cache, once for all later runs. The
// folder has the pom's hash in its name, so that a changed pom never meets old
// jars, and appears whole or not at all.
func jars(mvn string) (string, error) {
	pom, err := filepath.Abs(filepath.Join("testdata", "oracle", "pom.xml"))
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(pom)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(content)
	folder := filepath.Join(cache, "evtctl", "avro-1.12.1-"+hex.EncodeToString(sum[:4]))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	partial, err := os.MkdirTemp(filepath.Dir(folder), "avro-partial-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial)
	cmd := exec.Command(mvn, "--quiet", "--batch-mode", "--file", pom, "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(partial, "libs"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("resolving the jars of %s: %w\n%s", pom, err, out)
	}
	if err := os.Rename(partial, folder); err != nil {
		if _, lost := os.Stat(folder); lost != nil {
			return "", err
		}
	}
	return folder, nil
}

// ask puts the questions and returns the answers in the same order.
func (o *oracle) ask(t testing.TB, questions []question) []answer {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	sent := make(chan error, 1)
	go func() {
		encoder := json.NewEncoder(o.in)
		for _, q := range questions {
			if err := encoder.Encode(q); err != nil {
				sent <- err
				return
			}
		}
		sent <- o.in.Flush()
	}()
	answers := make([]answer, len(questions))
	for i := range answers {
		line, err := o.out.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &answers[i])
		}
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("Apache Avro's answer to %+v: %v", questions[i], err)
		}
		if err != nil {
			t.Fatal("Apache Avro for Java has ended")
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	return answers
}
