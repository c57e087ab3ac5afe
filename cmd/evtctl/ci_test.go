package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// action is what of ci/github/action.yml matters here.
type action struct {
	Inputs map[string]struct {
		Default  string
		Required bool
	}
	Runs struct {
		Using string
		Steps []struct {
			Name, ID, Shell, Run, Uses, If string
			Env                            map[string]string
		}
	}
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// job is a program to run, a shell with a CI system's text, and the environment that
// inputs become.
type job struct {
	shell []string
	env   map[string]string // by input
}

// githubJob is the step of the action that checks.
func githubJob(t *testing.T) job {
	t.Helper()
	var a action
	readYAML(t, "ci/github/action.yml", &a)
	for _, step := range a.Runs.Steps {
		if step.ID != "check" {
			continue
		}
		j := job{shell: []string{"sh", "-e", "-c", step.Run}, env: map[string]string{}} // as runners start it
		for variable, value := range step.Env {
			input := strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")
			if _, known := a.Inputs[input]; !known {
				t.Fatalf("the variable %s is %q, which is no input", variable, value)
			}
			j.env[input] = variable
		}
		return j
	}
	t.Fatal("no step has the id check")
	return job{}
}

// gitlabJob is the template's only job. Its inputs are called as the action's.
func gitlabJob(t *testing.T) job {
	t.Helper()
	var file struct {
		Job struct {
			Variables map[string]string
			Script    []string
			Artifacts struct{ Reports struct{ JUnit string } }
		} `yaml:"schema-check"`
	}
	readYAML(t, "ci/gitlab/schema-check.yml", &file)
	if file.Job.Artifacts.Reports.JUnit != "schema-check.xml" {
		t.Errorf("the report is %q", file.Job.Artifacts.Reports.JUnit)
	}
	j := job{shell: []string{"sh", "-e", "-c", strings.Join(file.Job.Script, "\n")}, env: map[string]string{}}
	for variable := range file.Job.Variables {
		if input, ok := strings.CutPrefix(variable, "SCHEMA_"); ok {
			j.env[strings.ToLower(strings.ReplaceAll(input, "_", "-"))] = variable
		}
	}
	return j
}

// run runs it in a folder, with a program called evtctl first on PATH.
func (j job) run(t *testing.T, dir, bin string, inputs map[string]string, env ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(j.shell[0], j.shell[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+t.TempDir(), "GITHUB_BASE_REF=", "GITHUB_OUTPUT="+filepath.Join(bin, "output"))
	cmd.Env = append(cmd.Env, env...)
	for input, variable := range j.env {
		cmd.Env = append(cmd.Env, variable+"="+inputs[input])
	}
	for input := range inputs {
		if j.env[input] == "" {
			t.Fatalf("there is no input %q", input)
		}
	}
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// recorder is a folder with an evtctl that writes its arguments down, one on each
// line, and ends with a code.
func recorder(t *testing.T, code int) (bin string, calls func() []string) {
	t.Helper()
	bin = t.TempDir()
	text := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >> %q\nexit %d\n", filepath.Join(bin, "calls"), code)
	if err := os.WriteFile(filepath.Join(bin, "evtctl"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return bin, func() []string {
		text, err := os.ReadFile(filepath.Join(bin, "calls"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
}

func TestInputsReachTheShellAsData(t *testing.T) {
	var a action
	readYAML(t, "ci/github/action.yml", &a)
	if a.Runs.Using != "composite" || !a.Inputs["paths"].Required {
		t.Errorf("runs %+v", a.Runs)
	}
	used := map[string]bool{}
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q puts what it is given into its text", step.Name)
		}
		if step.Run != "" && step.Shell == "" {
			t.Errorf("step %q has no shell", step.Name)
		}
		for _, value := range step.Env {
			used[strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")] = true
		}
	}
	for input := range a.Inputs {
		if !used[input] {
			t.Errorf("nothing uses the input %q", input)
		}
	}
	var file map[string]any
	readYAML(t, "ci/gitlab/schema-check.yml", &file)
	if text := fmt.Sprint(file); strings.Contains(text, "$[[") {
		t.Error("GitLab's template puts what it is given into its text")
	}
}

func TestWhatACIJobIsGivenIsHandedOn(t *testing.T) {
	const odd = `a "b" $(touch pwned) 'c' ;*`
	inputs := map[string]string{
		"paths": "schemas\n" + odd + "\n-x\n", "against": "git:" + odd, "mode": "FULL", "subject-from": odd,
		"allow": odd, "registry": "http://r:1/" + odd, "args": "--refs\n" + odd,
	}
	want := []string{
		"--against", "git:" + odd, "--mode", "FULL", "--subject-from", odd, "--allow", odd,
		"--registry", "http://r:1/" + odd, "--refs", odd, "--", "schemas", odd, "-x",
	}
	for name, c := range map[string]struct {
		job  job
		form string
	}{"github": {githubJob(t), "github"}, "gitlab": {gitlabJob(t), "junit"}} {
		dir := t.TempDir()
		bin, calls := recorder(t, 0)
		if out, code := c.job.run(t, dir, bin, inputs); code != 0 {
			t.Fatalf("%s ends with %d: %s", name, code, out)
		}
		if got := calls(); !slices.Equal(got, append([]string{"schema", "check", "-o", c.form}, want...)) {
			t.Errorf("%s: evtctl was called with %q", name, got)
		}
		if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
			t.Errorf("%s: a path was run as a command", name)
		}
	}
}

func TestACIJobEndsAsEvtctlDoes(t *testing.T) {
	for _, code := range []int{0, 1, 2, 3} {
		for name, job := range map[string]job{"github": githubJob(t), "gitlab": gitlabJob(t)} {
			bin, _ := recorder(t, code)
			if out, got := job.run(t, t.TempDir(), bin, map[string]string{"paths": "schemas"}); got != code {
				t.Errorf("%s ends with %d, want %d: %s", name, got, code, out)
			}
			if text, _ := os.ReadFile(filepath.Join(bin, "output")); name == "github" && string(text) != fmt.Sprintf("exit-code=%d\n", code) {
				t.Errorf("its output is %q", text)
			}
		}
	}
}

func TestWhatAPullRequestIsComparedWith(t *testing.T) {
	for name, c := range map[string]struct {
		job  job
		env  string
		want []string
	}{
		"github, a pull request":  {githubJob(t), "GITHUB_BASE_REF=main", []string{"--against", "git:origin/main", "--", "schemas"}},
		"github, a push":          {githubJob(t), "GITHUB_BASE_REF=", []string{"--", "schemas"}},
		"gitlab, a merge request": {gitlabJob(t), "CI_MERGE_REQUEST_DIFF_BASE_SHA=abc", []string{"--against", "git:abc", "--", "schemas"}},
		"gitlab, a push":          {gitlabJob(t), "CI_MERGE_REQUEST_DIFF_BASE_SHA=", []string{"--", "schemas"}},
	} {
		dir := cloneOf(t, map[string]string{"schemas/order.avsc": orderSchema})
		bin, calls := recorder(t, 0)
		if out, code := c.job.run(t, dir, bin, map[string]string{"paths": "schemas"}, c.env); code != 0 {
			t.Errorf("%s ends with %d: %s", name, code, out)
		}
		if got := calls()[4:]; !slices.Equal(got, c.want) {
			t.Errorf("%s: evtctl was called with %q, want %q", name, got, c.want)
		}
	}
}

const orderSchema = `{"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "string"}
]}
`

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// repository is a git repository with one commit on main.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "--quiet")
	writeFiles(t, dir, files)
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "--message", "first")
	return dir
}

// cloneOf is a shallow clone of a repository's branch topic, as CI systems make it:
// it doesn't have main.
func cloneOf(t *testing.T, files map[string]string) string {
	t.Helper()
	origin, dir := repository(t, files), t.TempDir()
	git(t, origin, "checkout", "--quiet", "-b", "topic")
	git(t, dir, "clone", "--quiet", "--depth=1", "--branch=topic", "file://"+origin, ".")
	return dir
}
