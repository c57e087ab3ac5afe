package commands_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// login writes client properties and gives the flag that names them.
func login(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func plain(user, password string) []string {
	return []string{
		"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN",
		fmt.Sprintf(`sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="%s" password="%s";`, user, password),
	}
}

func TestASecuredBrokerThroughTheCommandLine(t *testing.T) {
	c := kafkatest.Secured(t)
	topic, group := c.Topic(t, 1), c.Name(t, "group")
	c.Commit(t, group, topic, map[int32]int64{0: 0})
	bob := login(t, plain(kafkatest.Bob, kafkatest.Password(kafkatest.Bob))...)
	sasl, tls := c.Listener(kafkatest.SASLPlaintext), c.Listener(kafkatest.TLS)

	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a user who sees nothing":     {[]string{"lag", "-b", sasl, "--command-config", bob}, 0, "no groups visible to this user"},
		"a group that is not his":     {[]string{"lag", "--group", group, "-b", sasl, "--command-config", bob}, 1, group},
		"a check of it":               {[]string{"lag", "check", "--group", group, "-b", sasl, "--command-config", bob}, 1, group},
		"a topic that is not his":     {[]string{"lag", "--topic", topic, "-b", sasl, "--command-config", bob}, 1, "not authorized for the topic"},
		"the wrong password":          {[]string{"lag", "-b", sasl, "--command-config", login(t, plain(kafkatest.Bob, "wrong")...)}, 1, "password"},
		"no login where one is asked": {[]string{"lag", "-b", sasl}, 1, "SASL"},
		"plain text to TLS":           {[]string{"lag", "-b", tls}, 1, "TLS"},
		"TLS to plain text":           {[]string{"lag", "-b", sasl, "-X", "security.protocol=SSL"}, 1, "TLS"},
		"the wrong CA": {[]string{"lag", "-b", tls, "-X", "security.protocol=SSL", "-X", "ssl.truststore.type=PEM",
			"-X", "ssl.truststore.location=" + c.OtherCAFile}, 1, "certificate"},
		"a password on the command line": {[]string{"lag", "-b", sasl, "-X", plain("bob", "x")[2]}, 2, "visible to other users"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, nil, append(test.args, "--timeout", "10s")...)
			if r.code != test.code || !strings.Contains(r.stderr, test.says) {
				t.Errorf("exit code %d, stderr %q; want %d and %q in it", r.code, r.stderr, test.code, test.says)
			}
			if r.took > 30*time.Second {
				t.Errorf("took %s", r.took)
			}
		})
	}

	c.Allow(t, "User:"+kafkatest.Bob, kmsg.ACLResourceTypeGroup, group, kmsg.ACLOperationDescribe)
	c.Allow(t, "User:"+kafkatest.Bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe)
	r := run(t, nil, "lag", "-b", sasl, "--command-config", bob)
	if r.code != 0 || !strings.Contains(r.stdout, group) || !strings.Contains(r.stderr, "1 group visible to this user") {
		t.Errorf("%+v, want the one group that bob may see, and that there may be others", r)
	}
}

func TestNamesThatWouldColourATerminalAreShownEscaped(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 1)
		group := c.Name(t, "g") + "\x1b[31m\u202ered"
		c.Commit(t, group, topic, map[int32]int64{0: 0})
		for _, form := range []string{"table", "wide", "csv", "json", "jsonl", "yaml"} {
			r := run(t, nil, "lag", "--group", group, "--by", "group", "-o", form, "-b", strings.Join(c.Brokers(), ","))
			if r.code != 0 || strings.ContainsAny(r.stdout+r.stderr, "\x1b\u202e") || !strings.Contains(r.stdout, "red") {
				t.Errorf("-o %s: exit code %d, %q %q; want the name, escaped", form, r.code, r.stdout, r.stderr)
			}
		}
	})
}
