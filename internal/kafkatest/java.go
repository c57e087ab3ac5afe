package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldestJava is what Kafka 4's broker needs.
const oldestJava = 17

// errNoJava says that no Java is new enough, or there is none.
var errNoJava = errors.New("none in JAVA_HOME, on PATH or in the usual folders")

// java is an installed Java.
type java struct {
	home    string
	version int
	// release is what its "release" file says; it tells one build from another.
	release string
}

// binary is the path of the launcher.
func (j java) binary() string { return filepath.Join(j.home, "bin", "java") }

// compiles tells a JDK from a mere runtime. Only a JDK runs source files.
func (j java) compiles() bool { return strings.Contains(j.release, "jdk.compiler") }

// findJava picks the first Java that is new enough, a JDK if there is one.
func findJava(oldest int) (java, error) {
	return pickJava(javaHomes(), oldest)
}

func pickJava(homes []string, oldest int) (java, error) {
	var found []java
	for _, home := range homes {
		if j, ok := inspectJava(home); ok && j.version >= oldest {
			found = append(found, j)
		}
	}
	if i := slices.IndexFunc(found, java.compiles); i >= 0 {
		return found[i], nil
	}
	if len(found) > 0 {
		return found[0], nil
	}
	return java{}, fmt.Errorf("no JDK %d or newer: %w", oldest, errNoJava)
}

// javaHomes lists where a Java may be, likeliest first.
func javaHomes() []string {
	var homes []string
	if home := os.Getenv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	if path, err := exec.LookPath("java"); err == nil {
		// PATH usually has a link, or a link to a link.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(path)))
		}
	}
	patterns := []string{"/usr/lib/jvm/*", "/usr/java/*", "/opt/java/*", "/opt/jdk*"}
	if runtime.GOOS == "darwin" {
		patterns = []string{
			"/Library/Java/JavaVirtualMachines/*/Contents/Home",
			"/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
			"/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
		}
	}
	if user, err := os.UserHomeDir(); err == nil {
		patterns = append(patterns, filepath.Join(user, ".sdkman/candidates/java/*"), filepath.Join(user, ".jdks/*"))
	}
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern)
		homes = append(homes, found...)
	}
	return homes
}

var javaVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(?:1\.)?(\d+)`)

// inspectJava reads a Java's "release" file, which saves starting it to ask.
func inspectJava(home string) (java, bool) {
	release, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return java{}, false
	}
	match := javaVersion.FindSubmatch(release)
	if match == nil {
		return java{}, false
	}
	version, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return java{}, false
	}
	j := java{home: home, version: version, release: string(release)}
	if info, err := os.Stat(j.binary()); err != nil || info.IsDir() {
		return java{}, false
	}
	return j, true
}
