package cluster

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// whoAsks starts a registry that answers with the request's login.
func whoAsks(t *testing.T, start func(http.Handler) *httptest.Server) *httptest.Server {
	t.Helper()
	server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Login", r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	return server
}

// login is what s sends to url.
func login(t *testing.T, s *Settings, url string) string {
	t.Helper()
	client, err := s.RegistryHTTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.Header.Get("Login")
}

func TestRegistryLogins(t *testing.T) {
	registry := whoAsks(t, httptest.NewServer)
	const basic = "Basic YWxpY2U6cHc=" // alice:pw
	java := write(t, "client.properties", "schema.registry.url="+registry.URL+"\nbasic.auth.user.info=alice:pw\n")
	javaToken := write(t, "token.properties", "schema.registry.url="+registry.URL+"\nbearer.auth.credentials.source=STATIC_TOKEN\nbearer.auth.token=tok\n")
	for _, test := range []struct {
		name string
		s    *Settings
		want string
	}{
		{"none", resolve(t, Flags{Registry: registry.URL}), ""},
		{"user and password", inContext(t, "b", []string{"registry: {url: \"" + registry.URL + "\", user: alice, password: {env: P}}"}, "P", "pw"), basic},
		{"a token", inContext(t, "b", []string{"registry: {url: \"" + registry.URL + "\", token: {env: P}}"}, "P", "tok"), "Bearer tok"},
		{"of the environment", resolve(t, Flags{}, "EVTCTL_REGISTRY", strings.Replace(registry.URL, "://", "://alice:pw@", 1)), basic},
		{"only a user", resolve(t, Flags{}, "EVTCTL_REGISTRY", strings.Replace(registry.URL, "://", "://alice@", 1)), "Basic YWxpY2U6"},
		{"Confluent's properties", resolve(t, Flags{CommandConfig: java}), basic},
		{"Confluent's token", resolve(t, Flags{CommandConfig: javaToken}), "Bearer tok"},
	} {
		if got := login(t, test.s, registry.URL+"/subjects"); got != test.want {
			t.Errorf("%s: sent %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTheRegistryLoginStaysWithTheRegistry(t *testing.T) {
	elsewhere := whoAsks(t, httptest.NewServer)
	registry := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer registry.Close()
	s := inContext(t, "b", []string{"registry: {url: \"" + registry.URL + "\", token: {env: P}}"}, "P", "tok")
	if got := login(t, s, registry.URL); got != "" {
		t.Errorf("a redirect carried %q along", got)
	}
}

func TestRegistryAuthorityAndSecrets(t *testing.T) {
	registry := whoAsks(t, httptest.NewTLSServer)
	registry.Config.ErrorLog = nil
	ca := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw})), 0o644)
	trusting := inContext(t, "b", []string{"registry: {url: \"" + registry.URL + "\", ca: \"" + ca + "\", token: {env: P}}"}, "P", "tok")
	if got := login(t, trusting, registry.URL); got != "Bearer tok" {
		t.Errorf("sent %q", got)
	}
	client, err := resolve(t, Flags{Registry: registry.URL}).RegistryHTTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if response, err := client.Get(registry.URL); err == nil {
		response.Body.Close()
		t.Error("an unknown authority is trusted")
	}
	_, err = inContext(t, "b", []string{"registry: {token: {env: UNSET}}"}).RegistryHTTP(t.Context())
	if usageError(t, err); !strings.Contains(err.Error(), "UNSET") {
		t.Errorf("error is %v", err)
	}
	_, err = inContext(t, "b", []string{"registry: {ca: /nonexistent}"}).RegistryHTTP(t.Context())
	usageError(t, err)
}

func TestASilentRegistryIsBounded(t *testing.T) {
	s := resolve(t, Flags{Registry: "http://" + listen(t, silent), Timeout: limit})
	client, err := s.RegistryHTTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if response, err := client.Get(s.Registry); err == nil {
		response.Body.Close()
		t.Error("a silent registry answered")
	}
	if took := time.Since(started); took > 2*limit {
		t.Errorf("it took %s", took)
	}
}
