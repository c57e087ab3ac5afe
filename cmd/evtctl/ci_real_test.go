package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// builtOnce is the folder that buildOnce builds in; cleaning takes it away.
var builtOnce string

// buildOnce builds the program for all tests here that run what CI systems run.
var buildOnce = sync.OnceValues(func() (dir string, err error) {
	if builtOnce, err = os.MkdirTemp("", "evtctl-ci-"); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(builtOnce, "evtctl"), ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building evtctl: %w\n%s", err, out)
	}
	return builtOnce, nil
})

// program is a folder with nothing but the built evtctl, as PATH has after it was
// installed.
func program(t *testing.T) (bin string) {
	t.Helper()
	built, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	bin = t.TempDir()
	if err := os.Symlink(filepath.Join(built, "evtctl"), filepath.Join(bin, "evtctl")); err != nil {
		t.Fatal(err)
	}
	return bin
}

// Files of a pull request: what was deployed, and changes of it.
var (
	deployed  = map[string]string{"schemas/order.avsc": changed(`{"name": "amount", "type": "double"}`)}
	optional  = map[string]string{"schemas/order.avsc": changed(`{"name": "amount", "type": "double"}`, `{"name": "tier", "type": "string", "default": ""}`)}
	required  = map[string]string{"schemas/order.avsc": changed(`{"name": "amount", "type": "double"}`, `{"name": "tier", "type": "string"}`)}
	unclosed  = map[string]string{"schemas/order.avsc": changed(`{"name": "amount", "type": "doubl"}`)}
	endedWith = map[string]struct {
		files  map[string]string
		inputs map[string]string
		code   int
	}{
		"a field with a default":    {optional, nil, 0},
		"a field without a default": {required, nil, 3},
		"a file that is no schema":  {unclosed, nil, 1},
		"an unknown mode":           {optional, map[string]string{"mode": "SIDEWAYS"}, 2},
	}
)

// changed is a schema whose fields stand on lines of their own, from the second on.
func changed(fields ...string) string {
	fields = append([]string{`{"name": "id", "type": "string"}`}, fields...)
	return "{\"type\": \"record\", \"name\": \"Order\", \"fields\": [\n  " + strings.Join(fields, ",\n  ") + "\n]}\n"
}

// pullRequest is the work tree that GitHub's checkout makes of a pull request: one
// commit deep, on no branch, and without the branch that it goes to.
func pullRequest(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	origin, dir := repository(t, deployed), t.TempDir()
	git(t, origin, "checkout", "--quiet", "-b", "topic")
	writeFiles(t, origin, files)
	git(t, origin, "commit", "--quiet", "--all", "--message", "change")
	git(t, origin, "update-ref", "refs/pull/1/merge", "HEAD")
	git(t, origin, "checkout", "--quiet", "main")
	git(t, dir, "init", "--quiet")
	git(t, dir, "remote", "add", "origin", "file://"+origin)
	git(t, dir, "fetch", "--quiet", "--depth=1", "--no-tags", "origin", "+refs/pull/1/merge:refs/remotes/pull/1/merge")
	git(t, dir, "checkout", "--quiet", "--force", "refs/remotes/pull/1/merge")
	return dir
}

// mergeRequest is the work tree that GitLab's runner makes with GIT_DEPTH 0, and the
// commit that the merge request began at.
func mergeRequest(t *testing.T, files map[string]string) (dir, base string) {
	t.Helper()
	origin, dir := repository(t, deployed), t.TempDir()
	git(t, origin, "checkout", "--quiet", "-b", "topic")
	writeFiles(t, origin, files)
	git(t, origin, "commit", "--quiet", "--all", "--message", "change")
	git(t, dir, "clone", "--quiet", "file://"+origin, ".")
	git(t, dir, "checkout", "--quiet", "--detach", "origin/topic")
	sha, err := exec.Command("git", "-C", origin, "rev-parse", "main").Output()
	if err != nil {
		t.Fatal(err)
	}
	return dir, strings.TrimSpace(string(sha))
}

// with adds the paths to a job's inputs.
func with(inputs map[string]string, more ...string) map[string]string {
	all := map[string]string{"paths": "schemas"}
	for name, value := range inputs {
		all[name] = value
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func TestTheActionEndsAPullRequestAsItsChangeDeserves(t *testing.T) {
	for name, c := range endedWith {
		dir, bin := pullRequest(t, c.files), program(t)
		out, code := githubJob(t).run(t, dir, bin, with(c.inputs), "GITHUB_BASE_REF=main", "GITHUB_WORKSPACE="+dir)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", name, code, c.code, out)
		}
		if text, _ := os.ReadFile(filepath.Join(bin, "output")); string(text) != fmt.Sprintf("exit-code=%d\n", c.code) {
			t.Errorf("%s: the action's output is %q", name, text)
		}
	}
}

func TestTheActionAnnotatesTheLineThatBreaks(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a field without a default": {required, "::error file=schemas/order.avsc,line=4,col=3,title=order%3A reader-field-missing-default-value::consumers with the new schema can't read"},
		"a file that is no schema":  {unclosed, "::error file=schemas/order.avsc,line=3,col=30,"},
	} {
		dir := pullRequest(t, c.files)
		out, _ := githubJob(t).run(t, dir, program(t), with(nil), "GITHUB_BASE_REF=main", "GITHUB_WORKSPACE="+dir)
		if !strings.Contains("\n"+out, "\n"+c.want) {
			t.Errorf("%s: no line begins with %q in\n%s", name, c.want, out)
		}
	}
}

