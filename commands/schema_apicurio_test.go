package commands_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// apicurio runs evtctl schema with a real registry, whose subjects are made for the
// test.
func apicurio(t *testing.T) (r *kafkatest.Registry, schema func(args ...string) result) {
	r = kafkatest.Apicurio(t)
	return r, func(args ...string) result {
		t.Helper()
		return run(t, map[string]string{"EVTCTL_REGISTRY": r.URL}, append([]string{"schema"}, args...)...)
	}
}

func TestEveryLanguageOnARealRegistry(t *testing.T) {
	r, schema := apicurio(t)
	money := r.Subject(t, "money/of a:kind%")
	for name, test := range map[string]struct{ file, first, second, breaks, change string }{
		"Avro": {"order.avsc", orderV1, orderV2, orderBroken, "tier"},
		"JSON Schema": {"order.json",
			`{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": false}`,
			`{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"id": {"type": "string"}, "tier": {"type": "integer"}}, "additionalProperties": false}`,
			`{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"id": {"type": "integer"}, "tier": {"type": "integer"}}, "additionalProperties": false}`, "tier"},
		"Protobuf": {"order.proto",
			"syntax = \"proto3\";\nmessage Order {\n  string id = 1;\n}\n",
			"syntax = \"proto3\";\nmessage Order {\n  string id = 1;\n  int32 tier = 2;\n}\n",
			"syntax = \"proto3\";\nmessage Order {\n  int64 id = 1;\n  int32 tier = 2;\n}\n", "tier"},
	} {
		t.Run(name, func(t *testing.T) {
			subject := r.Subject(t, "orders of/"+test.file)
			r.Must(t, "PUT", "/config/"+pathEscape(subject), `{"compatibility": "BACKWARD"}`)
			first, second := file(t, test.file, test.first), file(t, test.file, test.second)
			holds(t, schema("register", first, "--subject", subject, "--yes"), 0, "version 1, id ", "")
			holds(t, schema("register", first, "--subject", subject, "--yes"), 0, "has it already: version 1", "")
			holds(t, schema("register", second, "--subject", subject, "--yes"), 0, "version 2, id ", test.change)
			holds(t, schema("register", file(t, test.file, test.breaks), "--subject", subject, "--yes"), 3, "nothing was registered", "plan-break")
			holds(t, schema("versions", subject, "-o", "csv"), 0, "\n2,", "")
			holds(t, schema("diff", subject+":1", subject), 0, test.change, "")
			holds(t, schema("diff", subject, second), 0, "no difference", "")
			if got := schema("get", subject); got.code != 0 || !strings.Contains(got.stdout, "tier") {
				t.Errorf("%+v", got)
			}
		})
	}
	holds(t, schema("register", file(t, "money.proto", "syntax = \"proto3\";\nmessage Money {\n  int64 cents = 1;\n}\n"), "--subject", money, "--yes"), 0, "version 1", "")
	invoices := r.Subject(t, "invoices")
	invoice := file(t, "invoice.proto", "syntax = \"proto3\";\nimport \"money.proto\";\nmessage Invoice {\n  Money sum = 1;\n}\n")
	holds(t, schema("register", invoice, "--subject", invoices, "--refs", "money.proto="+money+":1", "--yes"), 0, "version 1", "it refers to money.proto")
	holds(t, schema("get", invoices, "--references"), 0, "message Money", "")
	holds(t, schema("register", invoice, "--subject", invoices, "--yes"), 0, "has it already", "")
}

func TestModesOnARealRegistry(t *testing.T) {
	r, schema := apicurio(t)
	subject := r.Subject(t, "modes")
	holds(t, schema("register", file(t, "order.avsc", orderV1), "--subject", subject, "--yes"), 0, "version 1", "")
	holds(t, schema("mode", subject, "FULL", "--yes"), 0, "FULL (subject)", "")
	holds(t, schema("mode", subject, "--unset", "--yes"), 0, "it was FULL (subject)", "")
	holds(t, schema("mode", subject), 0, "NONE", "") // the global one of a registry that nobody has set
	holds(t, schema("get", subject+":9"), 2, "", "its versions are 1")
	holds(t, schema("list", "--prefix", subject, "-o", "wide"), 0, subject+"  AVRO       1", "")
}
