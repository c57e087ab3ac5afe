package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSchemaChecksAreTimedWithoutKafka(t *testing.T) {
	tiny := schemaScale{files: 3, versions: 2, fields: 4, runs: 1}
	told := takeSchemaFigures(t.Context(), t, buildEvtctl(t), tiny, t.Output())
	if len(told.Questions) != 3 {
		t.Fatalf("there are %d questions", len(told.Questions))
	}
	for _, q := range told.Questions {
		if took := q.Programs[0].Took; took.Runs < 1 || took.Seconds <= 0 || took.RSS < mib {
			t.Errorf("%s took %+v", q.What, took)
		}
	}
	var out bytes.Buffer
	if err := writeText(&out, told); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "3 schema files") || strings.Contains(out.String(), "Kafka") {
		t.Errorf("the text is\n%s", &out)
	}
}

func TestAWrongVerdictGetsNoFigure(t *testing.T) {
	d := schemas{schemaScale: schemaScale{files: 1, versions: 2}}
	const right = `{"compatible":true,"results":[{"compatible":true,"new_subject":false,"checked_against":["version 1","version 2"]}]}`
	if err := d.compatible(1, 2)(right); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{
		"", "{}", strings.Replace(right, "true", "false", 1), strings.Replace(right, `"new_subject":false`, `"new_subject":true`, 1),
		strings.Replace(right, `,"version 2"`, "", 1),
	} {
		if d.compatible(1, 2)(wrong) == nil {
			t.Errorf("%s is taken for right", wrong)
		}
	}
}
