package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeMaven puts an mvn on PATH that makes one jar and notes its calls.
func fakeMaven(t *testing.T, ending string) (calls func() int) {
	t.Helper()
	bin := t.TempDir()
	log := filepath.Join(bin, "calls")
	executable(t, filepath.Join(bin, "mvn"), fmt.Sprintf(`echo "$@" >>%s
for argument; do
	case $argument in -DoutputDirectory=*) libs=${argument#*=};; esac
done
mkdir "$libs" && echo "$JAVA_HOME" >"$libs/kafka.jar"
%s`, log, ending))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() int { return strings.Count(readFile(log), "\n") }
}

func TestJarsAreResolvedOnceAndForAll(t *testing.T) {
	calls := fakeMaven(t, "")
	folder := filepath.Join(t.TempDir(), "evtctl", "kafka")
	// What a killed run leaves: half a folder, under the name for halves.
	if err := os.MkdirAll(filepath.Join(folder+".partial", "libs"), 0o755); err != nil {
		t.Fatal(err)
	}

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			err := kafkaJars.resolve(folder, java{home: "/the/java"})
			if jars := jarsIn(folder); err != nil || len(jars) != 1 {
				t.Errorf("resolved %v, error %v", jars, err)
			}
		})
	}
	wg.Wait()
	if calls() != 1 {
		t.Errorf("Maven was called %d times, want once for all", calls())
	}
	if home := strings.TrimSpace(readFile(filepath.Join(folder, "libs", "kafka.jar"))); home != "/the/java" {
		t.Errorf("Maven ran with JAVA_HOME=%q, want the Java that was found", home)
	}
	t.Setenv("PATH", t.TempDir())
	if err := kafkaJars.resolve(folder, java{}); err != nil {
		t.Errorf("what is resolved needs Maven again: %v", err)
	}
}

func TestAFailedResolutionLeavesNoFolderAndSaysWhy(t *testing.T) {
	fakeMaven(t, "echo unknown host; exit 1")
	folder := filepath.Join(t.TempDir(), "kafka")
	err := kafkaJars.resolve(folder, java{})
	if err == nil || !strings.Contains(err.Error(), "unknown host") {
		t.Errorf("the error is %v, want Maven's own words in it", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("a folder is left that the next run takes for complete: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := kafkaJars.resolve(folder, java{}); !errors.Is(err, errNoMaven) {
		t.Errorf("without Maven the error is %v, want %v", err, errNoMaven)
	}
}

func TestALockEndsWithItsHolder(t *testing.T) {
	calls := fakeMaven(t, "")
	folder := filepath.Join(t.TempDir(), "kafka")
	h := hold(t, "lock "+folder)
	h.line()

	resolved := make(chan error, 1)
	go func() {
		err := kafkaJars.resolve(folder, java{})
		resolved <- err
	}()
	// Only that it hasn't got past the lock can be seen, not that it waits there.
	select {
	case err := <-resolved:
		t.Fatalf("it didn't wait for the lock's holder: %v", err)
	default:
	}
	if calls() != 0 {
		t.Fatal("Maven was called beside the lock's holder")
	}
	h.kill()
	if err := <-resolved; err != nil || calls() != 1 {
		t.Errorf("after the holder was killed: error %v, Maven called %d times", err, calls())
	}
}

func TestAJavaIsPicked(t *testing.T) {
	in := t.TempDir()
	install := func(name, release string) string {
		home := filepath.Join(in, name)
		if err := os.MkdirAll(filepath.Join(home, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		executable(t, filepath.Join(home, "bin", "java"), "")
		if err := os.WriteFile(filepath.Join(home, "release"), []byte(release), 0o644); err != nil {
			t.Fatal(err)
		}
		return home
	}
	old := install("old", "JAVA_VERSION=\"1.8.0_412\"\nMODULES=\"jdk.compiler\"\n")
	eleven := install("eleven", "JAVA_VERSION=\"11.0.2\"\nMODULES=\"jdk.compiler\"\n")
	runtimeOnly := install("runtime", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"21.0.1\"\nMODULES=\"java.base\"\n")
	jdk := install("jdk", "JAVA_VERSION=\"17\"\nMODULES=\"java.base jdk.compiler\"\n")
	nothing := filepath.Join(in, "nothing")

	for _, test := range []struct {
		name  string
		homes []string
		want  string
	}{
		{"the first that is new enough", []string{nothing, old, eleven, jdk}, jdk},
		{"a JDK rather than a runtime before it", []string{runtimeOnly, jdk}, jdk},
		{"a runtime where there is nothing better", []string{old, runtimeOnly}, runtimeOnly},
		{"none of those that are too old", []string{old, eleven, nothing}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := pickJava(test.homes, 17)
			if got.home != test.want {
				t.Errorf("picked %q, want %q", got.home, test.want)
			}
			if (test.want == "") != errors.Is(err, errNoJava) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
