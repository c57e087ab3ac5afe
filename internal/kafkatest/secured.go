package kafkatest

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// The listeners of a secured broker, for [SecuredCluster.Listener]. Those with
// TLS show a certificate for localhost and 127.0.0.1, except where it is said.
const (
	// MTLS wants a client's certificate; its common name is the user.
	MTLS = "MTLS"
	// TLS wants no certificate: everybody is User:ANONYMOUS, who may do nothing.
	TLS = "TLS"
	// TLSExpired is TLS with a certificate that expired yesterday.
	TLSExpired = "TLS_EXPIRED"
	// TLSWrongName is TLS with a certificate for another host.
	TLSWrongName = "TLS_WRONG_NAME"
	// SASLTLS is TLS with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER.
	SASLTLS = "SASL_SSL"
	// SASLPlaintext has PLAIN and SCRAM-SHA-256, and no other mechanism.
	SASLPlaintext = "SASL_PLAINTEXT"
	// Plaintext has neither TLS nor SASL: everybody is User:ANONYMOUS.
	Plaintext = "PLAINTEXT"
)

// The users of a secured broker. Each has the password that [Password] returns,
// in every mechanism that has passwords, and a certificate.
const (
	AdminUser = "admin" // may do everything
	Alice     = "alice" // may read and describe everything, and change nothing
	Bob       = "bob"   // may do nothing
)

// Password is a user's password on a secured broker.
func Password(user string) string { return user + "-secret" }

// SecuredCluster is a real single-node broker that lets nobody in unasked. The
// methods of Cluster act as the administrator.
type SecuredCluster struct {
	*Cluster
	CAFile      string // signed the broker's and the users' certificates
	OtherCAFile string // signed nothing here
	ClientCert  string // alice's certificate
	ClientKey   string // alice's key
	listeners   map[string]string
	users       map[string]keyPair
	tokens      tokenIssuance
}

// Secured gives the secured broker that all tests of this process share, started
// at the first call. There is none on the user's own cluster: the test is then
// skipped.
func Secured(t testing.TB) *SecuredCluster {
	t.Helper()
	if foreign() != nil {
		t.Skipf("%s: EVTCTL_TEST_BROKERS names a cluster whose security isn't this test's to set up; unset it to run this test", LeftOut)
	}
	kafka := needKafka(t)
	securedOnce.Do(func() { securedNode, errSecured = startSecured(kafka) })
	if errSecured != nil {
		t.Fatalf("starting the secured broker: %v", errSecured)
	}
	return securedNode
}

var (
	securedOnce sync.Once
	securedNode *SecuredCluster
	errSecured  error
)

// Listener is the address, 127.0.0.1:port, of one of the listeners named above.
func (s *SecuredCluster) Listener(name string) string {
	address, ok := s.listeners[name]
	if !ok {
		panic(fmt.Sprintf("kafkatest: a secured broker has no listener %q", name))
	}
	return address
}

// ClientPair names the files of a user's certificate and key.
func (s *SecuredCluster) ClientPair(user string) (cert, key string) {
	pair := s.users[user]
	return pair.cert, pair.key
}

// Token makes an OAUTHBEARER token for alice. One that has expired is signed
// just as well.
func (s *SecuredCluster) Token(expiry time.Time) string {
	return s.TokenFor(Alice, expiry, nil)
}

// TokenFor makes a token for any user. The claims are added to the usual ones,
// or replace them: {"aud": "elsewhere"} makes one that the broker refuses.
func (s *SecuredCluster) TokenFor(user string, expiry time.Time, claims map[string]any) string {
	token, err := s.tokens.sign(user, expiry, claims)
	if err != nil {
		panic(err) // claims that aren't JSON: the test is wrong
	}
	return token
}

// startSecured makes certificates, keys and users, and starts the broker with
// them.
func startSecured(kafka *distribution) (*SecuredCluster, error) {
	dir, err := newDir("secured")
	if err != nil {
		return nil, err
	}
	s := &SecuredCluster{listeners: make(map[string]string), users: make(map[string]keyPair)}
	servers, err := s.issueCertificates(dir)
	if err != nil {
		return nil, err
	}
	jwks := filepath.Join(dir, "jwks.json")
	if s.tokens, err = newTokenIssuance(jwks); err != nil {
		return nil, err
	}
	keys := "file://" + jwks
	l := layout{
		nodes: 1,
		listeners: []listener{
			{SASLPlaintext, "SASL_PLAINTEXT"}, {SASLTLS, "SASL_SSL"}, {MTLS, "SSL"}, {TLS, "SSL"},
			{TLSExpired, "SSL"}, {TLSWrongName, "SSL"}, {Plaintext, "PLAINTEXT"},
		},
		controllerProtocol: "SASL_PLAINTEXT",
		configs:            append(securityConfigs(s.CAFile, keys), keystores(servers)...),
		jvm:                []string{"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + keys},
		auth:               []kgo.Opt{kgo.SASL(plain.Auth{User: AdminUser, Pass: Password(AdminUser)}.AsMechanism())},
	}
	for _, user := range []string{AdminUser, Alice, Bob} {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			l.format = append(l.format, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, user, Password(user)))
		}
	}
	if s.Cluster, err = startNodes(kafka, l); err != nil {
		return nil, err
	}
	s.owned = false
	for i, address := range s.doors {
		s.listeners[l.listeners[i].name] = address
	}
	if s.toolConfig, err = writeToolConfig(dir); err != nil {
		return nil, err
	}
	return s, s.letAliceRead()
}

// issueCertificates makes both authorities, the users' certificates and, by
// listener, the broker's; the one under "" is everywhere else.
func (s *SecuredCluster) issueCertificates(dir string) (map[string]keyPair, error) {
	ca, err := newAuthority(dir, "ca")
	if err != nil {
		return nil, err
	}
	other, err := newAuthority(dir, "other-ca")
	if err != nil {
		return nil, err
	}
	s.CAFile, s.OtherCAFile = ca.file, other.file
	for _, user := range []string{AdminUser, Alice, Bob} {
		if s.users[user], err = ca.client(user); err != nil {
			return nil, err
		}
	}
	s.ClientCert, s.ClientKey = s.ClientPair(Alice)

	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	servers := make(map[string]keyPair)
	if servers[""], err = ca.server("broker", tomorrow, "localhost", "127.0.0.1"); err != nil {
		return nil, err
	}
	if servers[TLSExpired], err = ca.server("expired", yesterday, "localhost", "127.0.0.1"); err != nil {
		return nil, err
	}
	if servers[TLSWrongName], err = ca.server("elsewhere", tomorrow, "elsewhere.test"); err != nil {
		return nil, err
	}
	return servers, nil
}
