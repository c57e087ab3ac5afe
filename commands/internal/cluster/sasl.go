package cluster

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const (
	mechanismPlain    = "PLAIN"
	mechanismScram256 = "SCRAM-SHA-256"
	mechanismScram512 = "SCRAM-SHA-512"
	mechanismOAuth    = "OAUTHBEARER"
)

var mechanisms = []string{mechanismPlain, mechanismScram256, mechanismScram512, mechanismOAuth}

// saslSource is how to log in, its secrets still unread.
type saslSource struct {
	enabled   bool
	from      string // where it was given, for messages
	mechanism string

	user            string
	password        credential
	delegationToken bool // user and password are a delegation token's id and HMAC

	token        credential
	endpoint     string // an http(s) URL that gives tokens
	clientID     string
	clientSecret credential
	scope        string
	extensions   map[string]string // sent along with the token (RFC 7628)
	unsecured    *unsecuredJWS
}

// newSASLSource takes the sasl of a context.
func (s *Settings) newSASLSource(from string, c *SASL, dir string) (saslSource, error) {
	if c == nil {
		return saslSource{}, nil
	}
	source := saslSource{
		enabled: true, from: from + ": sasl", mechanism: strings.ToUpper(c.Mechanism), user: c.User,
		password:     s.credential("the SASL password", c.Password, dir),
		token:        s.credential("the SASL token", c.Token, dir),
		clientID:     c.ClientID,
		clientSecret: s.credential("the OAuth client secret", c.ClientSecret, dir),
		scope:        c.Scope,
	}
	if source.mechanism == "" && (!c.Token.IsZero() || c.TokenEndpoint != "") {
		source.mechanism = mechanismOAuth
	}
	if c.TokenEndpoint == "" {
		return source, nil
	}
	return source, source.setEndpoint(c.TokenEndpoint, from+": sasl.token_endpoint")
}

// setEndpoint takes an http(s) URL, or a file URL, which as in Java names a file
// with a token in it.
func (s *saslSource) setEndpoint(raw, where string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.User != nil:
		return usagef("give https://host/path, without user and password", "%s: not a token endpoint", where)
	case u.Scheme == "file" && u.Path != "":
		s.token, s.endpoint = credential{what: "the SASL token", from: Secret{File: u.Path}}, ""
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		s.endpoint = u.String()
	default:
		return usagef("give https://host/path", "%s: %q is not a token endpoint", where, raw)
	}
	return nil
}

// applyProperties takes the sasl.* properties.
func (s *saslSource) applyProperties(p propertySet) error {
	if mechanism := p[keyMechanism]; mechanism.value != "" {
		s.mechanism, s.from = strings.ToUpper(mechanism.value), mechanism.from
	}
	if jaas := p[keyJAAS]; jaas.value != "" {
		s.from = jaas.from
		module, err := parseJAAS(jaas.value)
		if err != nil {
			return usagef("", "%s: %s: %w", jaas.from, keyJAAS, err)
		}
		if err := s.applyModule(module); err != nil {
			return err
		}
	}
	if handler := p[keyLoginHandler]; handler.value != "" && !strings.HasSuffix(handler.value, ".OAuthBearerLoginCallbackHandler") {
		return usagef(noJavaClasses, "%s: %s=%s isn't supported", handler.from, keyLoginHandler, handler.value)
	}
	s.clientID = cmp.Or(p.get(keyOAuthClientID), s.clientID)
	s.scope = cmp.Or(p.get(keyOAuthScope), s.scope)
	if p.get(keyOAuthClientSecret) != "" {
		s.clientSecret = p.credential(keyOAuthClientSecret, "the OAuth client secret")
	}
	if endpoint := p[keyTokenEndpoint]; endpoint.value != "" {
		return s.setEndpoint(endpoint.value, endpoint.from+": "+keyTokenEndpoint)
	}
	return nil
}

