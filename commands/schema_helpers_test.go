package commands_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/internal/sandbox"
)

// Versions of an event: the second adds a field with a default, the third one without.
const (
	orderV1     = `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}`
	orderV2     = `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, {"name": "tier", "type": "int", "default": 0}]}`
	orderBroken = `{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, {"name": "tier", "type": "string"}]}`
)

// imitation is the sandbox's registry behind a counter of what is asked of it.
type imitation struct {
	url  string
	mu   sync.Mutex
	seen []string // METHOD path, in order
}

func newImitation(t *testing.T) *imitation {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Config{
		Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0", Checker: commands.SchemaChecker{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	target, err := url.Parse(box.RegistryURL())
	if err != nil {
		t.Fatal(err)
	}
	i := &imitation{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.seen = append(i.seen, r.Method+" "+r.URL.EscapedPath())
		i.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// writes are the requests so far that change something.
func (i *imitation) writes() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var list []string
	for _, request := range i.seen {
		method, path, _ := strings.Cut(request, " ")
		registers := method == "POST" && strings.HasPrefix(path, "/subjects/") && strings.HasSuffix(path, "/versions")
		if registers || method == "PUT" || method == "DELETE" {
			list = append(list, request)
		}
	}
	return list
}

// ask sends the registry a request by hand.
func (i *imitation) ask(t *testing.T, method, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, i.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, path, response.Status)
	}
}

// schema runs evtctl schema with the registry.
func (i *imitation) schema(t *testing.T, args ...string) result {
	t.Helper()
	return run(t, map[string]string{"EVTCTL_REGISTRY": i.url}, append([]string{"schema"}, args...)...)
}

// must is schema for what has to work.
func (i *imitation) must(t *testing.T, args ...string) result {
	t.Helper()
	r := i.schema(t, args...)
	if r.code != 0 {
		t.Fatalf("evtctl schema %q: %+v", args, r)
	}
	return r
}

// typed runs evtctl schema on a terminal where somebody types.
func (i *imitation) typed(t *testing.T, answer string, env map[string]string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	e := &commands.Env{
		Streams: &render.Streams{In: strings.NewReader(answer), Out: &out, Err: &errs, InTTY: true, ErrTTY: true},
		Getenv: func(key string) string {
			if key == "EVTCTL_REGISTRY" && env["EVTCTL_CONFIG"] == "" {
				return i.url
			}
			return env[key]
		},
		Now: time.Now,
	}
	code := commands.Run(t.Context(), e, append([]string{"schema"}, args...))
	return result{code: code, stdout: out.String(), stderr: errs.String()}
}

// file writes a file into a folder of the test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func holds(t *testing.T, r result, code int, stdout, stderr string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.stdout, stdout) || stdout == "" && r.stdout != "" || !strings.Contains(r.stderr, stderr) {
		t.Errorf("exit code %d, want %d\nstdout %q, want %q\nstderr %q, want %q", r.code, code, r.stdout, stdout, r.stderr, stderr)
	}
}

func pathEscape(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }
