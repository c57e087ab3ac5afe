package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/golang-jwt/jwt/v5"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenMechanism is OAUTHBEARER with tokens that are looked at before they are
// sent: a broker that refuses one says "invalid_token" at best.
type tokenMechanism struct {
	fetch      func(context.Context) (string, error)
	extensions map[string]string
	limit      time.Duration // for one fetch; the client's own context has none
}

// newTokenMechanism reads the secrets that don't change. Tokens are read anew
// for each session: files and commands rotate them.
func (s *Settings) newTokenMechanism(ctx context.Context) (sasl.Mechanism, error) {
	fetch, err := s.tokenSource(ctx)
	if err != nil {
		return nil, err
	}
	m := &tokenMechanism{fetch: fetch, extensions: s.sasl.extensions, limit: s.Timeout}
	if _, err := m.token(ctx); err != nil { // most of what can be wrong is known without a broker
		return nil, err
	}
	return m, nil
}

func (s *Settings) tokenSource(ctx context.Context) (func(context.Context) (string, error), error) {
	switch {
	case !s.sasl.token.isZero():
		return (&rereadToken{from: s.sasl.token}).get, nil
	case s.sasl.endpoint != "":
		secret, err := s.sasl.clientSecret.read(ctx)
		if err != nil {
			return nil, err
		}
		return s.endpointTokens(ctx, secret), nil
	default:
		return func(context.Context) (string, error) { return s.sasl.unsecured.token(time.Now()) }, nil
	}
}

func (*tokenMechanism) Name() string { return mechanismOAuth }

func (m *tokenMechanism) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	token, err := m.token(ctx)
	if err != nil {
		return nil, nil, err
	}
	session, first, err := oauth.Auth{Token: token, Extensions: m.extensions}.AsMechanism().Authenticate(ctx, host)
	return tokenSession{session}, first, err
}

func (m *tokenMechanism) token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, m.limit)
	defer cancel()
	token, err := m.fetch(ctx)
	if err != nil {
		return "", err
	}
	return token, checkToken(token, time.Now())
}

// tokenSession reads the broker's refusal, a JSON object that RFC 7628 (3.2.2)
// puts in place of an empty challenge.
type tokenSession struct{ sasl.Session }

func (s tokenSession) Challenge(challenge []byte) (bool, []byte, error) {
	if len(challenge) == 0 {
		return s.Session.Challenge(challenge)
	}
	var refusal struct {
		Status string `json:"status"`
		Scope  string `json:"scope"`
	}
	if err := json.Unmarshal(challenge, &refusal); err != nil || refusal.Status == "" {
		refusal.Status = "no reason given"
	}
	return false, nil, &tokenError{problem: "the broker refused the token: " + refusal.Status, scope: refusal.Scope, refused: true}
}

// tokenError means that there is no token a broker would take.
type tokenError struct {
	problem string
	hint    string
	scope   string // that the broker wants, when it says so
	refused bool   // by the broker
	err     error
}

func (e *tokenError) Error() string { return e.problem }
func (e *tokenError) Unwrap() error { return e.err }

// checkToken finds what a JWT itself says against its use now. Other tokens
// pass; the signature is the broker's business.
func checkToken(token string, now time.Time) error {
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		if parsed == nil && strings.ContainsAny(token, " \t\r\n") {
			return &tokenError{problem: "the token has blanks or line breaks in it", hint: "check what the file or command gives"}
		}
		return nil
	}
	if exp, err := parsed.Claims.GetExpirationTime(); err == nil && exp != nil && !now.Before(exp.Time) {
		return &tokenError{
			problem: fmt.Sprintf("the token expired %s (exp %s)", humanize.RelTime(exp.Time, now, "ago", "from now"), exp.UTC().Format(time.RFC3339)),
			hint:    "get a new token from your identity provider; if it is new, compare this machine's clock",
		}
	}
	if nbf, err := parsed.Claims.GetNotBefore(); err == nil && nbf != nil && now.Before(nbf.Time) {
		return &tokenError{
			problem: fmt.Sprintf("the token is valid only %s (nbf %s)", humanize.RelTime(nbf.Time, now, "ago", "from now"), nbf.UTC().Format(time.RFC3339)),
			hint:    "compare this machine's clock with the identity provider's",
		}
	}
	return nil
}

// rereadToken reads a token from its file, variable or command for each session,
// but not more often than every few seconds: a client logs in to all brokers at
// about the same time, and a command may ask a person.
type rereadToken struct {
	from credential

	mu    sync.Mutex
	value string
	read  time.Time
}

const rereadAfter = 5 * time.Second

func (t *rereadToken) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && time.Since(t.read) < rereadAfter {
		return t.value, nil
	}
	value, err := t.from.read(ctx)
	if err == nil {
		t.value, t.read = strings.TrimSpace(value), time.Now()
	}
	return t.value, err
}

// endpointTokens gets tokens by the client credentials grant (RFC 6749, 4.4),
// with id and secret in the Authorization header as Java's client does, and
// keeps each until shortly before it expires.
func (s *Settings) endpointTokens(ctx context.Context, secret string) func(context.Context) (string, error) {
	config := clientcredentials.Config{
		ClientID: s.sasl.clientID, ClientSecret: secret, TokenURL: s.sasl.endpoint,
		Scopes: strings.Fields(s.sasl.scope), AuthStyle: oauth2.AuthStyleInHeader,
	}
	client := &http.Client{Timeout: s.Timeout}
	source := config.TokenSource(context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, client))
	return func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", endpointError(s.sasl.endpoint, err)
		}
		return token.AccessToken, nil
	}
}

// endpointError keeps the error code and description of the endpoint's answer,
// not its body: an error page helps nobody.
func endpointError(endpoint string, err error) error {
	reason := err.Error()
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode != "":
		reason = strings.TrimSpace(refused.ErrorCode + " " + refused.ErrorDescription)
	case errors.As(err, &refused) && refused.Response != nil:
		reason = "HTTP " + refused.Response.Status
	}
	return &tokenError{
		problem: fmt.Sprintf("get a token from %s: %s", endpoint, reason),
		hint:    "check the token endpoint, client id, client secret and scope",
		err:     err,
	}
}
