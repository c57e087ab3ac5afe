package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestABrokersWordsReachNoTerminalUnescaped(t *testing.T) {
	s := inContext(t, "b", []string{"sasl: {mechanism: PLAIN, user: u, password: {env: P}}"}, "P", "x")
	f := s.classify("b:9092", fmt.Errorf("%w: no\x1b[31m.", kerr.SaslAuthenticationFailed))
	if want := `login of user "u" by PLAIN refused: no\x1b[31m`; f.problem != want {
		t.Errorf("problem is %q, want %q", f.problem, want)
	}
}

const jaasPlain = `org.apache.kafka.common.security.plain.PlainLoginModule required username="%s" password="%s";`

// loggingIn is a --command-config of mechanism, user and password.
func loggingIn(t *testing.T, address, mechanism, user, password string) Flags {
	t.Helper()
	jaas := fmt.Sprintf(jaasPlain, user, password)
	if strings.HasPrefix(mechanism, "SCRAM") {
		jaas = strings.Replace(jaas, "plain.Plain", "scram.Scram", 1)
	}
	file := write(t, "client.properties", "security.protocol=SASL_PLAINTEXT\nsasl.mechanism="+mechanism+"\nsasl.jaas.config="+jaas+"\n")
	return Flags{Brokers: []string{address}, CommandConfig: file, Timeout: 5 * time.Second}
}

func TestSASL(t *testing.T) {
	broker := kafkatest.Fake(t, kfake.NumBrokers(1), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "alice", "in-the-plain"), kfake.Superuser("SCRAM-SHA-512", "bob", "in-the-sea")).Brokers()[0]
	for _, test := range []struct{ mechanism, user, password string }{
		{"PLAIN", "alice", "in-the-plain"}, {"SCRAM-SHA-512", "bob", "in-the-sea"},
	} {
		t.Run(test.mechanism, func(t *testing.T) {
			client, err := resolve(t, loggingIn(t, broker, test.mechanism, test.user, test.password)).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			client.Close()
		})
		t.Run(test.mechanism+" with a wrong password", func(t *testing.T) {
			e := refused(t, resolve(t, loggingIn(t, broker, test.mechanism, test.user, "mistyped-secret")), CauseCredentials, test.user, test.mechanism)
			if strings.Contains(e.Error()+e.Hint(), "mistyped-secret") {
				t.Errorf("the password is in %v", e)
			}
		})
	}
	t.Run("mechanism off", func(t *testing.T) {
		f := loggingIn(t, broker, "OAUTHBEARER", "", "")
		f.CommandConfig = write(t, "c.properties", "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n"+
			"sasl.jaas.config=x.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"alice\";\n")
		refused(t, resolve(t, f), CauseMechanism, "OAUTHBEARER, only PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	})
	t.Run("missing", func(t *testing.T) {
		refused(t, resolve(t, Flags{Brokers: []string{broker}, Timeout: 5 * time.Second}), CauseNeedsSASL, "PLAIN", "none is configured")
	})
}
