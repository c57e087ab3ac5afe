package schema_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
)

func TestFilesThatAreLeftOutAreTold(t *testing.T) {
	dir := write(t, "order.avsc", v1, "package.json", `{"name": "x"}`, "broken.json", `{"$schema": "http://json-schema.org/draft-07/schema#", "type": `)
	loaded := load(t, schema.LoadRequest{Paths: []string{dir}})
	if len(loaded.Candidates) != 2 || filepath.Base(loaded.Candidates[0].Path) != "broken.json" {
		t.Errorf("candidates %+v, want the broken schema among them: it can't be fine", loaded.Candidates)
	}
	if len(loaded.Notes) != 1 || !strings.Contains(loaded.Notes[0], "package.json") || !strings.Contains(loaded.Notes[0], `"$schema"`) {
		t.Errorf("notes %q", loaded.Notes)
	}
	report := check(t, schema.Request{Candidates: loaded.Candidates, Available: loaded.Available, Baseline: versions{}})
	if report.Outcome() != schema.Unchecked {
		t.Errorf("outcome %s", report.Outcome())
	}
}

func TestAMappedFileThatIsGoneIsAskedWrongly(t *testing.T) {
	dir := write(t, "schemas/order.avsc", v1, "schemas/money.avsc", money,
		"map.yaml", "subjects:\n  order-events-value: schemas/order.avsc\n  gone-value: schemas/gone.avsc\n", "whole.yaml", "subjects:\n  order-events-value: schemas/order.avsc\n")
	for file, want := range map[string]string{"map.yaml": "gone.avsc", "whole.yaml": ""} {
		mapping, err := schema.ReadMapping(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := schema.Load(schema.LoadRequest{Paths: []string{filepath.Join(dir, "schemas")}, Mapping: mapping})
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error about %s", file, err, want)
			}
			continue
		}
		if err != nil || len(loaded.Candidates) != 1 || len(loaded.Notes) != 1 || !strings.Contains(loaded.Notes[0], "money.avsc") {
			t.Errorf("%s: %+v, %v; want a note on what is in no mapping", file, loaded, err)
		}
	}
}

func TestAnAllowanceWithAnotherRuleSaysWhichItIs(t *testing.T) {
	list := filepath.Join(write(t, "allow.yaml", "allow:\n  - {subject: "+subject+", rule: reader-field-missing-defualt, path: /fields/2, reason: r, expires: 2027-01-01}\n"), "allow.yaml")
	allow, err := schema.ReadAllowList(list)
	if err != nil {
		t.Fatal(err)
	}
	report := check(t, schema.Request{Candidates: candidate(broken), Baseline: versions{list: []string{v1}}, Allow: allow})
	if report.Compatible || len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "what breaks at that path is reader-field-missing-default-value") {
		t.Errorf("%v, %q", report.Compatible, report.Notes)
	}
}
