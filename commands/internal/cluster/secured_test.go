package cluster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// inContext resolves a contexts file with one context, x, made of lines.
func inContext(t *testing.T, broker string, lines []string, env ...string) *Settings {
	t.Helper()
	config := "current: x\ncontexts:\n  x:\n    brokers: [\"" + broker + "\"]\n"
	for _, line := range lines {
		config += "    " + line + "\n"
	}
	return resolve(t, Flags{ConfigFile: write(t, "config.yaml", config), Timeout: 10 * time.Second}, env...)
}

// TestSecuredBroker checks the words against what a real broker really answers.
func TestSecuredBroker(t *testing.T) {
	broker := kafkatest.Secured(t)
	const password = "PASSWORD"
	trusted := fmt.Sprintf("tls: {ca: %q}", broker.CAFile)
	other := fmt.Sprintf("tls: {ca: %q}", broker.OtherCAFile)
	mutual := fmt.Sprintf("tls: {ca: %q, cert: %q, key: %q}", broker.CAFile, broker.ClientCert, broker.ClientKey)
	login := func(mechanism, user string) string {
		return fmt.Sprintf("sasl: {mechanism: %s, user: %s, password: {env: %s}}", mechanism, user, password)
	}
	bearer := "sasl: {token: {env: TOKEN}}"
	alice := []string{password, kafkatest.Password(kafkatest.Alice)}
	mistyped := []string{password, "mistyped-secret"}
	token := func(expiry time.Duration, claims map[string]any) []string {
		return []string{"TOKEN", broker.TokenFor(kafkatest.Alice, time.Now().Add(expiry), claims)}
	}

	for _, test := range []struct {
		name     string
		listener string
		lines    []string
		env      []string
		cause    Cause // "": it works
		words    []string
	}{
		{"plain text", kafkatest.Plaintext, nil, nil, "", nil},
		{"TLS", kafkatest.TLS, []string{trusted}, nil, "", nil},
		{"mutual TLS", kafkatest.MTLS, []string{mutual}, nil, "", nil},
		{"PLAIN", kafkatest.SASLPlaintext, []string{login("PLAIN", "alice")}, alice, "", nil},
		{"PLAIN over TLS", kafkatest.SASLTLS, []string{trusted, login("PLAIN", "alice")}, alice, "", nil},
		{"SCRAM-SHA-256", kafkatest.SASLTLS, []string{trusted, login("SCRAM-SHA-256", "alice")}, alice, "", nil},
		{"SCRAM-SHA-512", kafkatest.SASLTLS, []string{trusted, login("SCRAM-SHA-512", "alice")}, alice, "", nil},
		{"OAUTHBEARER", kafkatest.SASLTLS, []string{trusted, bearer}, token(time.Hour, nil), "", nil},

		{"plain text to a TLS port", kafkatest.TLS, nil, nil, CauseNeedsTLS, nil},
		{"plain text with SASL to a TLS port", kafkatest.SASLTLS, []string{login("PLAIN", "alice")}, alice, CauseNeedsTLS, nil},
		{"TLS to a plain-text port", kafkatest.Plaintext, []string{trusted}, nil, CauseNoTLS, nil},
		{"TLS to a plain-text port with SASL", kafkatest.SASLPlaintext, []string{trusted, login("PLAIN", "alice")}, alice, CauseNoTLS, nil},
		{"wrong authority", kafkatest.TLS, []string{other}, nil, CauseUntrusted, []string{"CN=ca"}},
		{"system authorities", kafkatest.TLS, []string{"tls: {}"}, nil, CauseUntrusted, []string{"CN=ca"}},
		{"wrong name", kafkatest.TLSWrongName, []string{trusted}, nil, CauseWrongName, []string{"elsewhere.test"}},
		{"expired certificate", kafkatest.TLSExpired, []string{trusted}, nil, CauseExpired, []string{"expired 1 day ago"}},
		{"client certificate missing", kafkatest.MTLS, []string{trusted}, nil, CauseClientCertificate, []string{"none is configured"}},

		{"wrong password, PLAIN", kafkatest.SASLTLS, []string{trusted, login("PLAIN", "alice")}, mistyped, CauseCredentials, []string{`user "alice"`, "by PLAIN refused"}},
		{"wrong password, SCRAM", kafkatest.SASLTLS, []string{trusted, login("SCRAM-SHA-512", "alice")}, mistyped, CauseCredentials, []string{`user "alice"`, "SCRAM-SHA-512 refused"}},
		{"unknown user", kafkatest.SASLPlaintext, []string{login("SCRAM-SHA-256", "mallory")}, mistyped, CauseCredentials, []string{`user "mallory"`}},
		{"mechanism off", kafkatest.SASLPlaintext, []string{login("SCRAM-SHA-512", "alice")}, alice, CauseMechanism, []string{"SCRAM-SHA-512, only ", "PLAIN", "SCRAM-SHA-256"}},
		{"SASL missing", kafkatest.SASLPlaintext, nil, nil, CauseNeedsSASL, []string{"PLAIN", "SCRAM-SHA-256"}},
		{"SASL missing, TLS", kafkatest.SASLTLS, []string{trusted}, nil, CauseNeedsSASL, []string{"OAUTHBEARER"}},
		{"SASL not wanted", kafkatest.Plaintext, []string{login("PLAIN", "alice")}, alice, CauseNoSASL, nil},
		{"SASL not wanted, TLS", kafkatest.TLS, []string{trusted, login("SCRAM-SHA-512", "alice")}, alice, CauseNoSASL, nil},
		{"expired token", kafkatest.SASLTLS, []string{trusted, bearer}, token(-3*time.Minute, nil), CauseToken, []string{"the token expired 3 minutes ago (exp "}},
		{"token for another audience", kafkatest.SASLTLS, []string{trusted, bearer}, token(time.Hour, map[string]any{"aud": "elsewhere"}), CauseCredentials, []string{"refused the token: invalid_token"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := inContext(t, broker.Listener(test.listener), test.lines, test.env...)
			if test.cause != "" {
				e := refused(t, s, test.cause, test.words...)
				if strings.Contains(fmt.Sprintf("%v %s %+v", e, e.Hint(), e.Unwrap()), "mistyped-secret") {
					t.Errorf("the password is in %v", e)
				}
				return
			}
			client, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			client.Close()
		})
	}
}

