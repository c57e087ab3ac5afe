package commands_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	plainOrder    = `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}`
	orderWithNote = `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, {"name": "note", "type": "string", "default": ""}]}`
)

// schemaFile writes a file in a folder of its own and returns its path.
func schemaFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// soundRegistry answers as one that has a version of subject "order", which the
// candidate is compatible with.
var soundRegistry = map[string]string{
	"GET /config/order":                             `{"compatibilityLevel": "BACKWARD"}`,
	"GET /subjects/order/versions/latest":           `{"subject": "order", "version": 1, "id": 1, "schema": "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"}]}"}`,
	"POST /compatibility/subjects/order/versions/1": `{"is_compatible": true}`,
}

// registryWith is sound but for one question, which gets another answer.
func registryWith(t *testing.T, question string, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Method + " " + r.URL.Path
		body, known := soundRegistry[asked]
		switch {
		case asked == question:
			answer(w, r)
		case known:
			w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
			fmt.Fprint(w, body)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error_code": 404, "message": "HTTP 404 Not Found"}`)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestASoundRegistryIsBelieved(t *testing.T) {
	url := registryWith(t, "", nil)
	r := run(t, nil, "schema", "check", schemaFile(t, "order.avsc", orderWithNote), "--registry", url)
	if r.code != 0 || !strings.HasPrefix(r.stdout, "compatible: ") {
		t.Fatalf("%+v", r)
	}
}

func TestNoOddAnswerOfARegistryMakesACheckPass(t *testing.T) {
	path := schemaFile(t, "order.avsc", orderWithNote)
	for question := range soundRegistry {
		for name, odd := range map[string]struct {
			answer http.HandlerFunc
			says   string // in what is said, whichever question it is about
		}{
			"401 with an empty body":   {answering(401, ""), "401"},
			"403":                      {answering(403, `{"error_code": 40301, "message": "User is denied"}`), "403"},
			"404 without a code":       {answering(404, "not here"), "404"},
			"409":                      {answering(409, `{"error_code": 409, "message": "conflict"}`), "409"},
			"422":                      {answering(422, `{"error_code": 42201, "message": "Invalid schema"}`), "422"},
			"500":                      {answering(500, `{"error_code": 50001, "message": "Error in the backend"}`), "500"},
			"a web page":               {answering(200, "<!doctype html><title>Sign in</title>"), "web page"},
			"an empty body":            {answering(200, ""), "empty body"},
			"an object without fields": {answering(200, "{}"), "no field"},
			"a list":                   {answering(200, "[]"), "JSON object"},
			"half an answer":           {answering(200, `{"is_compatible": tr`), "JSON object"},
			"a redirect elsewhere": {func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://192.0.2.1:8081"+r.URL.Path, http.StatusTemporaryRedirect)
			}, "redirect"},
		} {
			if question != "POST /compatibility/subjects/order/versions/1" && name == "404 without a code" {
				continue // there it can mean that nothing is set, or registered
			}
			t.Run(question+": "+name, func(t *testing.T) {
				url := registryWith(t, question, odd.answer)
				r := run(t, nil, "schema", "check", path, "--registry", url, "--timeout", "2s")
				said := strings.Join(strings.Fields(r.stdout+r.stderr), " ")
				if r.code != 1 || strings.HasPrefix(r.stdout, "compatible") || !strings.Contains(said, odd.says) {
					t.Errorf("exit code %d, want 1 and %q in\n%s%s", r.code, odd.says, r.stdout, r.stderr)
				}
				j := run(t, nil, "schema", "check", path, "--registry", url, "--timeout", "2s", "-o", "json")
				if j.code != 1 || strings.Contains(j.stdout, `"compatible": true`) {
					t.Errorf("-o json: exit code %d\n%s", j.code, j.stdout)
				}
			})
		}
	}
}

func TestARegistryThatIsBusySlowOrSilent(t *testing.T) {
	path := schemaFile(t, "order.avsc", orderWithNote)
	const latest = "GET /subjects/order/versions/latest"
	var asked atomic.Int32
	busy := registryWith(t, latest, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprint(w, soundRegistry[latest])
	})
	if r := run(t, nil, "schema", "check", path, "--registry", busy); r.code != 0 || asked.Load() != 2 {
		t.Errorf("a registry that is busy once: asked %d times, %+v", asked.Load(), r)
	}
	silent := registryWith(t, latest, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r := run(t, nil, "schema", "check", path, "--registry", silent, "--timeout", "300ms")
	if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "300ms") || r.took > 10*time.Second {
		t.Errorf("a registry that never answers: %+v, want exit code 1 and the time limit named", r)
	}
}

