package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// hook is what pre-commit reads of .pre-commit-hooks.yaml.
type hook struct {
	ID, Name, Entry, Language, Files string
	RequireSerial                    bool `yaml:"require_serial"`
}

func readHook(t *testing.T) hook {
	t.Helper()
	var hooks []hook
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	if len(hooks) != 1 {
		t.Fatalf("there are %d hooks", len(hooks))
	}
	return hooks[0]
}

// runHook runs the hook's script with arguments, as the framework and git do.
func runHook(t *testing.T, dir, bin string, args ...string) (out string, code int) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("../..", readHook(t).Entry))
	if err != nil {
		t.Fatal(err)
	}
	return job{shell: append([]string{script}, args...)}.run(t, dir, bin, nil)
}

func TestTheHookIsOneThatPreCommitUnderstands(t *testing.T) {
	h := readHook(t)
	if h.ID == "" || h.Name == "" || h.Language != "script" || !h.RequireSerial {
		t.Errorf("%+v", h)
	}
	info, err := os.Stat(filepath.Join("../..", h.Entry))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("its script can't be run: %v", err)
	}
	files := regexp.MustCompile(h.Files)
	for name, want := range map[string]bool{
		"schemas/order.avsc": true, "a b/order.proto": true, "order.schema.json": true,
		"package.json": false, "order.avsc.md": false, "protocol.go": false,
	} {
		if files.MatchString(name) != want {
			t.Errorf("%s: it looks at it: %t", name, !want)
		}
	}
}

func TestTheHookChecksWhatItIsHanded(t *testing.T) {
	dir := repository(t, map[string]string{"order.avsc": orderSchema})
	bin, calls := recorder(t, 3)
	if out, code := runHook(t, dir, bin, "--mode", "FULL", "a b.avsc", "$(touch pwned).avsc"); code != 3 {
		t.Errorf("it ends with %d: %s", code, out)
	}
	want := []string{"schema", "check", "--against", "git:HEAD", "--mode", "FULL", "a b.avsc", "$(touch pwned).avsc"}
	if got := calls(); !slices.Equal(got, want) {
		t.Errorf("evtctl was called with %q, want %q", got, want)
	}
}

func TestGitsOwnHookChecksWhatIsStaged(t *testing.T) {
	dir := repository(t, map[string]string{"order.avsc": orderSchema, "gone.avsc": orderSchema})
	bin, calls := recorder(t, 0)
	if out, code := runHook(t, dir, bin); code != 0 {
		t.Errorf("with nothing staged it ends with %d: %s", code, out)
	}
	if _, err := os.Stat(filepath.Join(bin, "calls")); err == nil {
		t.Errorf("with nothing staged evtctl was called with %q", calls())
	}
	writeFiles(t, dir, map[string]string{"a b.avsc": orderSchema, "-$(touch pwned).proto": "", "x.schema.json": "{}", "package.json": "{}"})
	git(t, dir, "rm", "--quiet", "gone.avsc")
	git(t, dir, "add", "--all")
	if out, code := runHook(t, dir, bin); code != 0 {
		t.Errorf("it ends with %d: %s", code, out)
	}
	want := []string{"schema", "check", "--against", "git:HEAD", "--", "-$(touch pwned).proto", "a b.avsc", "x.schema.json"}
	if got := calls(); !slices.Equal(got, want) {
		t.Errorf("evtctl was called with %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a file's name was run as a command")
	}
}

func TestTheFirstCommitBreaksNothing(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, "init", "--quiet")
	writeFiles(t, dir, map[string]string{"order.avsc": orderSchema})
	git(t, dir, "add", "--all")
	bin, _ := recorder(t, 3)
	if out, code := runHook(t, dir, bin); code != 0 {
		t.Errorf("it ends with %d: %s", code, out)
	}
}