func TestTheActionWritesSARIFThatNamesTheLine(t *testing.T) {
	dir := pullRequest(t, required)
	out, code := githubJob(t).run(t, dir, program(t), with(nil, "sarif", "schemas.sarif"), "GITHUB_BASE_REF=main", "GITHUB_WORKSPACE="+dir)
	text, err := os.ReadFile(filepath.Join(dir, "schemas.sarif"))
	if err != nil || code != 3 {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 1 {
		t.Fatalf("the log is\n%s", text)
	}
	result := log.Runs[0].Results[0]
	where := result.Locations[0].PhysicalLocation
	if result.RuleID != "reader-field-missing-default-value" || result.Level != "error" ||
		where.ArtifactLocation.URI != "schemas/order.avsc" || where.Region.StartLine != 4 || where.Region.StartColumn != 3 {
		t.Errorf("the result is %+v", result)
	}
}

func TestWhatIsAskedWronglyLeavesNoReportToUpload(t *testing.T) {
	wrong := with(map[string]string{"mode": "SIDEWAYS"})
	dir, base := mergeRequest(t, optional)
	if out, code := gitlabJob(t).run(t, dir, program(t), wrong, "CI_MERGE_REQUEST_DIFF_BASE_SHA="+base); code != 2 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	wrong["sarif"] = "schemas.sarif"
	if out, code := githubJob(t).run(t, dir, program(t), wrong); code != 2 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, name := range []string{"schema-check.xml", "schemas.sarif"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("there is a file %s", name)
		}
	}
}

func TestTheTemplateEndsAMergeRequestAsItsChangeDeserves(t *testing.T) {
	for name, c := range endedWith {
		dir, base := mergeRequest(t, c.files)
		out, code := gitlabJob(t).run(t, dir, program(t), with(c.inputs), "CI_MERGE_REQUEST_DIFF_BASE_SHA="+base, "CI_PROJECT_DIR="+dir)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", name, code, c.code, out)
		}
	}
}

func TestTheTemplateReportsAndShowsWhatBreaks(t *testing.T) {
	dir, base := mergeRequest(t, required)
	out, _ := gitlabJob(t).run(t, dir, program(t), with(nil), "CI_MERGE_REQUEST_DIFF_BASE_SHA="+base, "CI_PROJECT_DIR="+dir)
	if !strings.Contains(out, "schemas/order.avsc:4:3: reader-field-missing-default-value at /fields/2") {
		t.Errorf("the log is\n%s", out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "schema-check.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure struct {
				Text string `xml:",chardata"`
			} `xml:"failure"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if suites.Failures != 1 || suites.Errors != 0 || len(suites.Cases) != 1 || suites.Cases[0].Name != "order" ||
		!strings.HasPrefix(suites.Cases[0].Failure.Text, "schemas/order.avsc:4:3: ") {
		t.Errorf("the report is\n%s", text)
	}
}

func TestAMergeRequestWhoseBeginningWasNotFetchedIsNotPassed(t *testing.T) {
	dir := cloneOf(t, deployed)
	const unknown = "0123456789012345678901234567890123456789"
	out, code := gitlabJob(t).run(t, dir, program(t), with(nil), "CI_MERGE_REQUEST_DIFF_BASE_SHA="+unknown)
	if code != 2 || !strings.Contains(out, unknown) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestTheHookEndsACommitAsItsChangeDeserves(t *testing.T) {
	for name, c := range endedWith {
		dir := repository(t, deployed)
		writeFiles(t, dir, c.files)
		git(t, dir, "add", "--all")
		bin := program(t)
		args := []string{"schemas/order.avsc"}
		if mode := c.inputs["mode"]; mode != "" {
			args = append([]string{"--mode", mode}, args...)
		}
		out, code := runHook(t, dir, bin, args...)
		if code != c.code {
			t.Errorf("%s, by pre-commit: exit code %d, want %d\n%s", name, code, c.code, out)
		}
		if c.inputs != nil {
			continue // git hands its hooks nothing
		}
		if out, code := runHook(t, dir, bin); code != c.code {
			t.Errorf("%s, by git: exit code %d, want %d\n%s", name, code, c.code, out)
		}
	}
}

func TestGitsHookKeepsABreakOutOfTheHistory(t *testing.T) {
	dir, bin := repository(t, deployed), program(t)
	script, err := filepath.Abs("../../ci/pre-commit/schema-check.sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(script, filepath.Join(dir, ".git", "hooks", "pre-commit")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, c := range []struct {
		files map[string]string
		taken bool
	}{{required, false}, {optional, true}} {
		writeFiles(t, dir, c.files)
		git(t, dir, "add", "--all")
		cmd := exec.Command("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--message", "change")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); (err == nil) != c.taken {
			t.Errorf("the commit is taken: %t, want %t\n%s", err == nil, c.taken, out)
		}
	}
}
