package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/report"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// forms are the forms and the names of their golden files.
var forms = map[string]func(io.Writer, *schema.Report, report.Options) error{
	"report.junit.xml": report.JUnit, "report.github.txt": report.GitHub, "report.sarif.json": report.SARIF,
}

// everything is a report with all that can be in one.
func everything() *schema.Report {
	fine, bad := schema.Compatible, schema.Incompatible
	problem := schema.Problem{
		Path: "/fields/2", Field: "customerTier", Rule: "reader-field-missing-default-value", Direction: schema.NewReadsOld,
		Message: "consumers with the new schema can't read what producers on version 2 wrote", Fix: "give field \"customerTier\" a default",
		Reader: "string", Writer: "no such field", AgainstVersion: 2, Against: "version 2", File: "schemas/order, 100%.avsc", Line: 4, Column: 3,
	}
	allowed, overruled := problem, problem
	allowed.Rule, allowed.Allowed, allowed.AllowedFor = "type-mismatch", true, "nobody reads it"
	overruled.Rule, overruled.Overruled, overruled.Field = "field-removed", true, ""
	return &schema.Report{
		Version: 1, Against: "registry http://localhost:8081", Notes: []string{"allow.yaml: an allowance is stale"},
		Results: []schema.Result{
			{Path: "schemas/fine.avsc", Subject: "fine-value", Format: schema.Avro, Mode: schema.Backward, Compatible: true, RegistryVerdict: &fine, Deploy: "deploy consumers first", DeployFirst: schema.Consumers, NewSubject: true, Notes: []string{"new subject"}},
			{Path: "schemas/order, 100%.avsc", Subject: "order-events-value", Format: schema.Avro, Mode: schema.FullTransitive, RegistryVerdict: &bad, Problems: []schema.Problem{problem, allowed}, Deploy: "deploy neither side"},
			{Path: "schemas/<p>.proto", Subject: "a:b/c \"q\" <x>", Format: schema.Protobuf, Compatible: true, Problems: []schema.Problem{overruled}, Deploy: "deploy either side first"},
			{Path: "schemas/bad.avsc", Subject: "bad", Format: schema.Avro, Deploy: "deploy neither side", Error: &schema.ResultError{Message: "parsing Avro schema: line 3", Hint: "mend it", File: "schemas/lib.avsc", Line: 3, Column: 7}},
			{Path: "schemas/data.avsc", Subject: "data-value", Format: schema.Avro, Deploy: "deploy neither side", Error: &schema.ResultError{Message: "version 1 is odd"}, Sample: &schema.SampleResult{
				Topic: "data", Read: 10, Failed: []schema.SampleFailure{{Partition: 1, Offset: 42, Reason: "tier\nis \x1b[31mmissing"}},
			}},
		},
	}
}

func write(t *testing.T, form string, r *schema.Report, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := forms[form](&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormsAreContracts(t *testing.T) {
	for form := range forms {
		got := write(t, form, everything(), report.Options{Version: "1.2.3"})
		golden := filepath.Join("testdata", form)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
}

func TestJUnitCountsFailuresAndErrorsApart(t *testing.T) {
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Cases    []struct {
			Name string `xml:"name,attr"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal([]byte(write(t, "report.junit.xml", everything(), report.Options{})), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 5 || suites.Failures != 2 || suites.Errors != 1 || len(suites.Cases) != 5 {
		t.Errorf("%+v", suites)
	}
	if name := suites.Cases[2].Name; name != `a:b/c "q" <x>` {
		t.Errorf("the name came out as %q", name)
	}
}

func TestGitHubsCommandsAreOneLineEach(t *testing.T) {
	out := write(t, "report.github.txt", everything(), report.Options{})
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "::notice ") {
			t.Errorf("line %q is no command", line)
		}
	}
	if strings.Count(out, "::error ") != 4 || strings.ContainsAny(out, "\x1b\r") {
		t.Errorf("commands:\n%s", out)
	}
	if !strings.Contains(out, "file=schemas/order%2C 100%25.avsc,line=4,col=3,title=") {
		t.Errorf("no place, or not encoded:\n%s", out)
	}
}

func TestPathsAreThoseOfTheRepository(t *testing.T) {
	root := t.TempDir()
	r := everything()
	r.Results = r.Results[:1]
	r.Results[0].Path = filepath.Join(root, "schemas", "fine.avsc")
	for form := range forms {
		r.Results[0].Error = &schema.ResultError{Message: "x"}
		within := write(t, form, r, report.Options{Root: root})
		if strings.Contains(within, root) || !strings.Contains(within, "schemas/fine.avsc") {
			t.Errorf("%s within the root:\n%s", form, within)
		}
		if outside := write(t, form, r, report.Options{Root: t.TempDir()}); !strings.Contains(outside, filepath.ToSlash(r.Results[0].Path)) {
			t.Errorf("%s outside of the root:\n%s", form, outside)
		}
	}
}

// sarifResults reads what a test needs of a SARIF log.
func sarifResults(t *testing.T, r *schema.Report) (fingerprints []string, successful bool) {
	t.Helper()
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Invocations []struct{ ExecutionSuccessful bool }
			Results     []struct {
				RuleID              string
				RuleIndex           int
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(write(t, "report.sarif.json", r, report.Options{})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	for _, result := range run.Results {
		fingerprints = append(fingerprints, result.PartialFingerprints["evtctl/v1"])
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
			t.Errorf("rule %s isn't at index %d", result.RuleID, result.RuleIndex)
		}
	}
	return fingerprints, run.Invocations[0].ExecutionSuccessful
}

func TestSARIFFingerprintsStayWhenLinesMove(t *testing.T) {
	before, successful := sarifResults(t, everything())
	if successful {
		t.Error("successful though something couldn't be checked")
	}
	moved := everything()
	for _, result := range moved.Results {
		for i := range result.Problems {
			result.Problems[i].Line += 10
		}
	}
	after, _ := sarifResults(t, moved)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("fingerprints (-before +after):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, f := range before {
		if f == "" || seen[f] {
			t.Errorf("fingerprint %q is empty or there twice", f)
		}
		seen[f] = true
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("no space left")

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	for form, write := range forms {
		if err := write(full{}, everything(), report.Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v", form, err)
		}
	}
}
