package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/evtctl/evtctl"

// layers says which packages of this module a part may import. A part is the first
// element of the path, or the first two below internal.
var layers = map[string][]string{
	"cmd":                {"commands"},
	"commands":           {"lag", "dlq", "replay", "schema", "internal/orderflow", "internal/sandbox", "internal/doctor"},
	"lag":                {"internal/hedge"},
	"internal/batch":     {},
	"internal/exactly":   {"internal/batch"},
	"internal/hedge":     {},
	"internal/jq":        {},
	"internal/planfile":  {},
	"internal/topics":    {},
	"dlq":                {"internal/batch", "internal/exactly", "internal/jq", "internal/topics", "internal/planfile"},
	"replay":             {"internal/batch", "internal/exactly", "internal/jq", "internal/topics", "internal/planfile"},
	"schema":             {"internal/planfile"},
	"internal/orderflow": {},
	"internal/sandbox":   {},
	"internal/doctor":    {"internal/hedge", "lag", "dlq", "replay", "schema"},
	"internal/bench":     {"lag", "internal/kafkatest"},
	"internal/kafkatest": {},
	"internal/flowtest":  {"commands", "internal/orderflow", "internal/sandbox", "internal/kafkatest"}, // for tests
}

// owners says who alone may import a library.
var owners = map[string][]string{
	"github.com/spf13/cobra":             {"commands"},
	"github.com/charmbracelet":           {"commands/internal/render"},
	"github.com/muesli/termenv":          {"commands/internal/render"},
	"github.com/hamba/avro":              {"schema", "internal/orderflow"},
	"github.com/twmb/avro":               {"schema"},
	"github.com/prometheus":              {"lag", "commands", "internal/doctor"},
	"github.com/itchyny/gojq":            {"internal/jq", "dlq"}, // dlq answers simple queries by their syntax
	"github.com/goccy/go-yaml":           {"commands/internal/cluster", "schema"},
	"go.opentelemetry.io":                {"internal/orderflow", "internal/doctor"},
	"google.golang.org/grpc":             {"internal/orderflow"},
	"github.com/twmb/franz-go/pkg/sr":    {"internal/orderflow"},
	"modernc.org/sqlite":                 {"internal/orderflow"},
	"github.com/jackc":                   {"internal/orderflow", "internal/kafkatest"},
	"github.com/failsafe-go":             {"internal/orderflow"},
	"github.com/twmb/franz-go/pkg/kfake": {"internal/sandbox", "internal/kafkatest"},
}

func part(path string) string {
	elements := strings.Split(strings.TrimPrefix(path, module+"/"), "/")
	if elements[0] == "internal" && len(elements) > 1 {
		return strings.Join(elements[:2], "/")
	}
	return elements[0]
}

func TestImportsPointOneWay(t *testing.T) {
	for pkg, imports := range imports(t) {
		allowed, known := layers[part(pkg)]
		if !known {
			t.Errorf("%s is in no layer; add it to the list", pkg)
		}
		for _, imported := range imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if to := part(imported); to != part(pkg) && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which is not below it", pkg, imported)
			}
		}
	}
}

func TestEachLibraryHasOneOwner(t *testing.T) {
	for pkg, imports := range imports(t) {
		for _, imported := range imports {
			for library, allowed := range owners {
				if imported != library && !strings.HasPrefix(imported, library+"/") {
					continue
				}
				within := func(owner string) bool {
					return pkg == module+"/"+owner || strings.HasPrefix(pkg, module+"/"+owner+"/")
				}
				if !slices.ContainsFunc(allowed, within) {
					t.Errorf("%s imports %s, which belongs to %v", pkg, imported, allowed)
				}
			}
		}
	}
}

// imports lists the packages of the module with what they import, tests left out:
// those may use anything.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 0 {
			packages[f[0]] = f[1:]
		}
	}
	if len(packages) < 5 {
		t.Fatalf("go list told of %d packages only", len(packages))
	}
	return packages
}
