package cluster

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
)

// registrySource is how to log in to the registry, its secrets still unread.
type registrySource struct {
	user     string
	password credential
	token    credential
	ca       string // a PEM file
}

func (r *registrySource) login(user string, password credential) {
	r.user, r.password, r.token = user, password, credential{}
}

func (r *registrySource) bearer(token credential) {
	r.user, r.password, r.token = "", credential{}, token
}

func (s *Settings) applyContextRegistry(from string, registry Registry, dir string) error {
	if registry.URL != "" {
		if err := s.setRegistry(registry.URL, from+": registry.url"); err != nil {
			return err
		}
	}
	if registry.User != "" && !registry.Token.IsZero() {
		return usagef("keep one of them", "%s: registry has both user and token", from)
	}
	if registry.User == "" && !registry.Password.IsZero() {
		return usagef("add registry.user", "%s: registry has a password and no user", from)
	}
	if registry.User != "" {
		s.registry.login(registry.User, s.credential("the registry password", registry.Password, dir))
	}
	if !registry.Token.IsZero() {
		s.registry.bearer(s.credential("the registry token", registry.Token, dir))
	}
	if registry.CA != "" {
		s.registry.ca = expandPath(registry.CA, dir, s.getenv)
	}
	return nil
}

// applyRegistryProperties takes the properties of Confluent's registry client.
func (s *Settings) applyRegistryProperties(p propertySet) error {
	if at := p[keyRegistry]; at.value != "" {
		if err := s.setRegistry(at.value, at.from+": "+keyRegistry); err != nil {
			return err
		}
	}
	for key, known := range map[string]string{keyBasicAuthSource: "USER_INFO", keyBearerSource: "STATIC_TOKEN"} {
		if source := p[key]; source.value != "" && !strings.EqualFold(source.value, known) {
			return usagef("use "+known, "%s: %s=%s isn't supported", source.from, key, source.value)
		}
	}
	if info := p[keyBasicAuth]; info.value != "" {
		user, password, found := strings.Cut(info.value, ":")
		if !found {
			return usagef("", "%s: %s has to be user:password", info.from, keyBasicAuth)
		}
		s.registry.login(user, literal("the registry password", password))
	}
	if p.get(keyBearerToken) != "" {
		s.registry.bearer(p.credential(keyBearerToken, "the registry token"))
	}
	return nil
}

// RegistryHTTP gives an HTTP client for s.Registry: with the registry's own
// authority, the login of its context, and s.Timeout for a whole exchange. The
// login is sent to the registry's own scheme, host and port only, so a redirect
// elsewhere doesn't carry it along. A secret that can't be read is a
// *UsageError or, when its command fails, a *ConnectError.
func (s *Settings) RegistryHTTP(ctx context.Context) (*http.Client, error) {
	base, err := url.Parse(s.Registry)
	if err != nil {
		return nil, usagef("", "registry %q: %w", s.Registry, err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSHandshakeTimeout = s.Timeout
	if s.registry.ca != "" {
		roots, err := loadAuthorities(trustStore{what: "registry.ca", path: s.registry.ca})
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	authorize, err := s.registryLogin(ctx)
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Timeout:   s.Timeout,
		Transport: &registryTransport{next: transport, base: base, authorize: authorize},
	}, nil
}

// registryLogin gives what adds the login to a request; nil when there is none.
func (s *Settings) registryLogin(ctx context.Context) (func(*http.Request), error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	switch {
	case !s.registry.token.isZero():
		token, err := s.registry.token.read(ctx)
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, err
	case s.registry.user != "":
		password := ""
		var err error
		if !s.registry.password.isZero() {
			password, err = s.registry.password.read(ctx)
		}
		return func(r *http.Request) { r.SetBasicAuth(s.registry.user, password) }, err
	default:
		return nil, nil
	}
}

// registryTransport adds the registry's login to requests that go there.
type registryTransport struct {
	next      http.RoundTripper
	base      *url.URL
	authorize func(*http.Request)
}

func (t *registryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.authorize != nil && r.URL.Scheme == t.base.Scheme && r.URL.Host == t.base.Host {
		r = r.Clone(r.Context())
		t.authorize(r)
	}
	return t.next.RoundTrip(r)
}
