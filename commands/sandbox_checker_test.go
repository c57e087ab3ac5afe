package commands_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/internal/sandbox"
)

func TestTheSandboxesRegistryJudgesAsSchemaCheckDoes(t *testing.T) {
	money := sandbox.ReferencedSchema{Name: "money.avsc", Text: `{"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]}`}
	order := func(version int, more string, refs ...sandbox.ReferencedSchema) sandbox.Schema {
		return sandbox.Schema{Type: "AVRO", Version: version, References: refs,
			Text: `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}` + more + `]}`}
	}
	for name, test := range map[string]struct {
		mode      string
		candidate sandbox.Schema
		versions  []sandbox.Schema
		reason    string // empty: compatible
		invalid   string
	}{
		"a field with a default":         {"BACKWARD", order(0, `, {"name": "tier", "type": "int", "default": 0}`), []sandbox.Schema{order(1, "")}, "", ""},
		"a field without":                {"BACKWARD", order(0, `, {"name": "tier", "type": "int"}`), []sandbox.Schema{order(1, "")}, "reader-field-missing-default-value at /fields/1", ""},
		"against each version given":     {"BACKWARD", order(0, `, {"name": "tier", "type": "int"}`), []sandbox.Schema{order(1, ""), order(2, `, {"name": "tier", "type": "int"}`)}, "version 1", ""},
		"the other direction":            {"FORWARD", order(0, ""), []sandbox.Schema{order(1, `, {"name": "tier", "type": "int"}`)}, "consumers on version 1 can't read", ""},
		"nothing demanded":               {"NONE", order(0, `, {"name": "tier", "type": "int"}`), []sandbox.Schema{order(1, "")}, "", ""},
		"references":                     {"FULL", order(0, `, {"name": "sum", "type": ["null", "Money"], "default": null}`, money), []sandbox.Schema{order(1, "")}, "", ""},
		"references of an older version": {"BACKWARD", order(0, ""), []sandbox.Schema{order(1, `, {"name": "sum", "type": "Money"}`, money)}, "", ""},
		"a reference that isn't given":   {"NONE", order(0, `, {"name": "sum", "type": "Money"}`), nil, "", "Money"},
		"no schema at all":               {"NONE", sandbox.Schema{Type: "AVRO", Text: `{"type": "recrod"}`}, nil, "", "recrod"},
		"JSON Schema": {"BACKWARD", sandbox.Schema{Type: "JSON", Text: `{"type": "string"}`},
			[]sandbox.Schema{{Type: "JSON", Version: 1, Text: `{"type": "integer"}`}}, "version 1", ""},
		"another language": {"BACKWARD", order(0, ""), []sandbox.Schema{{Type: "JSON", Version: 1, Text: `{"type": "integer"}`}}, "format-changed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			reasons, err := commands.SchemaChecker{}.CheckSchema(t.Context(), test.mode, test.candidate, test.versions)
			if test.invalid != "" {
				if err == nil || !strings.Contains(err.Error(), test.invalid) {
					t.Errorf("error %v, want one about %q", err, test.invalid)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (len(reasons) > 0) != (test.reason != "") || !strings.Contains(strings.Join(reasons, "\n"), test.reason) {
				t.Errorf("reasons %q, want %q", reasons, test.reason)
			}
		})
	}
}
