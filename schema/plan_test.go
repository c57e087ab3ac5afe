package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
)

func TestThePlanOfABreakIsAContract(t *testing.T) {
	r := one(t, broken, versions{schema.Backward, []string{v1}})
	got, err := json.MarshalIndent(schema.PlanBreak(subject, r.Problems...), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/plan.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestFourWaysForThisVerySubject(t *testing.T) {
	plan := schema.PlanBreak("it's orders-key", schema.Problem{Direction: schema.OldReadsNew, File: "my order.avsc"})
	var names []string
	for _, way := range plan.Ways {
		names = append(names, way.Name)
		if len(way.Steps) < 5 || way.Title == "" || way.Suits == "" || way.Cost == "" {
			t.Errorf("%s: %+v", way.Name, way)
		}
		for _, step := range way.Steps {
			for _, command := range step.Commands {
				if strings.Contains(command, "schema register") && !strings.Contains(command, `'my order.avsc'`) {
					t.Errorf("%s: the file isn't in %q, or not quoted", way.Name, command)
				}
			}
		}
	}
	if want := []string{"new-topic", "dual-publishing", "adapter", "versioned-payload"}; !slices.Equal(names, want) {
		t.Errorf("ways %q, want %q", names, want)
	}
	if first := plan.Ways[0].Steps[0].Commands[0]; !strings.HasSuffix(first, `--topic 'it'\''s orders'`) {
		t.Errorf("command %q", first)
	}
	if register := plan.Ways[0].Steps[1].Commands[0]; !strings.HasSuffix(register, `--subject 'it'\''s orders-v2-key'`) {
		t.Errorf("command %q", register)
	}
}

func TestTheNewTopicsName(t *testing.T) {
	for subject, want := range map[string]string{
		"orders-value": "orders-v2", "orders-v2-value": "orders-v3", "orders.9-value": "orders.10", "orders2-value": "orders2-v2",
	} {
		if got := schema.PlanBreak(subject).NewTopic; got != want {
			t.Errorf("%s: new topic %q, want %q", subject, got, want)
		}
	}
}

func TestTheWayThatFitsIsSuggested(t *testing.T) {
	backward, forward := schema.Problem{Direction: schema.NewReadsOld}, schema.Problem{Direction: schema.OldReadsNew}
	allowed := schema.Problem{Direction: schema.NewReadsOld, Allowed: true}
	for name, test := range map[string]struct {
		problems []schema.Problem
		want     string
	}{
		"old data can't be read":  {[]schema.Problem{backward}, "new-topic"},
		"old consumers can't":     {[]schema.Problem{forward}, "dual-publishing"},
		"neither":                 {[]schema.Problem{forward, backward}, "new-topic"},
		"nothing breaks":          {nil, ""},
		"what is allowed already": {[]schema.Problem{allowed}, ""},
	} {
		plan := schema.PlanBreak(subject, test.problems...)
		if plan.Suggested != test.want || (plan.Because == "") != (test.want == "") {
			t.Errorf("%s: suggested %q because %q, want %q", name, plan.Suggested, plan.Because, test.want)
		}
	}
}

func TestTheNewSubjectIsInTheOldOnesContext(t *testing.T) {
	for subject, want := range map[string]string{
		"orders-value": "orders-v2-value", ":.eu:orders-key": ":.eu:orders-v2-key", "value-value": "value-v2-value",
		":.eu:eu-value": ":.eu:eu-v2-value", "orders": "orders-v2-value",
	} {
		plan := schema.PlanBreakOf(&schema.Result{Subject: subject, Path: "order.avsc"})
		if got := plan.Ways[0].Steps[1].Commands[0]; got != "evtctl schema register order.avsc --subject "+want {
			t.Errorf("%s: %s", subject, got)
		}
	}
}