// applyModule takes the options of a JAAS login module.
func (s *saslSource) applyModule(m jaasModule) error {
	switch m.class {
	case plainModule, scramModule:
		s.user = m.options["username"]
		s.password = credential{}
		if password := m.options["password"]; password != "" {
			s.password = literal("the SASL password", password)
		}
		s.delegationToken = strings.EqualFold(m.options["tokenauth"], "true")
		if s.mechanism == "" && m.class == plainModule {
			s.mechanism = mechanismPlain
		}
	case oauthModule:
		s.mechanism = cmp.Or(s.mechanism, mechanismOAuth)
		s.clientID = cmp.Or(m.options["clientId"], s.clientID)
		s.scope = cmp.Or(m.options["scope"], s.scope)
		if secret := m.options["clientSecret"]; secret != "" {
			s.clientSecret = literal("the OAuth client secret", secret)
		}
		s.extensions = m.prefixed("extension_")
		var err error
		if s.unsecured, err = newUnsecuredJWS(m); err != nil {
			return usagef("", "%s: %s: %w", s.from, keyJAAS, err)
		}
	default:
		return usagef("use "+plainModule+", "+scramModule+" or "+oauthModule, "%s: %s: login module %q isn't supported", s.from, keyJAAS, m.class)
	}
	return nil
}

// check finds a login that lacks something.
func (s *saslSource) check() error {
	if !s.enabled {
		return nil
	}
	missing := ""
	switch s.mechanism {
	case mechanismPlain, mechanismScram256, mechanismScram512:
		if s.password.isZero() {
			missing = "a password"
		}
		if s.user == "" {
			missing = "a user"
		}
	case mechanismOAuth:
		switch {
		case !s.token.isZero() && s.endpoint != "":
			return usagef("keep one of them", "%s: both a token and a token endpoint are given", s.from)
		case !s.token.isZero() || s.unsecured != nil:
		case s.endpoint == "":
			missing = "a token or a token endpoint"
		case s.clientID == "" || s.clientSecret.isZero():
			missing = "a client id and client secret"
		}
	case "":
		return usagef("give one of "+strings.Join(mechanisms, ", "), "%s: SASL without a mechanism", cmp.Or(s.from, keyProtocol))
	default:
		hint := "supported are " + strings.Join(mechanisms, ", ")
		if near := nearest(s.mechanism, mechanisms); near != "" {
			hint = suggest(s.mechanism, mechanisms)
		}
		return usagef(hint, "%s: SASL mechanism %q isn't supported", s.from, s.mechanism)
	}
	if missing != "" {
		return usagef("give it in the context, or in sasl.jaas.config of a --command-config file", "%s: %s needs %s", s.from, s.mechanism, missing)
	}
	return nil
}

// loadMechanism reads the secrets and gives the SASL mechanism; nil without SASL.
func (s *Settings) loadMechanism(ctx context.Context) (sasl.Mechanism, error) {
	source := s.sasl
	if !source.enabled {
		return nil, nil
	}
	if source.mechanism == mechanismOAuth {
		return s.newTokenMechanism(ctx)
	}
	password, err := source.password.read(ctx)
	if err != nil {
		return nil, err
	}
	if source.mechanism == mechanismPlain {
		return plain.Auth{User: source.user, Pass: password}.AsMechanism(), nil
	}
	auth := scram.Auth{User: source.user, Pass: password, IsToken: source.delegationToken}
	if source.mechanism == mechanismScram512 {
		return auth.AsSha512Mechanism(), nil
	}
	return auth.AsSha256Mechanism(), nil
}

// login describes who logs in, for messages.
func (s *Settings) login() string {
	switch {
	case s.sasl.enabled && s.sasl.user != "":
		return "user \"" + s.sasl.user + "\""
	case s.sasl.enabled && s.sasl.clientID != "":
		return "client \"" + s.sasl.clientID + "\""
	case s.sasl.enabled:
		return "the token's principal"
	case s.tlsConf != nil && s.tls.keys.given():
		return "the client certificate's principal"
	default:
		return "User:ANONYMOUS"
	}
}
