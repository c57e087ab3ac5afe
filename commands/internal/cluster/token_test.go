package cluster

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// signed makes a token with an expiry and more claims.
func signed(t *testing.T, expires time.Duration, more jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": "alice", "exp": time.Now().Add(expires).Unix()}
	for name, value := range more {
		claims[name] = value
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokensAreLookedAtBeforeTheyAreSent(t *testing.T) {
	now := time.Now()
	for _, test := range []struct{ name, token, says string }{
		{"a valid one", signed(t, time.Hour, nil), ""},
		{"one that isn't a JWT", "opaque-token", ""},
		{"one without an expiry", signed(t, time.Hour, jwt.MapClaims{"exp": nil}), ""},
		{"one that expired minutes ago", signed(t, -3*time.Minute, nil), "expired 3 minutes ago (exp " + now.Add(-3*time.Minute).UTC().Format("2006-01-02T15:04")},
		{"one that expires now", signed(t, 0, nil), "expired now"},
		{"one of tomorrow", signed(t, 48*time.Hour, jwt.MapClaims{"nbf": now.Add(24*time.Hour + time.Minute).Unix()}), "valid only 1 day from now (nbf "},
		{"one with line breaks", "abc\ndef", "blanks or line breaks"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkToken(test.token, now)
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), test.token) {
				t.Errorf("%v doesn't say %q", err, test.says)
			}
		})
	}
}

func TestAnExpiredTokenIsToldWithoutABroker(t *testing.T) {
	s := inContext(t, "127.0.0.1:1", []string{"sasl: {token: {env: TOKEN}}"}, "TOKEN", signed(t, -time.Hour, nil))
	_, err := s.Options(t.Context())
	var connect *ConnectError
	if !errors.As(err, &connect) || connect.Cause != CauseToken || connect.Broker != "" {
		t.Fatalf("error is %T (%v)", err, err)
	}
	if want := "the token expired 1 hour ago (exp "; !strings.HasPrefix(err.Error(), want) || connect.Hint() == "" {
		t.Errorf("error is %q, hint %q", err, connect.Hint())
	}
}

// sent gives the token that a client of s would send.
func sent(t *testing.T, s *Settings) (string, error) {
	t.Helper()
	mechanism, err := s.loadMechanism(t.Context())
	if err != nil {
		return "", err
	}
	_, message, err := mechanism.Authenticate(t.Context(), "127.0.0.1:1")
	_, rest, _ := strings.Cut(string(message), "auth=Bearer ")
	token, _, _ := strings.Cut(rest, "\x01")
	return token, err
}

func TestATokenFileIsReadAgain(t *testing.T) {
	first, second := signed(t, time.Hour, nil), signed(t, 2*time.Hour, nil)
	file := write(t, "token", first+"\n")
	s := inContext(t, "127.0.0.1:1", []string{`sasl: {token: {file: "` + file + `"}}`})
	source := &rereadToken{from: s.sasl.token}
	if got, err := source.get(t.Context()); got != first || err != nil {
		t.Fatalf("token is %q, %v", got, err)
	}
	if err := os.WriteFile(file, []byte(second), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := source.get(t.Context()); got != first || err != nil {
		t.Errorf("read again at once: %q, %v", got, err)
	}
	source.read = time.Now().Add(-time.Minute)
	if got, err := source.get(t.Context()); got != second || err != nil {
		t.Errorf("token is %q, %v", got, err)
	}
}

func TestATokenFileOfJavasProperties(t *testing.T) {
	token := signed(t, time.Hour, nil)
	file := write(t, "token", token+"\n")
	properties := "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=file://" + filepath.ToSlash(file) + "\n" +
		"sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;\n" +
		"sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler\n"
	s := resolve(t, Flags{CommandConfig: write(t, "client.properties", properties)})
	if got, err := sent(t, s); got != token || err != nil {
		t.Errorf("token is %q, %v", got, err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := sent(t, s)
	usageError(t, err)
}

func TestClientCredentials(t *testing.T) {
	token := signed(t, time.Hour, nil)
	var asked atomic.Int32
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		id, secret, _ := r.BasicAuth()
		if id != "evtctl" || secret != "client-secret" || r.FormValue("scope") != "kafka read" || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": "no such client"})
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
	}))
	defer idp.Close()
	context := func(secret string) *Settings {
		return inContext(t, "127.0.0.1:1", []string{"sasl:", "  token_endpoint: " + idp.URL + "/token", "  client_id: evtctl",
			"  client_secret: {env: SECRET}", "  scope: kafka read"}, "SECRET", secret)
	}
	java := func(secret string) *Settings {
		return resolve(t, Flags{CommandConfig: write(t, "client.properties", "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"+
			"sasl.oauthbearer.token.endpoint.url="+idp.URL+"/token\nsasl.jaas.config=x.OAuthBearerLoginModule required clientId=\"evtctl\" clientSecret=\""+secret+"\" scope=\"kafka read\";\n")})
	}
	properties := func(secret string) *Settings {
		return resolve(t, Flags{CommandConfig: write(t, "client.properties", "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"+
			"sasl.oauthbearer.token.endpoint.url="+idp.URL+"/token\nsasl.oauthbearer.client.credentials.client.id=evtctl\n"+
			"sasl.oauthbearer.client.credentials.client.secret="+secret+"\nsasl.oauthbearer.scope=kafka read\n")})
	}
	for name, settings := range map[string]func(string) *Settings{"a context": context, "a login module": java, "properties": properties} {
		asked.Store(0)
		if got, err := sent(t, settings("client-secret")); got != token || err != nil {
			t.Errorf("%s: token is %q, %v", name, got, err)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: the endpoint was asked %d times", name, n)
		}
		_, err := settings("wrong-secret").Options(t.Context())
		var connect *ConnectError
		if !errors.As(err, &connect) || connect.Cause != CauseToken || !strings.Contains(err.Error(), "get a token from "+idp.URL+"/token: invalid_client no such client") {
			t.Errorf("%s: error is %T (%v)", name, err, err)
		}
		if strings.Contains(err.Error()+connect.Hint(), "wrong-secret") {
			t.Errorf("%s: the secret is in %v", name, err)
		}
	}
}