func TestSecuredBrokerByJavaProperties(t *testing.T) {
	broker := kafkatest.Secured(t)
	file := write(t, "client.properties", fmt.Sprintf(`bootstrap.servers=%s
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=%s
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="alice" \
  password="%s";
client.dns.lookup=use_all_dns_ips
`, broker.Listener(kafkatest.SASLTLS), broker.CAFile, kafkatest.Password(kafkatest.Alice)))
	s := resolve(t, Flags{CommandConfig: file})
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if topics, err := kadm.NewClient(client).ListTopics(t.Context()); err != nil || topics.Error() != nil {
		t.Errorf("topics: %v", errors.Join(err, topics.Error()))
	}
}

func TestNotAuthorized(t *testing.T) {
	broker := kafkatest.Secured(t)
	topic := broker.Topic(t, 1)
	as := func(user string) (*Settings, *kadm.Client) {
		s := inContext(t, broker.Listener(kafkatest.SASLPlaintext),
			[]string{"sasl: {mechanism: PLAIN, user: " + user + ", password: {env: PASSWORD}}"}, "PASSWORD", kafkatest.Password(user))
		client, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return s, kadm.NewClient(client)
	}
	s, bob := as(kafkatest.Bob)
	for _, test := range []struct {
		name string
		ask  func() error
		code *kerr.Error
		says string
	}{
		{"cluster", func() error {
			acls, err := bob.DescribeACLs(t.Context(), kadm.NewACLs().AnyResource().Allow().AllowHosts().Operations(kadm.OpAny))
			for _, acl := range acls {
				err = errors.Join(err, acl.Err)
			}
			return err
		},
			kerr.ClusterAuthorizationFailed, "not authorized for this on the cluster"},
		{"topic", func() error {
			offsets, err := bob.ListEndOffsets(t.Context(), topic)
			return errors.Join(err, offsets.Error())
		},
			kerr.TopicAuthorizationFailed, "not authorized for the topic"},
		{"group", func() error { _, err := bob.FetchOffsets(t.Context(), "somebody"); return err },
			kerr.GroupAuthorizationFailed, "not authorized for the group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.ask()
			if err == nil {
				t.Fatal("bob is allowed to")
			}
			err = s.Explain(fmt.Errorf("ask about the %s: %w", test.name, err))
			var request *RequestError
			if !errors.As(err, &request) || request.Code != test.code {
				t.Fatalf("error is %T (%v), want a *RequestError with %v", err, err, test.code)
			}
			if want := "ask about the " + test.name + ": " + test.says; !strings.Contains(err.Error(), want) {
				t.Errorf("%q doesn't say %q", err, want)
			}
			if !strings.Contains(request.Hint(), `user "bob"`) {
				t.Errorf("the hint doesn't say who we are: %q", request.Hint())
			}
			t.Logf("%v\n\t%s", err, request.Hint())
		})
	}
}