func TestLoginsAreNotCarriedElsewhere(t *testing.T) {
	var carried atomic.Value
	carried.Store("")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		carried.Store("asked, with " + r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	url := registryWith(t, "GET /config/order", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
	})
	r := run(t, nil, "schema", "check", schemaFile(t, "order.avsc", orderWithNote), "--registry", url,
		"--command-config", login(t, "basic.auth.credentials.source=USER_INFO", "basic.auth.user.info=alice:secret"))
	if r.code != 1 || carried.Load() != "" || !strings.Contains(r.stderr, "redirect") {
		t.Errorf("another host was %q; %+v", carried.Load(), r)
	}
	if strings.Contains(r.stdout+r.stderr, "secret") {
		t.Errorf("the password is in what was said: %+v", r)
	}
}

func TestFilesThatAreNoSchemas(t *testing.T) {
	against := filepath.Dir(schemaFile(t, "order.avsc", plainOrder))
	for name, test := range map[string]struct {
		file, text string
		says       string
	}{
		"empty":                {"order.avsc", "", "order.avsc:1:1"},
		"not JSON":             {"order.avsc", "{\n  \"type\": record\n}", "order.avsc:2:11"},
		"not a schema":         {"order.avsc", `{"name": "Order"}`, "order.avsc:1:"},
		"an unknown type":      {"order.avsc", `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "strin"}]}`, `"strin"`},
		"a duplicate name":     {"order.avsc", `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}, {"name": "id", "type": "int"}]}`, "order.avsc:1:"},
		"40 MB":                {"order.avsc", `"` + strings.Repeat("x", 40<<20) + `"`, "9 MB; a schema has at most 8 MB"},
		"nested without end":   {"order.avsc", strings.Repeat(`{"type": "array", "items": `, 100_000), "order.avsc:1:"},
		"not Protobuf":         {"order.proto", "message {", "order.proto:1:"},
		"not UTF-8":            {"order.avsc", "\xff\xfe{}", "order.avsc:1:"},
		"a JSON Schema's slip": {"order.json", `{"type": "strin"}`, "order.json:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, nil, "schema", "check", schemaFile(t, test.file, test.text), "--against", against)
			said := strings.Join(strings.Fields(r.stdout), " ")
			if r.code != 1 || !strings.HasPrefix(said, "NOT CHECKED: ") || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want 1 and %q in %.600q %.600q", r.code, test.says, r.stdout, r.stderr)
			}
			if len(r.stdout) > 4096 {
				t.Errorf("%d bytes are said of it", len(r.stdout))
			}
		})
	}
}

func TestABadDefaultIsToldWithItsPlace(t *testing.T) {
	against := filepath.Dir(schemaFile(t, "order.avsc", plainOrder))
	path := schemaFile(t, "order.avsc", "{\"type\": \"record\", \"name\": \"Order\", \"fields\": [\n {\"name\": \"id\", \"type\": \"string\", \"default\": 7}]}")
	r := run(t, nil, "schema", "check", path, "--against", against)
	said := strings.Join(strings.Fields(r.stdout), " ")
	if r.code != 0 || !strings.Contains(said, "line 2, column") || !strings.Contains(said, "default 7") || !strings.Contains(said, "Java's default parser doesn't") {
		t.Errorf("exit code %d, want 0, as registries take it, and the place: %s", r.code, r.stdout)
	}
}

func TestNamesInSchemasDoNotReachTheTerminalAsTheyAre(t *testing.T) {
	hostile := strings.ReplaceAll(`{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"},
		{"name": "x", "type": {"type": "enum", "name": "E", "symbols": ["A"], "doc": "D"}, "doc": "D"}]}`, "D", "\u202e\\u001b[31m")
	against := filepath.Dir(schemaFile(t, "order.avsc", plainOrder))
	path := schemaFile(t, "order.avsc", hostile)
	renamed := filepath.Join(filepath.Dir(path), "order.\u202eavsc\x1b[31m.avsc")
	if err := os.Rename(path, renamed); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"text", "table", "json", "github", "junit", "sarif"} {
		r := run(t, nil, "schema", "check", renamed, "--subject", "order\x1b[2J", "--against", against, "--mode", "FULL", "-o", form)
		if strings.ContainsAny(r.stdout+r.stderr, "\x1b") || form == "text" && strings.ContainsAny(r.stdout, "\u202e") {
			t.Errorf("-o %s: %q", form, r.stdout+r.stderr)
		}
	}
}
