package kafkatest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestSecuredBrokerLetsIn(t *testing.T) {
	s := kafkatest.Secured(t)
	topic := s.Topic(t, 1)
	password := kafkatest.Password(kafkatest.Alice)
	scramAuth := scram.Auth{User: kafkatest.Alice, Pass: password}
	plainAuth := plain.Auth{User: kafkatest.Alice, Pass: password}.AsMechanism()

	for _, test := range []struct {
		name, listener string
		opts           []kgo.Opt
	}{
		{"alice's certificate", kafkatest.MTLS, []kgo.Opt{trust(t, s.CAFile, s.ClientCert, s.ClientKey)}},
		{"PLAIN over TLS", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(plainAuth)}},
		{"SCRAM-SHA-256 over TLS", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(scramAuth.AsSha256Mechanism())}},
		{"SCRAM-SHA-512 over TLS", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(scramAuth.AsSha512Mechanism())}},
		{"a token over TLS", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(token(s.Token(time.Now().Add(time.Hour))))}},
		{"PLAIN without TLS", kafkatest.SASLPlaintext, []kgo.Opt{kgo.SASL(plainAuth)}},
		{"SCRAM-SHA-256 without TLS", kafkatest.SASLPlaintext, []kgo.Opt{kgo.SASL(scramAuth.AsSha256Mechanism())}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if topics := visible(t, s, test.listener, test.opts...); !topics.Has(topic) {
				t.Errorf("alice reads everything, but sees %v", topics.Names())
			}
		})
	}
	for listener, opts := range map[string][]kgo.Opt{
		kafkatest.TLS:       {trust(t, s.CAFile)},
		kafkatest.Plaintext: nil,
	} {
		t.Run("anybody on "+listener+", to see nothing", func(t *testing.T) {
			if topics := visible(t, s, listener, opts...); len(topics) != 0 {
				t.Errorf("an anonymous client sees %v", topics.Names())
			}
		})
	}
}

func TestSecuredBrokerRefuses(t *testing.T) {
	s := kafkatest.Secured(t)
	alice := plain.Auth{User: kafkatest.Alice, Pass: kafkatest.Password(kafkatest.Alice)}.AsMechanism()
	wrong := scram.Auth{User: kafkatest.Alice, Pass: "wrong"}
	soon := time.Now().Add(time.Hour)

	for _, test := range []struct {
		name, listener string
		opts           []kgo.Opt
		want           string
	}{
		{"another authority", kafkatest.TLS, []kgo.Opt{trust(t, s.OtherCAFile)}, "unknown authority"},
		{"an expired certificate", kafkatest.TLSExpired, []kgo.Opt{trust(t, s.CAFile)}, "expired"},
		{"another host's certificate", kafkatest.TLSWrongName, []kgo.Opt{trust(t, s.CAFile)}, "127.0.0.1"},
		{"no client certificate", kafkatest.MTLS, []kgo.Opt{trust(t, s.CAFile)}, "remote error: tls"},
		{"a wrong password", kafkatest.SASLPlaintext, []kgo.Opt{kgo.SASL(wrong.AsSha256Mechanism())}, "SASL_AUTHENTICATION_FAILED"},
		{"a mechanism that is off", kafkatest.SASLPlaintext, []kgo.Opt{kgo.SASL(wrong.AsSha512Mechanism())}, "UNSUPPORTED_SASL_MECHANISM"},
		{"SASL that isn't wanted", kafkatest.Plaintext, []kgo.Opt{kgo.SASL(alice)}, "ILLEGAL_SASL_STATE"},
		{"an expired token", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(token(s.Token(time.Now().Add(-time.Minute))))}, "unexpected data in oauth response"},
		{"a token for somebody else's service", kafkatest.SASLTLS, []kgo.Opt{trust(t, s.CAFile), kgo.SASL(token(
			s.TokenFor(kafkatest.Alice, soon, map[string]any{"aud": "elsewhere"})))}, "unexpected data in oauth response"},
	} {
		t.Run(test.name, func(t *testing.T) {
			opts := append(test.opts, kgo.SeedBrokers(s.Listener(test.listener)))
			cl, err := kgo.NewClient(opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := cl.Ping(ctx); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the broker answers %v, want %q", err, test.want)
			}
		})
	}
}

func TestBobSeesOnlyWhatHeIsAllowed(t *testing.T) {
	s := kafkatest.Secured(t)
	topic, group := s.Topic(t, 1), s.Name(t, "group")
	s.Commit(t, group, topic, map[int32]int64{0: 0})
	asBob := kgo.SASL(plain.Auth{User: kafkatest.Bob, Pass: kafkatest.Password(kafkatest.Bob)}.AsMechanism())

	if topics := visible(t, s, kafkatest.SASLPlaintext, asBob); len(topics) != 0 {
		t.Errorf("bob sees %v before he may", topics.Names())
	}
	t.Run("while he is allowed", func(t *testing.T) {
		s.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe)
		topics := visible(t, s, kafkatest.SASLPlaintext, asBob)
		if !topics.Has(topic) || len(topics) != 1 {
			t.Errorf("bob sees %v, want only %q", topics.Names(), topic)
		}
		adm := kadm.NewClient(client(t, s, kafkatest.SASLPlaintext, asBob))
		if _, err := adm.FetchOffsets(context.Background(), group); !errors.Is(err, kerr.GroupAuthorizationFailed) {
			t.Errorf("bob's look at a group is answered with %v, want GROUP_AUTHORIZATION_FAILED", err)
		}
	})
	if topics := visible(t, s, kafkatest.SASLPlaintext, asBob); len(topics) != 0 {
		t.Errorf("bob still sees %v when the test that allowed it has ended", topics.Names())
	}
}

func TestToolsRunAsTheAdministratorOfASecuredBroker(t *testing.T) {
	s := kafkatest.Secured(t)
	topic := s.Topic(t, 1)
	if out := s.Tool(t, "org.apache.kafka.tools.TopicCommand", "--list"); !strings.Contains(out, topic) {
		t.Errorf("topic %q isn't in the list:\n%s", topic, out)
	}
}

// client opens a client at one of the broker's listeners, as whoever opts make
// it.
func client(t *testing.T, s *kafkatest.SecuredCluster, listener string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.Listener(listener)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// visible lists the topics that somebody sees.
func visible(t *testing.T, s *kafkatest.SecuredCluster, listener string, opts ...kgo.Opt) kadm.TopicDetails {
	t.Helper()
	topics, err := kadm.NewClient(client(t, s, listener, opts...)).ListTopics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return topics
}

// trust speaks TLS to servers of that authority, with a client's certificate
// and key if they are given.
func trust(t *testing.T, caFile string, pair ...string) kgo.Opt {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(pem)
	if len(pair) == 2 {
		cert, err := tls.LoadX509KeyPair(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return kgo.DialTLSConfig(config)
}

func token(jwt string) sasl.Mechanism { return oauth.Auth{Token: jwt}.AsMechanism() }
