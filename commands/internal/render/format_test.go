package render_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestParseFormat(t *testing.T) {
	const prometheus render.Format = "prometheus"
	for _, name := range render.Formats(prometheus) {
		if f, err := render.ParseFormat(name, prometheus); err != nil || string(f) != name {
			t.Errorf("%s: %q, %v", name, f, err)
		}
	}
	for name, want := range map[string]string{
		"xml":        `output format "xml" is not one of table, wide, json, jsonl, yaml, csv`,
		"":           `output format "" is not one of table, wide, json, jsonl, yaml, csv`,
		"JSON":       `output format "JSON" is not one of table, wide, json, jsonl, yaml, csv`,
		"prometheus": `output format "prometheus" is not one of table, wide, json, jsonl, yaml, csv`,
	} {
		_, err := render.ParseFormat(name)
		var refused *render.FormatError
		if !errors.As(err, &refused) || err.Error() != want || refused.Hint() != "-o table|wide|json|jsonl|yaml|csv" {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := render.Formats(prometheus); !slices.Equal(got, []string{"table", "wide", "json", "jsonl", "yaml", "csv", "prometheus"}) {
		t.Errorf("on offer are %q", got)
	}
}

func TestPrintRefusesAFormatOfTheCommandsOwn(t *testing.T) {
	s, out, _ := piped()
	err := render.Print(s, "prometheus", render.View[backlog]{Rows: backlogs, Columns: backlogColumns})
	var refused *render.FormatError
	if !errors.As(err, &refused) || out.Len() > 0 {
		t.Errorf("error %v, stdout %q", err, out)
	}
}