func TestATokenEndpointThatFails(t *testing.T) {
	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()
	for _, test := range []struct{ endpoint, says string }{
		{broken.URL, "HTTP 404 Not Found"},
		{"http://" + closedPort(t), "connection refused"},
		{"http://" + listen(t, silent), "Timeout exceeded"},
	} {
		s := inContext(t, "127.0.0.1:1", []string{"sasl: {token_endpoint: \"" + test.endpoint + "\", client_id: a, client_secret: {env: S}}"}, "S", "x")
		s.Timeout = limit
		started := time.Now()
		_, err := s.Options(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v doesn't say %q", err, test.says)
		}
		if took := time.Since(started); took > 2*limit {
			t.Errorf("%s: it took %s", test.endpoint, took)
		}
	}
}

func TestUnsecuredTokensAndExtensions(t *testing.T) {
	s := resolve(t, Flags{Properties: []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=OAUTHBEARER",
		`sasl.jaas.config=x.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="alice" unsecuredLoginNumberClaim_level="3" ` +
			`unsecuredLoginListClaim_scope="|a|b" unsecuredLoginLifetimeSeconds="60" extension_logicalCluster="lkc-1";`}})
	token, err := sent(t, s)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] != "" {
		t.Fatalf("token is %q", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if lifetime := claims["exp"].(float64) - claims["iat"].(float64); lifetime != 60 {
		t.Errorf("it lives %v seconds", lifetime)
	}
	delete(claims, "exp")
	delete(claims, "iat")
	if diff := cmp.Diff(map[string]any{"sub": "alice", "level": 3.0, "scope": []any{"a", "b"}}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	mechanism, err := s.loadMechanism(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, message, _ := mechanism.Authenticate(t.Context(), ""); !strings.Contains(string(message), "\x01logicalCluster=lkc-1\x01") {
		t.Errorf("message is %q", message)
	}
}

func TestABrokersRefusalOfAToken(t *testing.T) {
	for challenge, says := range map[string]string{
		`{"status":"invalid_token"}`:                      "refused the token: invalid_token",
		`{"status":"insufficient_scope","scope":"kafka"}`: "refused the token: insufficient_scope",
		"\x01": "refused the token: no reason given",
	} {
		_, _, err := tokenSession{}.Challenge([]byte(challenge))
		explained := resolve(t, Flags{}).Explain(err)
		var connect *ConnectError
		if !errors.As(explained, &connect) || connect.Cause != CauseCredentials || !strings.Contains(connect.Error(), says) {
			t.Errorf("%s: error is %v", challenge, explained)
		}
		if strings.Contains(challenge, `"scope"`) && !strings.Contains(connect.Hint(), "scope: kafka") {
			t.Errorf("hint is %q", connect.Hint())
		}
	}
}
