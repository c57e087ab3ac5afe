package kafkatest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Registry is a running Apicurio Registry, empty when it starts. Its schemas are
// in memory.
type Registry struct {
	// URL is where its Confluent-compatible API is, and what users configure.
	URL string
	// CAFile signed its certificate; empty for one without TLS.
	CAFile string
	// User and Password are let in by a registry that asks for them; else empty.
	User, Password string

	client *http.Client
	proc   *Process
	dir    string
}

var (
	apicurioOnce, securedApicurioOnce sync.Once
	apicurio, securedApicurio         *Registry
	errApicurio, errSecuredApicurio   error
)

// Apicurio gives the real Apicurio Registry that all tests of this process share,
// started at the first call. It asks for no password and speaks plain HTTP. A test
// must look at its own subjects only, see [Registry.Subject], and leave the global
// configuration alone: that is to have a registry of its own, by [OwnApicurio].
func Apicurio(t testing.TB) *Registry {
	t.Helper()
	run := needApicurio(t)
	apicurioOnce.Do(func() { apicurio, errApicurio = startApicurio(run, false) })
	if errApicurio != nil {
		t.Fatalf("starting the shared registry: %v", errApicurio)
	}
	return apicurio
}

// SecuredApicurio gives another shared one, which speaks TLS only and lets [Alice]
// in with her [Password] and nobody else. Both are Apicurio's own doing, with no
// proxy before it.
func SecuredApicurio(t testing.TB) *Registry {
	t.Helper()
	run := needApicurio(t)
	securedApicurioOnce.Do(func() { securedApicurio, errSecuredApicurio = startApicurio(run, true) })
	if errSecuredApicurio != nil {
		t.Fatalf("starting the secured registry: %v", errSecuredApicurio)
	}
	return securedApicurio
}

// OwnApicurio starts a registry for this test alone, which ends with the test.
func OwnApicurio(t testing.TB) *Registry {
	t.Helper()
	r, err := startApicurio(needApicurio(t), false)
	if err != nil {
		t.Fatalf("starting a registry: %v", err)
	}
	t.Cleanup(r.remove)
	return r
}

// Subject returns a subject's name that no other test uses.
func (r *Registry) Subject(t testing.TB, name string) string {
	t.Helper()
	return uniqueName(t, name)
}

// Ask sends a request and returns what came, whatever it is. The path begins with
// a slash, follows the URL and is escaped already; an empty body sends none. It is
// for setting tests up and for looking at the registry's own ways: what the
// product does goes through the product's client.
func (r *Registry) Ask(t testing.TB, method, path, body string) (status int, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	status, answer, err := r.ask(ctx, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

// Must is Ask for a request that is to succeed.
func (r *Registry) Must(t testing.TB, method, path, body string) (answer string) {
	t.Helper()
	status, answer := r.Ask(t, method, path, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

func (r *Registry) ask(ctx context.Context, method, path, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	}
	if r.User != "" {
		request.SetBasicAuth(r.User, r.Password)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}
